/* proto_tcp.c - TCP: the states of a connection, by what each side sends. Catalogue 09.5; windows: proto_tcp_window.c.
 *
 * How it works: a table says which state follows for the kind of segment, its direction and the
 * state before it. Some next states ask for a closer look first (both: proto_tcp_state.c). What
 * passes must then fit the windows; only then state and timeout change.
 * SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>

#include "base/bytes.h"
#include "dp/ct/nat_id.h"
#include "dp/ct/proto_tcp.h"


enum { CT_TCP_RETRANS = CTA_TIMEOUT_TCP_RETRANS - 1, CT_TCP_UNACK = CTA_TIMEOUT_TCP_UNACK - 1 };

/* ---- segments -------------------------------------------------------------------------------- */

static uint8_t kind_of(uint8_t flags)
{
    if (flags & TCP_RST)
        return TCP_RST_SET;
    if (flags & TCP_SYN)
        return flags & TCP_ACK ? TCP_SYNACK_SET : TCP_SYN_SET;
    if (flags & TCP_FIN)
        return TCP_FIN_SET;
    return flags & TCP_ACK ? TCP_ACK_SET : TCP_NONE_SET;
}

/* Flags that a stack may send together; PSH, ECE and CWR never matter. */
static bool flags_are_valid(uint8_t flags)
{
    switch (flags & ~TCP_PSH) {
    case TCP_SYN:
    case TCP_SYN | TCP_URG:
    case TCP_SYN | TCP_ACK:
    case TCP_RST:
    case TCP_RST | TCP_ACK:
    case TCP_FIN | TCP_ACK:
    case TCP_FIN | TCP_ACK | TCP_URG:
    case TCP_ACK:
    case TCP_ACK | TCP_URG:
        return true;
    default:
        return false;
    }
}

/* Reads a segment. False: it is damaged. */
static bool tcp_read(const struct ct_table *t, const struct ct_ip *ip, struct tcp_seg *seg)
{
    const uint8_t *tcp = ct_ip_l4(ip);
    uint32_t len = ct_ip_l4_len(ip), header_len;

    if (len < TCP_HLEN)
        return false;
    header_len = (tcp[12] >> 4) * 4u;
    if (header_len < TCP_HLEN || len < header_len)
        return false;
    *seg = (struct tcp_seg){
        .options = tcp + TCP_HLEN,
        .n_options = header_len - TCP_HLEN,
        .seq = be32_get(tcp + 4),
        .ack = be32_get(tcp + 8),
        .win = be16_get(tcp + 14),
        .flags = tcp[13] & 0x3f,
        .kind = kind_of(tcp[13]),
    };
    seg->end = seg->seq + len - header_len + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);
    return (!t->sysctl.checksum || ct_ip_checksum_ok(ip)) && flags_are_valid(seg->flags);
}

/* ---- the first segment ----------------------------------------------------------------------- */

static bool tcp_new(struct ct_conn *c, const struct tcp_seg *seg)
{
    struct ct_tcp *tcp = &c->state.tcp;
    struct ct_tcp_side *side = &tcp->side[CT_ORIG];
    uint8_t state = tcp_first_state(seg);

    if (state == TCP_CONNTRACK_MAX ||
        (state != TCP_CONNTRACK_SYN_SENT && !c->table->sysctl.tcp_loose))
        return false;
    memset(tcp, 0, sizeof(*tcp));
    side->end = side->max_end = seg->end;
    side->max_win = seg->win ? seg->win : 1;
    if (state == TCP_CONNTRACK_SYN_SENT) {
        tcp_read_options(seg, side);
    } else {
        /* In the middle of a connection: nobody knows about SACK and scaling. */
        side->max_end += side->max_win;
        tcp->side[CT_ORIG].flags = tcp->side[CT_REPLY].flags =
            IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL;
    }
    tcp->last_index = TCP_NONE_SET;
    return true;
}

/* ---- a segment that fits, or does not -------------------------------------------------------- */

static uint32_t timeout_of(const uint32_t *seconds, unsigned state)
{
    return seconds[state - 1];      /* as CTA_TIMEOUT_TCP_* counts */
}

/* An RST or FIN out of the window, answered by the like: the connection is most likely dead, and does
 * not get days to live. */
static void note_unfit(struct ct_conn *c, const struct tcp_seg *seg)
{
    struct ct_tcp *tcp = &c->state.tcp;
    uint32_t left = ct_conn_left(c), unack = ct_timeouts_of(c)[CT_TCP_UNACK];

    if (!(c->status & IPS_ASSURED) || c->status & IPS_FIXED_TIMEOUT ||
        (seg->kind != TCP_RST_SET && seg->kind != TCP_FIN_SET))
        return;
    if (tcp->last_dir == seg->dir ||
        (tcp->last_index != TCP_FIN_SET && tcp->last_index != TCP_RST_SET)) {
        tcp->last_index = seg->kind;
        tcp->last_dir = (uint8_t)seg->dir;
    } else if (left >= 120 && left > unack) {
        ct_conn_refresh(c, unack);
    }
}

static uint32_t choose_timeout(const struct ct_conn *c, const struct tcp_seg *seg)
{
    const uint32_t *seconds = ct_timeouts_of(c);
    const struct ct_tcp *tcp = &c->state.tcp;
    uint32_t usual = timeout_of(seconds, tcp->state);
    bool has_unacked =
        (tcp->side[0].flags | tcp->side[1].flags) & IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;

    if (tcp->retrans >= c->table->sysctl.tcp_max_retrans && usual > seconds[CT_TCP_RETRANS])
        return seconds[CT_TCP_RETRANS];
    if (seg->kind == TCP_RST_SET)
        return timeout_of(seconds, TCP_CONNTRACK_CLOSE);
    if (has_unacked && usual > seconds[CT_TCP_UNACK])
        return seconds[CT_TCP_UNACK];
    if (tcp->last_win == 0 && usual > seconds[CT_TCP_RETRANS])
        return seconds[CT_TCP_RETRANS];
    return usual;
}

/* The connection before any answer. False: its timeout stays. */
static bool track_unreplied(const struct tcp_step *s, uint32_t *timeout)
{
    uint32_t unack = ct_timeouts_of(s->c)[CT_TCP_UNACK];

    if (s->seg->flags & TCP_RST) {
        ct_conn_delete(s->c);
        return false;
    }
    /* Whoever keeps trying must not keep the entry alive. */
    if (s->seg->kind == TCP_SYN_SET && s->old == TCP_CONNTRACK_SYN_SENT)
        return false;
    if (s->next == TCP_CONNTRACK_ESTABLISHED && *timeout > unack)
        *timeout = unack;
    return true;
}

/* An ACK after the handshake, or the answer to a connection that was picked up. */
static bool opens(const struct tcp_step *s)
{
    return s->next == TCP_CONNTRACK_ESTABLISHED &&
           (s->old == TCP_CONNTRACK_SYN_RECV || s->old == TCP_CONNTRACK_ESTABLISHED);
}

static void follow(struct tcp_step *s)
{
    struct ct_conn *c = s->c;
    struct ct_tcp *tcp = s->tcp;
    uint32_t timeout;

    tcp->last_index = s->seg->kind;
    tcp->last_dir = (uint8_t)s->seg->dir;
    tcp->state = s->next;
    if (s->old != s->next && s->next == TCP_CONNTRACK_FIN_WAIT)
        tcp->side[s->seg->dir].flags |= IP_CT_TCP_FLAG_CLOSE_INIT;
    timeout = choose_timeout(c, s->seg);
    if (s->old != s->next)
        ct_conn_event(c, IPCT_PROTOINFO);
    if (!(c->status & IPS_SEEN_REPLY)) {
        if (!track_unreplied(s, &timeout))
            return;
    } else if (opens(s)) {
        ct_conn_assure(c);
    }
    ct_conn_refresh(c, timeout);
}

static enum ct_verdict tcp_packet(struct ct_conn *c, const struct ct_ip *ip,
                                  enum ip_conntrack_info info)
{
    struct tcp_seg seg;
    struct tcp_step s = { .c = c, .tcp = &c->state.tcp, .seg = &seg };
    enum tcp_fit fits;

    if (!tcp_read(c->table, ip, &seg))
        return CT_INVALID;
    seg.dir = ct_info_dir(info);
    if (!ct_is_confirmed(c) && !tcp_new(c, &seg))
        return CT_INVALID;
    s.old = s.tcp->state;
    if (!tcp_next_state(&s))
        return s.verdict;
    fits = s.skips_window ? TCP_FITS : tcp_in_window(c, &seg);
    if (fits == TCP_UNFIT)
        note_unfit(c, &seg);
    else if (fits == TCP_FITS)
        follow(&s);
    return fits == TCP_UNFIT ? CT_INVALID : CT_ACCEPT;
}

static const struct ct_timeout_row timeouts[] = {
    { "tcp_timeout_syn_sent", 120 },
    { "tcp_timeout_syn_recv", 60 },
    { "tcp_timeout_established", 5 * 24 * 3600 },
    { "tcp_timeout_fin_wait", 120 },
    { "tcp_timeout_close_wait", 60 },
    { "tcp_timeout_last_ack", 30 },
    { "tcp_timeout_time_wait", 120 },
    { "tcp_timeout_close", 10 },
    { NULL, 120 },          /* SYN_SENT2 */
    [CT_TCP_RETRANS] = { "tcp_timeout_max_retrans", 300 },
    [CT_TCP_UNACK] = { "tcp_timeout_unacknowledged", 300 },
};
static_assert(G_N_ELEMENTS(timeouts) == CTA_TIMEOUT_TCP_MAX, "one row for each CTA_TIMEOUT_TCP_*");

const struct ct_proto ct_proto_tcp = {
    .number = IPPROTO_TCP,
    .name = "tcp",
    .tuple = ct_ports_of,
    .packet = tcp_packet,
    .can_drop = tcp_can_drop,
    .put_info = tcp_put_info,
    .set_info = tcp_set_info,
    .write_id = ct_nat_write_tcp,
    .has_id = true,
    .timeout = timeouts,
    .n_timeouts = G_N_ELEMENTS(timeouts),
};
