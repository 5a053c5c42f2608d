/* descriptors.c - see descriptors.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/descriptors.h"

#include <stdbool.h>
#include <sys/resource.h>

static struct rlimit found;
static bool is_raised;

void descriptors_take_all(void)
{
    struct rlimit all;

    if (is_raised || getrlimit(RLIMIT_NOFILE, &found))
        return;
    all = (struct rlimit){ .rlim_cur = found.rlim_max, .rlim_max = found.rlim_max };
    is_raised = !setrlimit(RLIMIT_NOFILE, &all);
}

void descriptors_restore(void)
{
    if (is_raised)
        (void)setrlimit(RLIMIT_NOFILE, &found);
}
