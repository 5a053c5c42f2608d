/* vdso.c - the vDSO's functions become system calls.
 *
 * libc itself, and whoever else looks there, finds in it the functions that read the clock and make random bytes
 * without entering the kernel. Each is overwritten by the call that it stands for, which is then trapped
 * like any other. A kernel that seals these pages lets nobody write to them; clock.c serves by name even so.
 * SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "tools/time/time.h"

#define MACHINE_PAGE 4096UL

/* clang-format off */
static const struct vdso_row {
    const char *name;
    uint32_t nr;
} vdso_rows[] = {
    { "__vdso_clock_gettime", SYS_clock_gettime },
    { "__vdso_clock_getres",  SYS_clock_getres },
    { "__vdso_gettimeofday",  SYS_gettimeofday },
    { "__vdso_time",          SYS_time },
    { "__vdso_getcpu",        SYS_getcpu },
    { "__vdso_getrandom",     SYS_getrandom },
};
/* clang-format on */

/* mov $nr, %eax; syscall; ret: the arguments are where the kernel wants them. */
static void write_call(char *function, uint32_t nr)
{
    char code[] = "\xb8....\x0f\x05\xc3";

    memcpy(code + 1, &nr, sizeof(nr));
    memcpy(function, code, sizeof(code) - 1);
}

static void replace(char *function, uint32_t nr)
{
    char *from = (char *)((uintptr_t)function & ~(MACHINE_PAGE - 1));

    if (RAW(SYS_mprotect, from, 2 * MACHINE_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC)
        && RAW(SYS_mprotect, from, MACHINE_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC))
        return;
    write_call(function, nr);
    (void)RAW(SYS_mprotect, from, 2 * MACHINE_PAGE, PROT_READ | PROT_EXEC);
    (void)RAW(SYS_mprotect, from, MACHINE_PAGE, PROT_READ | PROT_EXEC);
}

static void replace_symbol(char *image, const Elf64_Sym *symbol, const char *names)
{
    for (size_t i = 0; i < ARRAY_SIZE(vdso_rows); i++) {
        if (symbol->st_value && !strcmp(names + symbol->st_name, vdso_rows[i].name))
            replace(image + symbol->st_value, vdso_rows[i].nr);
    }
}

void vdso_replace(void)
{
    char *image = (char *)getauxval(AT_SYSINFO_EHDR);
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)image;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + (image ? head->e_shoff : 0));

    for (int i = 0; image && i < head->e_shnum; i++) {
        const Elf64_Sym *symbols = (const Elf64_Sym *)(image + sections[i].sh_offset);

        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        for (size_t k = 0; k < sections[i].sh_size / sizeof(*symbols); k++)
            replace_symbol(image, &symbols[k], image + sections[sections[i].sh_link].sh_offset);
    }
}
