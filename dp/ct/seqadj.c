/* seqadj.c - TCP sequence numbers behind content that NAT has made longer or shorter.
 * SPDX-License-Identifier: Apache-2.0 */
#include <netinet/tcp.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/ct/nat.h"

#define TCP_LEN 20u
#define TCP_SEQ 4u
#define TCP_ACK 8u
#define TCP_FLAGS 13u
#define TCP_FLAG_ACK 0x10u
#define TCP_SUM 16u
#define SACK_BLOCK 8u

static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a) < 0;
}

void ct_seqadj_set(struct ct_conn *c, unsigned dir, uint32_t seq, int32_t by)
{
    struct ct_seqadj_side *side;

    if (!by)
        return;
    if (!c->seqadj)
        c->seqadj = g_new0(struct ct_seqadj, 1);
    c->status |= IPS_SEQ_ADJUST;
    side = &c->seqadj->side[dir];
    if (side->before != side->after && !is_after(seq, side->correction_pos))
        return;                         /* sent once more */
    side->correction_pos = seq;
    side->before = side->after;
    side->after += by;
}

int32_t ct_seq_offset(const struct ct_conn *c, unsigned dir, uint32_t seq)
{
    const struct ct_seqadj_side *side;

    if (!c->seqadj)
        return 0;
    side = &c->seqadj->side[dir];
    return is_after(seq, side->correction_pos) ? side->after : side->before;
}

static void write_number(uint8_t *tcp, uint8_t *at, uint32_t number)
{
    uint8_t wire[4];

    be32_put(wire, number);
    csum_replace(tcp + TCP_SUM, at, wire, sizeof(wire));
    memcpy(at, wire, sizeof(wire));
}

/* A number of the other side's stream as its sender sees it. 'side' is the one that sends the stream. */
static uint32_t number_before(const struct ct_seqadj_side *side, uint32_t number)
{
    bool is_behind = is_after(number - (uint32_t)side->before, side->correction_pos);

    return number - (uint32_t)(is_behind ? side->after : side->before);
}

static void adjust_sack(uint8_t *tcp, uint8_t *option, const struct ct_seqadj_side *other)
{
    uint32_t blocks = option[1] - 2u;

    if (option[0] != TCPOPT_SACK || blocks < SACK_BLOCK || blocks % SACK_BLOCK)
        return;
    for (uint8_t *at = option + 2; at < option + option[1]; at += 4)
        write_number(tcp, at, number_before(other, be32_get(at)));
}

/* False: options that do not fit into the header. */
static bool adjust_options(uint8_t *tcp, uint32_t len, const struct ct_seqadj_side *other)
{
    uint32_t off = TCP_LEN;

    while (off < len && tcp[off] != TCPOPT_EOL) {
        if (tcp[off] == TCPOPT_NOP) {
            off++;
            continue;
        }
        if (off + 1 == len || tcp[off + 1] < 2 || off + tcp[off + 1] > len)
            return false;
        adjust_sack(tcp, tcp + off, other);
        off += tcp[off + 1];
    }
    return true;
}

bool ct_seq_adjust(struct pkt *p, uint16_t l3_type)
{
    struct ct_conn *c = p->ct;
    unsigned dir = ct_info_dir(p->ct_info);
    const struct ct_seqadj_side *other;
    struct ct_ip ip;
    uint8_t *tcp;
    uint32_t seq, len;

    if (!c->seqadj)
        return true;
    if (!ct_ip_parse(p, p->l3_off, l3_type, &ip) || ct_ip_l4_len(&ip) < TCP_LEN)
        return false;
    tcp = ct_ip_l4(&ip);
    other = &c->seqadj->side[!dir];
    seq = be32_get(tcp + TCP_SEQ);
    write_number(tcp, tcp + TCP_SEQ, seq + (uint32_t)ct_seq_offset(c, dir, seq));
    if (!(tcp[TCP_FLAGS] & TCP_FLAG_ACK))
        return true;
    write_number(tcp, tcp + TCP_ACK, number_before(other, be32_get(tcp + TCP_ACK)));
    len = (tcp[12] >> 4) * 4u;
    return len <= ct_ip_l4_len(&ip) && adjust_options(tcp, len, other);
}
