/* machine.h - the machine that programs believe to be on. SPDX-License-Identifier: Apache-2.0 */
#ifndef MACHINE_H
#define MACHINE_H

#include <sys/resource.h>

#include "tools/time/clock.h"

#define MACHINE_RAM_BYTES  (UINT64_C(4) << 30)
#define MACHINE_FREE_BYTES (MACHINE_RAM_BYTES / 2)

/* What a process or thread has used that has spent so much CPU time. */
struct rusage machine_usage(uint64_t ns);

#endif
