/* proto_table.c - the list of trackers, and the timeouts of their rows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/proto.h"
#include "dp/ct/timeout.h"

const struct ct_proto *const ct_protos[N_CT_PROTOS] = {
    &ct_proto_tcp,  &ct_proto_udp, &ct_proto_icmp,    &ct_proto_icmp6,   &ct_proto_sctp,
    &ct_proto_dccp, &ct_proto_gre, &ct_proto_udplite, &ct_proto_generic,
};

const struct ct_proto *ct_proto_of(uint8_t number)
{
    for (size_t i = 0; i < N_CT_PROTOS - 1; i++)
        if (ct_protos[i]->number == number)
            return ct_protos[i];
    return &ct_proto_generic;
}

/* ---- timeouts --------------------------------------------------------------------------------- */

/* Where a row's timeouts start among all; rows that share a list share the place. */
static size_t timeouts_at(const struct ct_proto *wanted)
{
    size_t at = 0;

    for (size_t i = 0; ct_protos[i]->timeout != wanted->timeout; i++)
        at += ct_protos[i]->n_timeouts;
    return at;
}

static void fill_defaults(struct ct_table *t)
{
    size_t n = timeouts_at(&ct_proto_generic) + ct_proto_generic.n_timeouts;

    t->seconds = g_new0(uint32_t, n);
    for (size_t i = 0; i < N_CT_PROTOS; i++) {
        uint32_t *at = t->seconds + timeouts_at(ct_protos[i]);

        for (size_t k = 0; k < ct_protos[i]->n_timeouts; k++)
            at[k] = ct_protos[i]->timeout[k].seconds;
    }
}

uint32_t *ct_default_timeouts(struct ct_table *t, const struct ct_proto *proto)
{
    if (!t->seconds)
        fill_defaults(t);
    return t->seconds + timeouts_at(proto);
}

const uint32_t *ct_timeouts_of(const struct ct_conn *c)
{
    return c->timeout ? c->timeout->seconds : ct_default_timeouts(c->table, c->proto);
}
