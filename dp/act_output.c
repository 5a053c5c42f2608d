/* act_output.c - output to a port. Catalogue 07.5, 03.12. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>

#include "base/draw.h"
#include "dp/act_rows.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

static int output_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    uint32_t port = mnl_attr_get_u32(a);

    if (port >= DP_MAX_PORT)
        return err_set(e, EINVAL, "output: port %u is not below %u", port, DP_MAX_PORT);
    attr_put(at->out, OVS_ACTION_ATTR_OUTPUT, &port, sizeof(port));
    return 0;
}

static int output_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    struct pkt *p = is_last ? pkt_take(&run->pkt) : dp_copy(dp_world_of(run->dp), run->pkt, DP_FAULT_OUTPUT_CLONE);

    if (p)
        dp_output(run->dp, mnl_attr_get_u32(a), p, run->key);
    if (run->pkt)
        run->pkt->max_len = PKT_NO_CUT;
    return 0;
}

static bool output_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint32_t port = draw_one_in(d, 16) ? draw_number(d, DP_MAX_PORT - 1) : draw_below(d, d->n_ports);

    (void)at;
    g_byte_array_append(out, (const uint8_t *)&port, sizeof(port));
    return true;
}

const struct act act_output = {
    .uapi = "OVS_ACTION_ATTR_OUTPUT",
    .name = "",
    .len = sizeof(uint32_t),
    .flags = ACT_KEEPS_KEY,
    .check = output_check,
    .run = output_run,
    .generate = output_generate,
    .format = act_output_format,
    .scan = act_output_scan,
};
