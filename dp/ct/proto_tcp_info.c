/* proto_tcp_info.c - the state of a TCP connection in ctnetlink: CTA_PROTOINFO_TCP.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "dp/ct/proto_int.h"
#include "dp/ct/proto_tcp.h"

#define SCALE_MOST 14

static void put_flags(struct nlmsghdr *msg, uint16_t type, const struct ct_tcp_side *side)
{
    struct nf_ct_tcp_flags flags = { .flags = side->flags };

    mnl_attr_put(msg, type, sizeof(flags), &flags);
}

void tcp_put_info(struct nlmsghdr *msg, const struct ct_conn *c)
{
    const struct ct_tcp *tcp = &c->state.tcp;
    struct nlattr *info = mnl_attr_nest_start(msg, CTA_PROTOINFO);
    struct nlattr *nest = mnl_attr_nest_start(msg, CTA_PROTOINFO_TCP);

    mnl_attr_put_u8(msg, CTA_PROTOINFO_TCP_STATE, tcp->state);
    if (!ct_is_dying(c)) {
        mnl_attr_put_u8(msg, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, tcp->side[CT_ORIG].scale);
        mnl_attr_put_u8(msg, CTA_PROTOINFO_TCP_WSCALE_REPLY, tcp->side[CT_REPLY].scale);
        put_flags(msg, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, &tcp->side[CT_ORIG]);
        put_flags(msg, CTA_PROTOINFO_TCP_FLAGS_REPLY, &tcp->side[CT_REPLY]);
    }
    mnl_attr_nest_end(msg, nest);
    mnl_attr_nest_end(msg, info);
}

static void set_flags(struct ct_tcp_side *side, const struct nlattr *a)
{
    struct nf_ct_tcp_flags f;

    if (!a)
        return;
    memcpy(&f, mnl_attr_get_payload(a), sizeof(f));
    side->flags = (uint8_t)((side->flags & ~f.mask) | (f.flags & f.mask));
}

int tcp_set_info(struct ct_conn *c, const struct nlattr *info, struct err *e)
{
    static const struct policy rows[CTA_PROTOINFO_TCP_MAX + 1] = {
        [CTA_PROTOINFO_TCP_STATE] = { POL_U8, 0, true, 0, TCP_CONNTRACK_MAX - 1 },
        [CTA_PROTOINFO_TCP_WSCALE_ORIGINAL] = { POL_U8, 0, true, 0, SCALE_MOST },
        [CTA_PROTOINFO_TCP_WSCALE_REPLY] = { POL_U8, 0, true, 0, SCALE_MOST },
        [CTA_PROTOINFO_TCP_FLAGS_ORIGINAL] = { POL_MIN_LEN, sizeof(struct nf_ct_tcp_flags) },
        [CTA_PROTOINFO_TCP_FLAGS_REPLY] = { POL_MIN_LEN, sizeof(struct nf_ct_tcp_flags) },
    };
    const struct nlattr *a[CTA_PROTOINFO_TCP_MAX + 1], *state, *scale[CT_N_DIRS];
    struct ct_tcp_side *side = c->state.tcp.side;
    int r = ct_info_parse(info, CTA_PROTOINFO_TCP, rows, CTA_PROTOINFO_TCP_MAX, a, e);

    if (r <= 0)
        return r;
    state = a[CTA_PROTOINFO_TCP_STATE];
    if (state)
        c->state.tcp.state = mnl_attr_get_u8(state);
    set_flags(&side[CT_ORIG], a[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL]);
    set_flags(&side[CT_REPLY], a[CTA_PROTOINFO_TCP_FLAGS_REPLY]);
    scale[CT_ORIG] = a[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL];
    scale[CT_REPLY] = a[CTA_PROTOINFO_TCP_WSCALE_REPLY];
    if (scale[CT_ORIG] && scale[CT_REPLY] &&
        side[CT_ORIG].flags & side[CT_REPLY].flags & IP_CT_TCP_FLAG_WINDOW_SCALE) {
        side[CT_ORIG].scale = mnl_attr_get_u8(scale[CT_ORIG]);
        side[CT_REPLY].scale = mnl_attr_get_u8(scale[CT_REPLY]);
    }
    return 0;
}
