/* proto_gre.c - GRE, known by its addresses; PPTP's (version 1) by the call it is for, too.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "dp/ct/nat_id.h"
#include "dp/ct/proto_int.h"

#define GRE_VERSION_MASK 7u         /* in the second byte */
#define GRE_PPTP_LEN 8u
#define GRE_PPTP_TYPE 0x880bu
#define GRE_PPTP_CALL 6u

enum { GRE_UNREPLIED, GRE_REPLIED };

/* Keys of version 0 do not count: what is too short for one is a tunnel without id, too. */
static bool gre_tuple(const struct ct_ip *ip, struct ct_tuple *t)
{
    const uint8_t *gre = ct_ip_l4(ip);

    if (ct_ip_l4_len(ip) < GRE_PPTP_LEN || (gre[1] & GRE_VERSION_MASK) != 1)
        return true;
    if (be16_get(gre + 2) != GRE_PPTP_TYPE)
        return false;
    t->dst_id = be16_get(gre + GRE_PPTP_CALL);
    return true;
}

static enum ct_verdict gre_packet(struct ct_conn *c, const struct ct_ip *ip,
                                  enum ip_conntrack_info info)
{
    const uint32_t *seconds = ct_timeouts_of(c);
    struct ct_gre *gre = &c->state.gre;

    (void)ip;
    (void)info;
    if (!ct_is_confirmed(c)) {
        gre->timeout = seconds[GRE_UNREPLIED];
        gre->stream_timeout = seconds[GRE_REPLIED];
    }
    if (!(c->status & IPS_SEEN_REPLY)) {
        ct_conn_refresh(c, gre->timeout);
        return CT_ACCEPT;
    }
    ct_conn_refresh(c, gre->stream_timeout);
    ct_conn_assure(c);
    return CT_ACCEPT;
}

static const struct ct_timeout_row timeouts[] = {
    [GRE_UNREPLIED] = { "gre_timeout", 30 },
    [GRE_REPLIED] = { "gre_timeout_stream", 180 },
};

const struct ct_proto ct_proto_gre = {
    .number = IPPROTO_GRE,
    .name = "gre",
    .tuple = gre_tuple,
    .packet = gre_packet,
    .write_id = ct_nat_write_gre,
    .timeout = timeouts,
    .n_timeouts = G_N_ELEMENTS(timeouts),
};
