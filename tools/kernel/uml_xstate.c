/* uml_xstate.c - lets Linux 6.1's user-mode-linux run on processors with AMX (LD_PRELOAD).
 *
 * It keeps 2696 bytes of a process's extended registers, all there was before AMX. The host
 * takes nothing less than the whole state back (EFAULT), so what is missing is added
 * from what the process has.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <elf.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_STATE 32768         /* AMX: 11008 */

static long set_whole_state(long pid, const struct iovec *part)
{
    static unsigned char whole[MAX_STATE];      /* the stack of the caller is small: 8 KiB */
    struct iovec all = { whole, sizeof(whole) };

    if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &all) < 0)
        return -1;
    memcpy(whole, part->iov_base, part->iov_len < all.iov_len ? part->iov_len : all.iov_len);
    return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

/* Variadic in libc's header; here as the caller's registers are. */
long uml_ptrace(long request, long pid, void *addr, void *data) __asm__("ptrace");

long uml_ptrace(long request, long pid, void *addr, void *data)
{
    long word, rc;

    if (request == PTRACE_SETREGSET && addr == (void *)NT_X86_XSTATE)
        return set_whole_state(pid, data);
    if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA && request != PTRACE_PEEKUSER)
        return syscall(SYS_ptrace, request, pid, addr, data);
    rc = syscall(SYS_ptrace, request, pid, addr, &word);        /* libc's form of a peek */
    return rc < 0 ? rc : word;
}
