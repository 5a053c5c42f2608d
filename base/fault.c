/* fault.c - see fault.h. SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

int fault_set(const struct fault_point *point, struct err *e)
{
    return err_set(e, point->error, "fault %s: no %s", point->name, point->what);
}
