/* machine.c - what programs may ask the kernel about the machine and their use of it: the same everywhere.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>

#include "tools/time/machine.h"

#define RSS_KB     16384L
#define USER_ID    1000         /* an ordinary user, and the group of that number */
#define NS_PER_TICK 10000000    /* of times(): USER_HZ is 100 */
#define HOST_NAME  "localhost"  /* it has an address everywhere */

struct rusage machine_usage(uint64_t ns)
{
    return (struct rusage){ .ru_utime = time_to_timeval(ns), .ru_maxrss = RSS_KB };
}

long call_getrusage(struct call *c)
{
    struct rusage *usage = (struct rusage *)c->arg[1];
    uint64_t ns;

    switch ((int)c->arg[0]) {
    case RUSAGE_SELF:
        ns = spin_of_process();
        break;
    case RUSAGE_THREAD:
        ns = spin_of_thread();
        break;
    case RUSAGE_CHILDREN:
        ns = 0;
        break;
    default:
        return -EINVAL;
    }
    *usage = machine_usage(ns);
    return 0;
}

/* Programs mix it into what they take for chance (OVS does). What they may do is up to the kernel. */
long call_user(struct call *c)
{
    (void)c;
    return USER_ID;
}

long call_times(struct call *c)
{
    if (c->arg[0])
        *(struct tms *)c->arg[0] = (struct tms){ .tms_utime = (clock_t)(spin_of_process() / NS_PER_TICK) };
    return (long)(time_now() / NS_PER_TICK);
}

long call_sysinfo(struct call *c)
{
    *(struct sysinfo *)c->arg[0] = (struct sysinfo){
        .uptime = (long)(time_now() / NS_PER_S),
        .totalram = MACHINE_RAM_BYTES,
        .freeram = MACHINE_FREE_BYTES,
        .procs = 1,
        .mem_unit = 1,
    };
    return 0;
}

/* The release stays: programs ask it what the kernel can do. */
long call_uname(struct call *c)
{
    struct utsname *name = (struct utsname *)c->arg[0];
    long r = call_native(c);

    if (!r)
        strcpy(name->nodename, HOST_NAME);
    return r;
}
