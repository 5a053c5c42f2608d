/* reply_fault.c - see reply_fault.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/reply_fault.h"

#include <errno.h>

#include "base/err.h"

int reply_fault_add(struct sim *sim, const char *text, struct err *e)
{
    (void)sim;
    return err_set(e, ENOENT, "there is no fault reply:%s", text);
}
