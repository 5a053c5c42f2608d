/* cmd_later.c - the ovs_meter and ovs_ct_limit families: they can be found and asked for their
 * policies, and answer every command with EOPNOTSUPP. Catalogue 01.2, 09, 10.
 *
 * Clients look both up when they start and take the refusal as "no meters", "no limits".
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/datapath.h"

static int refuse(struct req *req, struct err *e)
{
    return err_set(e, EOPNOTSUPP, "%s: not emulated yet", req->family->name);
}

/* clang-format off */
static const struct policy meter_policy[OVS_METER_ATTR_MAX + 1] = {
    [OVS_METER_ATTR_ID] = { POL_U32 },
    [OVS_METER_ATTR_KBPS] = { POL_FLAG },
    [OVS_METER_ATTR_STATS] = { POL_MIN_LEN, .len = sizeof(struct ovs_flow_stats) },
    [OVS_METER_ATTR_BANDS] = { POL_NESTED },
    [OVS_METER_ATTR_USED] = { POL_U64 },
    [OVS_METER_ATTR_CLEAR] = { POL_FLAG },
    [OVS_METER_ATTR_MAX_METERS] = { POL_U32 },
    [OVS_METER_ATTR_MAX_BANDS] = { POL_U32 },
};
static const struct policy ct_limit_policy[OVS_CT_LIMIT_ATTR_MAX + 1] = {
    [OVS_CT_LIMIT_ATTR_ZONE_LIMIT] = { POL_NESTED },
};
/* clang-format on */

static const struct genl_op meter_ops[] = {
    {.cmd = OVS_METER_CMD_FEATURES, .doit = refuse},
    {.cmd = OVS_METER_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = refuse},
    {.cmd = OVS_METER_CMD_GET, .doit = refuse},
    {.cmd = OVS_METER_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = refuse},
};

const struct family dp_meter_family = {
    .name = OVS_METER_FAMILY,
    .version = OVS_METER_VERSION,
    .hdrsize = sizeof(struct ovs_header),
    .max_attr = OVS_METER_ATTR_MAX,
    .policy = meter_policy,
    .op = meter_ops,
    .n_ops = G_N_ELEMENTS(meter_ops),
    .group = OVS_METER_MCGROUP,
    .n_legacy_cmds = OVS_METER_CMD_GET + 1,
};

static const struct genl_op ct_limit_ops[] = {
    {.cmd = OVS_CT_LIMIT_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = refuse},
    {.cmd = OVS_CT_LIMIT_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = refuse},
    {.cmd = OVS_CT_LIMIT_CMD_GET, .doit = refuse},
};

const struct family dp_ct_limit_family = {
    .name = OVS_CT_LIMIT_FAMILY,
    .version = OVS_CT_LIMIT_VERSION,
    .hdrsize = sizeof(struct ovs_header),
    .max_attr = OVS_CT_LIMIT_ATTR_MAX,
    .policy = ct_limit_policy,
    .op = ct_limit_ops,
    .n_ops = G_N_ELEMENTS(ct_limit_ops),
    .group = OVS_CT_LIMIT_MCGROUP,
    .n_legacy_cmds = OVS_CT_LIMIT_CMD_GET + 1,
};
