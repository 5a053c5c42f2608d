/* folder.c - see folder.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/folder.h"

#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *folder_list(const char *path)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    if (dir)
        g_dir_close(dir);
    g_ptr_array_sort(names, by_text);
    return names;
}

/* A link to a folder is none: it may lead anywhere. */
static bool is_folder(const char *path)
{
    GStatBuf st;

    return !g_lstat(path, &st) && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* 'below': what leads from the top to this folder, "" or ending with a slash. */
static void add_files(GPtrArray *files, const char *path, const char *below)
{
    GPtrArray *names = folder_list(path);

    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *sub = g_build_filename(path, name, NULL);
        g_autofree char *deeper = g_strconcat(below, name, "/", NULL);

        if (is_folder(sub))
            add_files(files, sub, deeper);
        else if (is_file(sub))
            g_ptr_array_add(files, g_strconcat(below, name, NULL));
    }
    g_ptr_array_free(names, TRUE);
}

GPtrArray *folder_files(const char *path)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);

    add_files(files, path, "");
    g_ptr_array_sort(files, by_text);
    return files;
}

static void sum_file(GChecksum *sum, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *bytes = NULL;
    g_autofree char *head = NULL;
    gsize len = 0;

    (void)g_file_get_contents(path, &bytes, &len, NULL);
    head = g_strdup_printf("%s\n%zu\n", name, len);
    g_checksum_update(sum, (const guchar *)head, -1);
    g_checksum_update(sum, (const guchar *)bytes, (gssize)len);
}

char *folder_digest(const char *path)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    GPtrArray *files = folder_files(path);
    char *text;

    for (guint i = 0; i < files->len; i++)
        sum_file(sum, path, g_ptr_array_index(files, i));
    text = g_strdup(g_checksum_get_string(sum));
    g_ptr_array_free(files, TRUE);
    g_checksum_free(sum);
    return text;
}

void folder_remove(const char *path)
{
    GPtrArray *names = folder_list(path);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *sub = g_build_filename(path, g_ptr_array_index(names, i), NULL);

        if (is_folder(sub))
            folder_remove(sub);
        else
            (void)g_remove(sub);
    }
    g_ptr_array_free(names, TRUE);
    (void)g_rmdir(path);
}

bool folder_copy_file(const char *from, const char *to)
{
    g_autofree char *folder = g_path_get_dirname(to);
    g_autofree char *bytes = NULL;
    gsize len;

    return !g_mkdir_with_parents(folder, 0777) && g_file_get_contents(from, &bytes, &len, NULL) &&
           g_file_set_contents(to, bytes, (gssize)len, NULL);
}

bool folder_copy(const char *from, const char *to)
{
    GPtrArray *files = folder_files(from);
    bool is_done = true;

    for (guint i = 0; i < files->len; i++) {
        g_autofree char *a = g_build_filename(from, g_ptr_array_index(files, i), NULL);
        g_autofree char *b = g_build_filename(to, g_ptr_array_index(files, i), NULL);

        is_done = folder_copy_file(a, b) && is_done;
    }
    g_ptr_array_free(files, TRUE);
    return is_done;
}
