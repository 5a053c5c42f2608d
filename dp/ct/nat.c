/* nat.c - sets up the translation of a connection, once for each end. Catalogue 09.6.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "dp/ct/nat_int.h"

/* Status bits of each manipulation. */
static const struct {
    uint32_t is_changed, is_done;
} manip_status[] = {
    [CT_MANIP_SRC] = { IPS_SRC_NAT, IPS_SRC_NAT_DONE },
    [CT_MANIP_DST] = { IPS_DST_NAT, IPS_DST_NAT_DONE },
};

bool ct_nat_is_done(const struct ct_conn *c, enum ct_manip manip)
{
    return c->status & manip_status[manip].is_done;
}

int ct_nat_setup(struct ct_conn *c, const struct ct_nat_range *range, enum ct_manip manip)
{
    struct ct_tuple now, to;

    if (ct_is_confirmed(c))
        return 0;
    if (ct_nat_is_done(c, manip))
        return -EINVAL;
    /* What it looks like after the other manipulation, if that was first. */
    (void)ct_tuple_invert(&now, &c->dir[CT_REPLY].tuple);
    to = ct_nat_unique(c, &now, range, manip);
    if (!ct_tuple_equal(&to, &now)) {
        (void)ct_tuple_invert(&c->dir[CT_REPLY].tuple, &to);
        c->status |= manip_status[manip].is_changed;
        ct_trace(c->table, "nf_nat_setup_info", &to);
    }
    if (manip == CT_MANIP_SRC)
        ct_nat_source_add(c);
    c->status |= manip_status[manip].is_done;
    return 0;
}

int ct_nat_null_binding(struct ct_conn *c, enum ct_manip manip)
{
    const struct ct_tuple *reply = &c->dir[CT_REPLY].tuple;
    struct ct_addr addr = manip == CT_MANIP_SRC ? reply->dst : reply->src;
    struct ct_nat_range range = {
        .flags = NF_NAT_RANGE_MAP_IPS, .min_addr = addr, .max_addr = addr,
    };

    return ct_nat_setup(c, &range, manip);
}

bool ct_nat_applies(const struct ct_conn *c, unsigned dir, enum ct_manip manip)
{
    /* What leaves for one end comes back from it. */
    return c->status & manip_status[dir == CT_REPLY ? ct_manip_other(manip) : manip].is_changed;
}
