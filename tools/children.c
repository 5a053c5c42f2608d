/* children.c - see children.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/children.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "sim/kin.h"

void children_adopt(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void send_signal(void *signal, pid_t pid)
{
    (void)kill(pid, *(int *)signal);
}

void children_signal(int signal)
{
    struct kin *kin = kin_new();

    while (kin && !kin_look(kin, send_signal, &signal))
        ;
    kin_free(kin);
}
