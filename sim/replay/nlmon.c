/* nlmon.c - see nlmon.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/replay/nlmon.h"
#include <errno.h>
int nlmon_prepare(struct player *p, struct err *e)
{
    return err_set(e, ENOTSUP, "%s: no events", p->tape->path);
}
