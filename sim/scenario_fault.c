/* scenario_fault.c - the scenario command about faults: see fault.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/fault.h"
#include "sim/scenario_int.h"

#define FAULT_ROOM 128

int scn_fault(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    char text[FAULT_ROOM];
    int r;

    (void)out;
    if ((r = scn_word(args, "a fault's name", text, sizeof(text), e)) || (r = scn_end(args, e)))
        return r;
    return fault_add(scn->sim, text, e);
}
