/* stub.h - what is written in assembly. SPDX-License-Identifier: Apache-2.0 */
#ifndef STUB_H
#define STUB_H

#include "tools/time/time.h"

/* System calls from here are not trapped. */
extern const char __start_stub[] __attribute__((visibility("hidden")));
extern const char __stop_stub[] __attribute__((visibility("hidden")));

/* What a handler of SIGSYS returns to. */
void stub_sigreturn(void);
/* Returns from the signal frame that ends at 'sp', throwing away what is above it. */
_Noreturn void stub_leave(unsigned long sp);

/* A clone whose child begins on another stack. */
struct birth {
    struct call call;           /* nr and arguments first: stub.c knows */
    _Atomic uint32_t is_born;   /* the child needs nothing of this any more */
    uint32_t proc, thread;      /* of the child; thread VTIME_NONE: it stays out of the token's way */
    bool is_process;
};

/* The registers that a child starts with, as stub.c takes them. */
struct birth_regs {
    uint64_t r15, r14, r13, r12, r10, r9, r8, rbp, rdi, rsi, rdx, rbx, rcx, rip;
};

long stub_clone(struct birth *birth);
void birth_child(struct birth *birth, struct birth_regs *regs);

#endif
