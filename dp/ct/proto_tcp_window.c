/* proto_tcp_window.c - TCP's windows as a tracker in the middle sees them: which numbers are plausible.
 *
 * How it works: for each side 'end' is the highest sequence number it has sent, 'max_win' the widest window
 * it has offered and 'max_end' how far the other's offers allow it to send. A segment must begin
 * at or below max_end, end above what the receiver can have in its window, and acknowledge neither
 * what was never sent nor what is long past (van Rooij, "Real stateful TCP packet filtering").
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/tcp.h>

#include "base/bytes.h"
#include "dp/ct/nat.h"
#include "dp/ct/proto_tcp.h"

#define MAX_ACK_WINDOW 66000u   /* how late an ACK may be at least: MAXACKWINCONST */
#define SACK_BLOCK 8u

/* One option at *p: its kind and, in 'body', what follows the length. */
struct tcp_option {
    uint8_t kind;
    const uint8_t *body;
    uint32_t len;           /* of body */
};

/* Takes the next option of 'left' bytes at *p. False: there is none, or it is cut off. */
static bool next_option(const uint8_t **p, uint32_t *left, struct tcp_option *o)
{
    while (*left && **p == TCPOPT_NOP) {
        (*p)++;
        (*left)--;
    }
    if (*left < 2 || **p == TCPOPT_EOL || (*p)[1] < 2 || (*p)[1] > *left)
        return false;
    *o = (struct tcp_option){ .kind = (*p)[0], .body = *p + 2, .len = (*p)[1] - 2u };
    *left -= (*p)[1];
    *p += (*p)[1];
    return true;
}

void tcp_read_options(const struct tcp_seg *seg, struct ct_tcp_side *side)
{
    const uint8_t *p = seg->options;
    uint32_t left = seg->n_options;
    struct tcp_option o;

    if (!left)
        return;
    side->scale = 0;
    side->flags &= IP_CT_TCP_FLAG_BE_LIBERAL;
    while (next_option(&p, &left, &o)) {
        if (o.kind == TCPOPT_SACK_PERMITTED && o.len == TCPOLEN_SACK_PERMITTED - 2) {
            side->flags |= IP_CT_TCP_FLAG_SACK_PERM;
        } else if (o.kind == TCPOPT_WINDOW && o.len == TCPOLEN_WINDOW - 2) {
            side->scale = MIN(*o.body, TCP_MAX_WINSHIFT);
            side->flags |= IP_CT_TCP_FLAG_WINDOW_SCALE;
        }
    }
}

/* The highest number that the segment acknowledges, selectively or not. */
static uint32_t highest_sack(const struct tcp_seg *seg)
{
    const uint8_t *p = seg->options;
    uint32_t left = seg->n_options, highest = seg->ack, at, right;
    struct tcp_option o;

    while (next_option(&p, &left, &o)) {
        if (o.kind != TCPOPT_SACK || !o.len || o.len % SACK_BLOCK)
            continue;
        for (at = 0; at < o.len; at += SACK_BLOCK) {
            right = be32_get(o.body + at + 4);
            if (tcp_after(right, highest))
                highest = right;
        }
        break;
    }
    return highest;
}

/* The numbers of a segment as they are compared. */
struct numbers {
    uint32_t seq, end, ack, sack;
    uint32_t win;           /* scaled, once it is known by what */
    struct ct_tcp_side *from, *to;
};

/* The first SYN, or SYN+ACK, of a side. */
static void begin_side(const struct tcp_seg *seg, struct ct_tcp_side *from, struct ct_tcp_side *to)
{
    from->end = from->max_end = seg->end;
    from->max_win = seg->win ? seg->win : 1;
    tcp_read_options(seg, from);
    if (seg->dir == CT_REPLY && !(from->flags & to->flags & IP_CT_TCP_FLAG_WINDOW_SCALE))
        from->scale = to->scale = 0;
}

/* A side first seen in the middle of a connection. */
static void guess_side(struct numbers *n)
{
    uint32_t win = n->win << n->from->scale;

    n->from->end = n->end;
    n->from->max_win = win ? win : 1;
    n->from->max_end = n->end + n->from->max_win;
    if (!n->to->max_win)
        n->to->end = n->to->max_end = n->sack;
    else if (n->sack == n->to->end + 1)
        n->to->end++;       /* probably the answer to a keepalive */
}

/* Learns about the sender from this segment if nothing is known, or if it begins anew. True: it is the other
 * SYN of a simultaneous open, of which there is no more to check. */
static bool learn_sender(const struct ct_tcp *tcp, const struct tcp_seg *seg, struct numbers *n)
{
    bool is_syn = seg->flags & TCP_SYN, has_ack = seg->flags & TCP_ACK;
    bool opens = tcp->state == TCP_CONNTRACK_SYN_SENT || tcp->state == TCP_CONNTRACK_SYN_RECV;

    if (!n->from->max_win && !is_syn) {
        guess_side(n);
        return false;
    }
    if (!n->from->max_win) {
        begin_side(seg, n->from, n->to);
        return !has_ack;
    }
    if (!is_syn || !opens || !tcp_after(n->end, n->from->end))
        return false;
    begin_side(seg, n->from, n->to);
    return seg->dir == CT_REPLY && !has_ack;
}

/* Segments that say less than they should: no ACK, an RST with ACK 0 or from a stack that never saw a SYN. */
static void fill_in(const struct ct_tcp *tcp, const struct tcp_seg *seg, struct numbers *n)
{
    bool is_rst = seg->flags & TCP_RST;

    if (!(seg->flags & TCP_ACK) || (is_rst && n->ack == 0))
        n->ack = n->sack = n->to->end;
    if (is_rst && n->seq == 0 && tcp->state == TCP_CONNTRACK_SYN_SENT)
        n->seq = n->end = n->from->end;
}

static uint32_t oldest_ack(const struct numbers *n)
{
    return n->to->end - MAX(n->from->max_win, MAX_ACK_WINDOW) - 1;
}

static bool ends_in_window(const struct numbers *n)
{
    return tcp_after(n->end, n->from->end - n->to->max_win - 1);
}

/* More bytes than were asked for: some stacks take them all the same, and then the ACK for them must not
 * surprise. So this much is noted of the segment. */
static bool note_overshot(struct numbers *n)
{
    uint32_t overshot = n->end - n->from->max_end + 1;

    if (!n->to->max_win || overshot > n->to->max_win || !ends_in_window(n) ||
        !tcp_after(n->sack, oldest_ack(n)) || !tcp_before(n->sack, n->to->end + 1))
        return false;
    n->from->end = n->end;
    n->from->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
    return true;
}

static enum tcp_fit fit(struct numbers *n)
{
    if (!tcp_before(n->seq, n->from->max_end + 1))      /* beyond the receiver's window */
        return note_overshot(n) ? TCP_IGNORED : TCP_UNFIT;
    if (!tcp_before(n->sack, n->to->end + 1))
        return TCP_UNFIT;           /* acknowledges what was never sent */
    if (n->to->max_win && !ends_in_window(n))
        return TCP_IGNORED;         /* acknowledged data once more */
    if (!tcp_after(n->sack, oldest_ack(n)))
        return TCP_IGNORED;         /* overly delayed */
    return TCP_FITS;
}

static void update_sender(const struct tcp_seg *seg, const struct numbers *n)
{
    struct ct_tcp_side *from = n->from;
    uint32_t win = n->win + (n->sack - n->ack);

    if (from->max_win < win)
        from->max_win = win;
    if (tcp_after(n->end, from->end)) {
        from->end = n->end;
        from->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
    }
    if (!(seg->flags & TCP_ACK))
        return;
    if (!(from->flags & IP_CT_TCP_FLAG_MAXACK_SET) || tcp_after(n->ack, from->max_ack))
        from->max_ack = n->ack;
    from->flags |= IP_CT_TCP_FLAG_MAXACK_SET;
}

static void update_receiver(const struct numbers *n)
{
    struct ct_tcp_side *to = n->to;

    if (to->max_win && tcp_after(n->end, n->from->max_end))
        to->max_win += n->end - n->from->max_end;
    if (tcp_after(n->sack + n->win, to->max_end - 1))
        to->max_end = n->sack + n->win + (n->win == 0);
    if (n->ack == to->end)
        to->flags &= (uint8_t)~IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
}

static void count_retransmissions(struct ct_tcp *tcp, const struct tcp_seg *seg,
                                  const struct numbers *n)
{
    bool is_same = tcp->last_dir == seg->dir && tcp->last_seq == n->seq &&
                   tcp->last_ack == n->ack && tcp->last_end == n->end &&
                   tcp->last_win == seg->win;

    tcp->retrans = is_same ? (uint8_t)(tcp->retrans + 1) : 0;
    tcp->last_dir = (uint8_t)seg->dir;
    tcp->last_seq = n->seq;
    tcp->last_ack = n->ack;
    tcp->last_end = n->end;
    tcp->last_win = seg->win;
}

/* The segment's numbers, an ACK and SACK without what NAT has moved them by. */
static struct numbers read_numbers(struct ct_conn *c, const struct tcp_seg *seg)
{
    struct ct_tcp *tcp = &c->state.tcp;
    struct numbers n = {
        .seq = seg->seq, .end = seg->end, .ack = seg->ack, .sack = seg->ack, .win = seg->win,
        .from = &tcp->side[seg->dir], .to = &tcp->side[!seg->dir],
    };
    uint32_t moved = c->seqadj ? (uint32_t)ct_seq_offset(c, !seg->dir, seg->ack - 1) : 0;

    if (n.to->flags & IP_CT_TCP_FLAG_SACK_PERM)
        n.sack = highest_sack(seg);
    n.ack -= moved;
    n.sack -= moved;
    return n;
}

static bool is_liberal(const struct ct_conn *c, const struct ct_tcp_side *from)
{
    return from->flags & IP_CT_TCP_FLAG_BE_LIBERAL || c->table->sysctl.tcp_be_liberal;
}

enum tcp_fit tcp_in_window(struct ct_conn *c, const struct tcp_seg *seg)
{
    struct ct_tcp *tcp = &c->state.tcp;
    struct numbers n = read_numbers(c, seg);
    enum tcp_fit fits;

    if (learn_sender(tcp, seg, &n))
        return TCP_FITS;
    fill_in(tcp, seg, &n);
    fits = fit(&n);
    if (fits != TCP_FITS)
        return is_liberal(c, n.from) ? TCP_FITS : fits;
    if (!(seg->flags & TCP_SYN))
        n.win <<= n.from->scale;
    update_sender(seg, &n);
    update_receiver(&n);
    if (seg->kind == TCP_ACK_SET)
        count_retransmissions(tcp, seg, &n);
    return TCP_FITS;
}
