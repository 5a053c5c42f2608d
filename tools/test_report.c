/* test_report.c - see test_report.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/test_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ERASE_LINE "\r\033[K"

struct test_result *test_result_new(const char *path)
{
    struct test_result *t = g_new0(struct test_result, 1);

    t->path = g_strdup(path);
    t->name = g_path_get_basename(path);
    t->text = g_string_new(NULL);
    return t;
}

void test_result_free(gpointer result)
{
    struct test_result *t = result;

    g_free(t->path);
    g_free(t->name);
    g_free(t->failure);
    g_free(t->digest);
    g_string_free(t->text, TRUE);
    g_free(t);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_text(const struct test_result *t)
{
    if (t->has_passed)
        printf("ok %s", t->name);
    else
        printf("FAILED %s: %s", t->name, t->failure);
    printf("%s%s\n%s", t->digest ? " sha256=" : "", t->digest ? t->digest : "", t->text->str);
}

/* TAP's comments: each line begins with "# ". */
static void print_comments(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++)
        if (**line || line[1])
            printf("# %s\n", *line);
}

static void print_tap(const struct test_report *r, const struct test_result *t)
{
    printf("%sok %u - %s\n", t->has_passed ? "" : "not ", r->n_told, t->name);
    if (!t->has_passed)
        print_comments(t->failure);
    if (t->digest)
        printf("# sha256=%s\n", t->digest);
    print_comments(t->text->str);
}

void test_report_begin(const struct test_report *r)
{
    if (r->has_tap)
        printf("TAP version 13\n1..%u\n", r->results->len);
}

void test_report_more(struct test_report *r)
{
    while (r->n_told < r->results->len) {
        const struct test_result *t = g_ptr_array_index(r->results, r->n_told);

        if (!t->is_over)
            break;
        r->n_told++;
        r->n_failed += !t->has_passed;
        test_report_no_progress();
        if (r->has_tap)
            print_tap(r, t);
        else
            print_text(t);
    }
    (void)fflush(stdout);
}

void test_report_end(const struct test_report *r)
{
    if (!r->has_tap)
        printf("%u passed, %u failed\n", r->n_told - r->n_failed, r->n_failed);
}

/* ---- progress -------------------------------------------------------------------------------- */

void test_report_progress(const struct test_report *r, guint n_over)
{
    const struct test_result *t;

    if (!isatty(STDERR_FILENO) || r->n_told == r->results->len)
        return;
    t = g_ptr_array_index(r->results, r->n_told);
    fprintf(stderr, ERASE_LINE "%u of %u tests, %u failed; running: %s", n_over, r->results->len,
            r->n_failed, t->name);
}

void test_report_no_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputs(ERASE_LINE, stderr);
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

static void put_case(GString *xml, const struct test_result *t)
{
    g_autofree char *folder = g_path_get_dirname(t->path);
    g_autofree char *head = g_markup_printf_escaped("  <testcase classname=\"%s\" name=\"%s\"", folder,
                                                    t->name);
    g_autofree char *failure = t->has_passed ? NULL
        : g_markup_printf_escaped(">\n    <failure message=\"%s\">%s</failure>\n  </testcase>\n",
                                  t->failure, t->text->str);

    g_string_append_printf(xml, "%s%s", head, failure ? failure : "/>\n");
}

int test_report_junit(const struct test_report *r, const char *path, struct err *e)
{
    GString *xml = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    GError *error = NULL;

    g_string_append_printf(xml, "<testsuite name=\"dpsim\" tests=\"%u\" failures=\"%u\" errors=\"0\">\n",
                           r->n_told, r->n_failed);
    for (guint i = 0; i < r->n_told; i++)
        put_case(xml, g_ptr_array_index(r->results, i));
    g_string_append(xml, "</testsuite>\n");
    if (!g_file_set_contents(path, xml->str, (gssize)xml->len, &error))
        (void)err_set(e, EIO, "%s", error->message);
    g_string_free(xml, TRUE);
    if (!error)
        return 0;
    g_error_free(error);
    return -EIO;
}
