/* guard.c - see guard.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/guard.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

#define X32_CALLS     0x40000000    /* x86: numbers of a second set of system calls */
#define LAST_IF_IOCTL 0x89ff        /* SIOCADDRT..this: routes, devices, and what drivers add */

#define LOAD(member)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF(test, value)       BPF_JUMP(BPF_JMP | (test) | BPF_K, value, 0, 1),
#define UNLESS(test, value)   BPF_JUMP(BPF_JMP | (test) | BPF_K, value, 1, 0),
#define SKIP_UNLESS(test, value, n) BPF_JUMP(BPF_JMP | (test) | BPF_K, value, 0, n)
#define REFUSE(err)   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (err))
#define ALLOW         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

#ifdef NATIVE_ARCH
int guard_on(void)
{
    /* Of arguments the low half is loaded (little-endian): the kernel looks at no more of these. */
    static const struct sock_filter code[] = {
        LOAD(arch),
        UNLESS(BPF_JEQ, NATIVE_ARCH)    REFUSE(ENOSYS),     /* 32-bit: no library for them */
        LOAD(nr),
        IF(BPF_JGE, X32_CALLS)          REFUSE(ENOSYS),

        SKIP_UNLESS(BPF_JEQ, SYS_ioctl, 6),
        LOAD(args[1]),                                      /* fd, command, argument */
        UNLESS(BPF_JGE, SIOCADDRT)      ALLOW,
        UNLESS(BPF_JGT, LAST_IF_IOCTL)  REFUSE(ENODEV),
        ALLOW,

        UNLESS(BPF_JEQ, SYS_socket)     ALLOW,
        LOAD(args[0]),                                      /* domain, type, protocol */
        IF(BPF_JEQ, AF_PACKET)          REFUSE(EAFNOSUPPORT),
        UNLESS(BPF_JEQ, AF_NETLINK)     ALLOW,
        LOAD(args[2]),
        IF(BPF_JEQ, NETLINK_ROUTE)      REFUSE(EAFNOSUPPORT),
        IF(BPF_JEQ, NETLINK_NETFILTER)  REFUSE(EAFNOSUPPORT),
        IF(BPF_JEQ, NETLINK_GENERIC)    REFUSE(EAFNOSUPPORT),
        ALLOW,
    };
    const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]),
                                        .filter = (struct sock_filter *)(uintptr_t)code };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        return -errno;
    return 0;
}
#else
int guard_on(void)
{
    return -ENOSYS;
}
#endif
