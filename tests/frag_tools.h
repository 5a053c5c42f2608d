/* frag_tools.h - for tests of fragments: frames that hold one, and the account.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FRAG_TOOLS_H
#define TESTS_FRAG_TOOLS_H

#include "tests/packet_tools.h"
#include "tests/sim_tools.h"

#define L3 14u
#define MAX_FRAME 70000u

/* A fragment of a datagram whose byte i is i. */
struct piece {
    uint32_t offset, len;
    bool more, has_df, is_ip6;
    uint8_t tos;
    uint16_t id;                    /* 0: 1 */
    uint16_t denied;                /* IPv4: so many bytes less is the packet's length as its header has it */
    const uint8_t *options;         /* IPv4: 4 bytes */
};

#define PIECE(...) ((struct piece){ __VA_ARGS__ })
#define MORE .more = true
#define IP6 .is_ip6 = true

static inline void put_data(uint8_t *to, const struct piece *f)
{
    for (uint32_t i = 0; i < f->len; i++)
        to[i] = (uint8_t)(f->offset + i);
}

static inline uint32_t put_ip4(uint8_t *ip, const struct piece *f)
{
    uint32_t hdr_len = f->options ? 24 : 20;
    uint16_t word = (uint16_t)(f->offset / 8 | (f->more ? 0x2000 : 0) | (f->has_df ? 0x4000 : 0));

    hex_bytes("4500 0000 0001 0000 40 fd 0000 0a000001 0a000002", ip, 20);
    ip[0] = (uint8_t)(0x40 | hdr_len / 4);
    ip[1] = f->tos;
    be16_put(ip + 2, (uint16_t)(hdr_len + f->len - f->denied));
    be16_put(ip + 4, f->id ? f->id : 1);
    be16_put(ip + 6, word);
    if (f->options)
        memcpy(ip + 20, f->options, 4);
    be16_put(ip + 10, csum_finish(csum_add(0, ip, hdr_len)));
    put_data(ip + hdr_len, f);
    return hdr_len + f->len;
}

static inline uint32_t put_ip6(uint8_t *ip, const struct piece *f)
{
    hex_bytes("60000000 0000 2c 40 20010db8000000000000000000000001 20010db8000000000000000000000002"
              "fd 00 0000 00000001", ip, 48);
    ip[1] = (uint8_t)(f->tos << 4);
    be16_put(ip + 4, (uint16_t)(8 + f->len));
    be16_put(ip + 42, (uint16_t)(f->offset | f->more));
    be32_put(ip + 44, f->id ? f->id : 1);
    put_data(ip + 48, f);
    return 48 + f->len;
}

static inline size_t frame_of(const struct piece *f, uint8_t *frame)
{
    hex_bytes(ADDRS, frame, 12);
    be16_put(frame + 12, f->is_ip6 ? ETH_P_IPV6 : ETH_P_IP);
    return L3 + (f->is_ip6 ? put_ip6 : put_ip4)(frame + L3, f);
}

static inline struct dp_world *world(const struct lab *lab)
{
    return lab->sim->dp;
}

static inline const struct dp_account *account(const struct lab *lab)
{
    return dp_world_account(world(lab));
}

static inline void assert_balance(const struct lab *lab)
{
    assert_int_equal(account(lab)->n_born, dp_account_ends(account(lab)));
    assert_int_equal(world(lab)->pool.n_live, account(lab)->n_held);
}

static inline uint64_t drops(const struct lab *lab, enum drop_reason why)
{
    return account(lab)->n_drop[why];
}

#endif
