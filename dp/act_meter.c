/* act_meter.c - meter: drops what exceeds a rate. A meter that does not exist lets everything pass.
 *
 * Catalogue 07.5, 10.4. SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>

#include "dp/act_rows.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

static int meter_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    struct dp_world *w = dp_world_of(run->dp);
    struct meter *m = meter_find(&run->dp->meters, mnl_attr_get_u32(a));

    (void)is_last;
    if (!m || !meter_exceeds(m, run->pkt->len, w->env->now(w->env->ctx) / 1000000))
        return 0;
    dp_drop(w, pkt_take(&run->pkt), DROP_METER);
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
