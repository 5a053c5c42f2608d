/* program.c - see program.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/program.h"

#include <elf.h>
#include <errno.h>
#include <glib.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

struct image {
    const char *bytes;
    size_t len;
};

static bool read_at(const struct image *image, size_t at, void *to, size_t len)
{
    if (at > image->len || len > image->len - at)
        return false;
    memcpy(to, image->bytes + at, len);
    return true;
}

/* Is there a program interpreter, the loader of libraries? */
static bool has_interpreter(const struct image *image, const ElfW(Ehdr) *header)
{
    ElfW(Phdr) segment;

    for (size_t i = 0; i < header->e_phnum; i++) {
        if (!read_at(image, header->e_phoff + i * header->e_phentsize, &segment, sizeof(segment)))
            return false;
        if (segment.p_type == PT_INTERP)
            return true;
    }
    return false;
}

/* Our own header; the linker defines it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static bool is_of_this_machine(const ElfW(Ehdr) *header)
{
    return header->e_ident[EI_CLASS] == __ehdr_start.e_ident[EI_CLASS]
           && header->e_ident[EI_DATA] == __ehdr_start.e_ident[EI_DATA]
           && header->e_machine == __ehdr_start.e_machine;
}

/* What is wrong with it, NULL: nothing. */
static const char *find_fault(const struct image *image)
{
    ElfW(Ehdr) header = { 0 };

    if (!read_at(image, 0, &header, EI_NIDENT) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return NULL;
    (void)read_at(image, 0, &header, sizeof(header));
    if (!is_of_this_machine(&header))
        return "is a program for another kind of machine than the preload library";
    return has_interpreter(image, &header) ? NULL : "is statically linked";
}

int program_check(const char *name, struct err *e)
{
    g_autofree char *path = g_find_program_in_path(name);
    GMappedFile *file = path ? g_mapped_file_new(path, FALSE, NULL) : NULL;
    struct image image;
    const char *fault;

    if (!file)
        return 0;
    image = (struct image){ g_mapped_file_get_contents(file), g_mapped_file_get_length(file) };
    fault = find_fault(&image);
    g_mapped_file_unref(file);
    if (!fault)
        return 0;
    return err_set(e, ENOEXEC, "%s %s: it cannot load the preload library and would not see the "
                   "simulator; --allow-static runs it all the same, without a network", path, fault);
}
