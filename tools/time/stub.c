/* stub.c - the only place that system calls are made from: Syscall User Dispatch lets this section pass.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/time/stub.h"

/* raw_call(nr, a, b, c, d, e, f): the C arguments are shifted by one against the kernel's, the seventh is on
 * the stack. stub_sigreturn: what a SIGSYS handler returns to. stub_leave(sp): throws away everything above
 * a signal frame and returns from that. */
__asm__(
    ".pushsection stub, \"ax\", @progbits\n"
    ".globl raw_call\n.hidden raw_call\n.type raw_call, @function\n"
    "raw_call:\n"
    "   mov %rdi, %rax\n"
    "   mov %rsi, %rdi\n"
    "   mov %rdx, %rsi\n"
    "   mov %rcx, %rdx\n"
    "   mov %r8, %r10\n"
    "   mov %r9, %r8\n"
    "   mov 8(%rsp), %r9\n"
    "   syscall\n"
    "   ret\n"
    ".size raw_call, . - raw_call\n"

    ".globl stub_sigreturn\n.hidden stub_sigreturn\n.type stub_sigreturn, @function\n"
    "stub_sigreturn:\n"
    "   mov $15, %eax\n"
    "   syscall\n"
    "   hlt\n"
    ".size stub_sigreturn, . - stub_sigreturn\n"

    ".globl stub_leave\n.hidden stub_leave\n.type stub_leave, @function\n"
    "stub_leave:\n"
    "   mov %rdi, %rsp\n"
    "   mov $15, %eax\n"
    "   syscall\n"
    "   hlt\n"
    ".size stub_leave, . - stub_leave\n"
    ".popsection\n");
