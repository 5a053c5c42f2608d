/* act_meter.c - meter: limits the rate. A meter that does not exist lets everything pass, and as
 * long as OVS_METER_CMD_SET is refused none exists. Catalogue 07.1, 10.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>

#include "base/wire.h"
#include "dp/act_rows.h"

static int meter_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    (void)run, (void)a, (void)is_last;
    return 0;
}

const struct act act_meter = {
    .uapi = "OVS_ACTION_ATTR_METER",
    .name = "meter",
    .len = sizeof(uint32_t),
    .since = KVER(4, 15),
    .field = (const struct key_field[]){{.name = "", .wire = &wire_u32, .wire_size = 4, .key_size = 4}},
    .n_fields = 1,
    .run = meter_run,
};
