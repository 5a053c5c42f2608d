/* page.c - what this process and thread are to the others. SPDX-License-Identifier: Apache-2.0 */
#include "tools/time/core.h"

struct vtime_page *page;
uint32_t my_proc = VTIME_NONE;
__thread uint32_t my_thread = VTIME_NONE;

int time_vpid(void)
{
    return my_process()->vpid;
}

unsigned time_cpu(void)
{
    return page->n_cpus ? my_thread % page->n_cpus : 0;
}

int pid_real(int vpid)
{
    return vpid < -1 ? -vtime_pid_real(page, -vpid) : vtime_pid_real(page, vpid);
}

int pid_virtual(int pid)
{
    return vtime_pid_virtual(page, pid);
}
