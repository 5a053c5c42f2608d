/* stub.h - what is written in assembly. SPDX-License-Identifier: Apache-2.0 */
#ifndef STUB_H
#define STUB_H

#include "tools/time/time.h"

extern const char __start_stub[] __attribute__((visibility("hidden")));
extern const char __stop_stub[] __attribute__((visibility("hidden")));

void stub_sigreturn(void);
_Noreturn void stub_leave(unsigned long sp);

#endif
