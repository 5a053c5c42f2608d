/* proto_tcp_state.c - which state of a TCP connection follows a segment: the table, and next states that ask for
 * a closer look (special[]).
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dp/ct/proto_tcp.h"

enum {
    sNO = TCP_CONNTRACK_NONE,
    sSS = TCP_CONNTRACK_SYN_SENT,
    sSR = TCP_CONNTRACK_SYN_RECV,
    sES = TCP_CONNTRACK_ESTABLISHED,
    sFW = TCP_CONNTRACK_FIN_WAIT,
    sCW = TCP_CONNTRACK_CLOSE_WAIT,
    sLA = TCP_CONNTRACK_LAST_ACK,
    sTW = TCP_CONNTRACK_TIME_WAIT,
    sCL = TCP_CONNTRACK_CLOSE,
    sS2 = TCP_CONNTRACK_SYN_SENT2,      /* both sides have sent a SYN */
    sIV = TCP_CONNTRACK_MAX,            /* invalid */
    sIG = TCP_CONNTRACK_IGNORE,         /* let through, believed only if the other side does */
};

/* clang-format off */
static const uint8_t next_state[CT_N_DIRS][N_TCP_KINDS][TCP_CONNTRACK_MAX] = {
    [CT_ORIG] = {
    /*                    sNO  sSS  sSR  sES  sFW  sCW  sLA  sTW  sCL  sS2 */
        [TCP_SYN_SET] = { sSS, sSS, sIG, sIG, sIG, sIG, sIG, sSS, sSS, sS2 },
        [TCP_SYNACK_SET]={sIV, sIV, sSR, sIV, sIV, sIV, sIV, sIV, sIV, sSR },
        [TCP_FIN_SET] = { sIV, sIV, sFW, sFW, sLA, sLA, sLA, sTW, sCL, sIV },
        [TCP_ACK_SET] = { sES, sIV, sES, sES, sCW, sCW, sTW, sTW, sCL, sIV },
        [TCP_RST_SET] = { sIV, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL },
        [TCP_NONE_SET]= { sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV },
    },
    [CT_REPLY] = {
        [TCP_SYN_SET] = { sIV, sS2, sIV, sIV, sIV, sIV, sIV, sSS, sIV, sS2 },
        [TCP_SYNACK_SET]={sIV, sSR, sIG, sIG, sIG, sIG, sIG, sIG, sIG, sSR },
        [TCP_FIN_SET] = { sIV, sIV, sFW, sFW, sLA, sLA, sLA, sTW, sCL, sIV },
        [TCP_ACK_SET] = { sIV, sIG, sSR, sES, sCW, sCW, sTW, sTW, sCL, sIG },
        [TCP_RST_SET] = { sIV, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL },
        [TCP_NONE_SET]= { sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV },
    },
};
/* clang-format on */

static bool leave(struct tcp_step *s, enum ct_verdict verdict)
{
    s->verdict = verdict;
    return false;
}

static bool step_invalid(struct tcp_step *s)
{
    return leave(s, CT_INVALID);
}

/* A SYN/ACK to a SYN that was ignored: the two ends agree with each other, not with us. What the SYN said holds. */
static void resync(struct tcp_step *s)
{
    struct ct_tcp *tcp = s->tcp;
    struct ct_tcp_side *opener = &tcp->side[tcp->last_dir], *answerer = &tcp->side[s->seg->dir];

    s->old = sSS;
    s->next = sSR;
    opener->end = opener->max_end = tcp->last_end;
    opener->max_win = tcp->last_win ? tcp->last_win : 1;
    opener->scale = tcp->last_wscale;
    tcp->last_flags &= (uint8_t)~IP_CT_EXP_CHALLENGE_ACK;
    opener->flags = tcp->last_flags;
    *answerer = (struct ct_tcp_side){ .flags = answerer->flags & IP_CT_TCP_FLAG_BE_LIBERAL };
}

/* Remembers the options of a SYN that is ignored, should the other side answer it. */
static void note_ignored_syn(struct tcp_step *s)
{
    struct ct_tcp_side seen = {0};

    tcp_read_options(s->seg, &seen);
    s->tcp->last_flags = seen.flags;
    s->tcp->last_wscale = seen.scale;
    /* The other end may answer with a challenge ACK (RFC 5961), which then is not that of the last FIN. */
    if (s->old == sLA)
        s->tcp->last_flags |= IP_CT_EXP_CHALLENGE_ACK;
}

static bool step_ignore(struct tcp_step *s)
{
    const struct tcp_seg *seg = s->seg;
    struct ct_tcp *tcp = s->tcp;

    if (seg->kind == TCP_SYNACK_SET && tcp->last_index == TCP_SYN_SET &&
        tcp->last_dir != seg->dir && seg->ack == tcp->last_end) {
        resync(s);
        return true;
    }
    tcp->last_index = seg->kind;
    tcp->last_dir = (uint8_t)seg->dir;
    tcp->last_seq = seg->seq;
    tcp->last_end = seg->end;
    tcp->last_win = seg->win;
    if (seg->kind == TCP_SYN_SET && seg->dir == CT_ORIG)
        note_ignored_syn(s);
    if (s->old == sSS && seg->kind == TCP_ACK_SET && seg->dir == CT_REPLY)
        tcp->last_ack = seg->ack;
    return leave(s, CT_ACCEPT);
}

/* A SYN for a connection that has ended makes way for a new one. */
static bool step_syn_sent(struct tcp_step *s)
{
    const struct ct_tcp *tcp = s->tcp;
    bool is_closing = (tcp->side[0].flags | tcp->side[1].flags) & IP_CT_TCP_FLAG_CLOSE_INIT;

    if (s->old < sTW)
        return true;
    if (!is_closing && (tcp->last_dir != s->seg->dir || tcp->last_index != TCP_RST_SET))
        return step_ignore(s);
    ct_conn_delete(s->c);
    return leave(s, CT_REPEAT);
}

static bool step_time_wait(struct tcp_step *s)
{
    struct ct_tcp *tcp = s->tcp;
    bool is_challenge = s->old == sLA && s->seg->kind == TCP_ACK_SET &&
                        tcp->last_dir != s->seg->dir && tcp->last_index == TCP_SYN_SET &&
                        tcp->last_flags & IP_CT_EXP_CHALLENGE_ACK;

    if (!is_challenge)
        return true;
    tcp->last_flags &= (uint8_t)~IP_CT_EXP_CHALLENGE_ACK;
    return leave(s, CT_ACCEPT);
}

static bool step_syn_sent2(struct tcp_step *s)
{
    s->tcp->last_flags |= IP_CT_TCP_SIMULTANEOUS_OPEN;
    return true;
}

static bool step_syn_recv(struct tcp_step *s)
{
    if (s->seg->dir == CT_REPLY && s->seg->kind == TCP_ACK_SET &&
        s->tcp->last_flags & IP_CT_TCP_SIMULTANEOUS_OPEN)
        s->next = sES;
    return true;
}

bool tcp_can_drop(const struct ct_conn *c)
{
    switch (c->state.tcp.state) {
    case sFW:
    case sLA:
    case sTW:
    case sCL:
    case sCW:
        return true;
    default:
        return false;
    }
}

static bool is_established(const struct tcp_step *s)
{
    return s->tcp->state == sES && s->c->status & IPS_ASSURED;
}

/* Does an RST answer a SYN or ACK that was ignored? Its numbers say nothing then. */
static bool rst_of_ignored(const struct tcp_step *s)
{
    const struct ct_tcp *tcp = s->tcp;
    bool after_syn = s->c->status & IPS_SEEN_REPLY && tcp->last_index == TCP_SYN_SET &&
                     tcp->last_dir != s->seg->dir;
    bool after_ack = !(s->c->status & IPS_ASSURED) && tcp->last_index == TCP_ACK_SET;

    return (after_syn || after_ack) && s->seg->ack == tcp->last_end;
}

/* Does an RST answer the challenge ACK that a SYN got? */
static bool rst_of_challenge(const struct tcp_step *s)
{
    return s->old == sSS && s->tcp->last_index == TCP_ACK_SET && s->tcp->last_dir == CT_REPLY &&
           s->seg->seq == s->tcp->last_ack;
}

/* An RST whose number is not the one that the other side waits for may be a forgery: the connection stays, for a
 * challenge ACK to come. False: it is invalid. */
static bool check_rst_seq(struct tcp_step *s, bool *is_trusted)
{
    const struct ct_tcp *tcp = s->tcp;
    uint32_t seq = s->seg->seq, max_ack = tcp->side[!s->seg->dir].max_ack;

    *is_trusted = seq == 0 && !is_established(s);
    if (*is_trusted)
        return true;
    if (tcp_before(seq, max_ack) && !s->c->table->sysctl.tcp_ignore_invalid_rst)
        return false;
    *is_trusted = !is_established(s) || seq == max_ack ||
                  (tcp->last_index == TCP_ACK_SET && tcp->last_dir == s->seg->dir &&
                   seq == tcp->last_end);
    if (!*is_trusted)
        s->next = s->old;
    return true;
}

static bool step_close(struct tcp_step *s)
{
    struct ct_tcp *tcp = s->tcp;
    bool is_trusted;

    if (s->seg->kind != TCP_RST_SET)
        return true;
    if (tcp_can_drop(s->c)) {
        s->skips_window = true;
        return true;
    }
    if (tcp->side[!s->seg->dir].flags & IP_CT_TCP_FLAG_MAXACK_SET &&
        tcp->last_index != TCP_SYN_SET) {
        if (!check_rst_seq(s, &is_trusted))
            return leave(s, CT_INVALID);
        if (is_trusted)
            return true;
    }
    s->skips_window = rst_of_ignored(s) || rst_of_challenge(s);
    return true;
}

/* By next state; NULL: nothing to see. */
static bool (*const special[TCP_CONNTRACK_IGNORE + 1])(struct tcp_step *) = {
    [sSS] = step_syn_sent, [sSR] = step_syn_recv, [sTW] = step_time_wait, [sCL] = step_close,
    [sS2] = step_syn_sent2, [sIV] = step_invalid, [sIG] = step_ignore,
};


uint8_t tcp_first_state(const struct tcp_seg *seg)
{
    return next_state[CT_ORIG][seg->kind][sNO];
}

bool tcp_next_state(struct tcp_step *s)
{
    s->next = next_state[s->seg->dir][s->seg->kind][s->old];
    return !special[s->next] || special[s->next](s);
}
