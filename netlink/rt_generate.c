/* rt_generate.c - headers of rtnetlink requests drawn by lot, and the kind of a new link.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <net/if.h>
#include <string.h>

#include "base/draw.h"
#include "netlink/rt_int.h"

#define PUT(out, header) g_byte_array_append(out, (const uint8_t *)&(header), sizeof(header))

static uint8_t draw_prefix_len(const struct draw *d)
{
    uint32_t bits = (uint32_t)(8 * rt_ip_len(d->ip_family));

    return (uint8_t)(draw_one_in(d, 2) ? bits : draw_number(d, bits));
}

void rt_draw_ifinfomsg(const struct draw *d, GByteArray *out)
{
    struct ifinfomsg h = {.ifi_index = (int)d->ifindex};

    if (draw_one_in(d, 2)) {
        h.ifi_flags = draw_one_in(d, 4) ? 0 : IFF_UP;
        h.ifi_change = IFF_UP;
    }
    PUT(out, h);
}

void rt_draw_ifaddrmsg(const struct draw *d, GByteArray *out)
{
    struct ifaddrmsg h = {
        .ifa_family = d->ip_family,
        .ifa_prefixlen = draw_prefix_len(d),
        .ifa_index = d->ifindex,
    };

    PUT(out, h);
}

void rt_draw_ndmsg(const struct draw *d, GByteArray *out)
{
    static const uint16_t states[] = {NUD_PERMANENT, NUD_REACHABLE, NUD_STALE, NUD_NOARP};
    struct ndmsg h = {
        .ndm_family = d->ip_family,
        .ndm_ifindex = (int)d->ifindex,
        .ndm_state = d->asks ? 0 : DRAW_OF(d, states),
    };

    PUT(out, h);
}

void rt_draw_rtmsg(const struct draw *d, GByteArray *out)
{
    struct rtmsg h = {
        .rtm_family = d->ip_family,
        .rtm_dst_len = (uint8_t)(8 * rt_ip_len(d->ip_family)),
    };

    if (!d->asks) {
        h.rtm_dst_len = draw_one_in(d, 8) ? draw_prefix_len(d) : h.rtm_dst_len;
        h.rtm_table = RT_TABLE_MAIN;
        h.rtm_protocol = RTPROT_STATIC;
        h.rtm_scope = RT_SCOPE_LINK;
        h.rtm_type = RTN_UNICAST;
    }
    PUT(out, h);
}

void rt_draw_fib_rule_hdr(const struct draw *d, GByteArray *out)
{
    struct fib_rule_hdr h = {
        .family = d->ip_family,
        .table = RT_TABLE_MAIN,
        .action = FR_ACT_TO_TBL,
    };

    PUT(out, h);
}

void rt_draw_rtgenmsg(const struct draw *d, GByteArray *out)
{
    struct rtgenmsg h = {.rtgen_family = AF_UNSPEC};

    (void)d;
    PUT(out, h);
}

void rt_draw_tcmsg(const struct draw *d, GByteArray *out)
{
    struct tcmsg h = {.tcm_ifindex = (int)d->ifindex};

    PUT(out, h);
}

void rt_draw_tcamsg(const struct draw *d, GByteArray *out)
{
    struct tcamsg h = {.tca_family = AF_UNSPEC};

    (void)d;
    PUT(out, h);
}

/* What every link takes. */
void rt_draw_mtu(const struct draw *d, GByteArray *out)
{
    uint32_t mtu = 1280 + draw_number(d, 220);

    PUT(out, mtu);
}

void rt_draw_table(const struct draw *d, GByteArray *out)
{
    uint32_t table = draw_one_in(d, 2) ? RT_TABLE_MAIN : 1 + draw_number(d, UINT32_MAX - 1);

    PUT(out, table);
}

/* Without its NUL, as iproute2 sends it; a link of its own, which needs no data. */
void rt_draw_kind(const struct draw *d, GByteArray *out)
{
    static const char *const kinds[] = {"dummy", "dummy", "veth"};
    const char *kind = DRAW_OF(d, kinds);

    g_byte_array_append(out, (const uint8_t *)kind, (guint)strlen(kind));
}
