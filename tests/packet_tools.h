/* packet_tools.h - for tests of packet code: packets from hexadecimal text, actions run by hand.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PACKET_TOOLS_H
#define TESTS_PACKET_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "dp/act_rows.h"
#include "dp/extract.h"
#include "netlink/attr.h"

#define ADDRS "020000000002" "020000000001"     /* destination, source */

/* Bytes of hexadecimal text, blanks skipped. Returns how many. */
static inline size_t hex_bytes(const char *hex, uint8_t *out, size_t size)
{
    size_t n = 0;
    unsigned byte;

    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        assert_true(n < size);
        out[n++] = (uint8_t)byte;
        hex++;
    }
    return n;
}

/* One packet and its key, as they stand between two actions. */
struct scene {
    struct pkt_pool pool;
    struct flow_key key;
    struct act_run run;
    GByteArray *stored;
};

static inline int scene_extract(struct scene *s, const char *hex, uint16_t l3_type)
{
    uint8_t bytes[2048];
    size_t len = hex_bytes(hex, bytes, sizeof(bytes));

    memset(s, 0, sizeof(*s));
    s->run.pkt = pkt_new(&s->pool, bytes, len);
    s->run.pkt->protocol = l3_type;
    s->run.key = &s->key;
    s->stored = g_byte_array_new();
    key_clear(&s->key);
    s->key.mac_proto = l3_type ? KEY_MAC_NONE : KEY_MAC_ETH;
    return key_extract(&s->key, s->run.pkt);
}

static inline void scene_done(struct scene *s)
{
    pkt_free(&s->pool, s->run.pkt);
    pkt_pool_done(&s->pool);
    g_byte_array_unref(s->stored);
}

/* Fails unless the packet's bytes, without the metadata tag, are these. */
static inline void assert_frame(const struct scene *s, const char *hex)
{
    uint8_t bytes[2048];
    size_t len = hex_bytes(hex, bytes, sizeof(bytes));

    assert_int_equal(s->run.pkt->len, len);
    assert_memory_equal(s->run.pkt->data, bytes, len);
}

/* The scope at the start of a list for this packet's full key. */
static inline struct act_scope scene_scope(const struct scene *s)
{
    bool is_mpls = s->key.eth_type == 0x8847 || s->key.eth_type == 0x8848;

    return (struct act_scope){
        .profile = &profile_6_1,
        .key = &s->key,
        .eth_type = s->key.eth_type,
        .is_tagged = s->key.vlan.tci & KEY_TCI_PRESENT,
        .has_eth = s->key.mac_proto == KEY_MAC_ETH,
        .n_mpls = is_mpls ? (uint32_t)__builtin_popcount(s->key.mpls.n_lse_mask) : 0,
        .out = s->stored,
    };
}

/* Gives the row a payload of hexadecimal text, as the attribute 'type' of a list. */
static inline int row_check(struct scene *s, struct act_scope *at, const struct act *row,
                            uint16_t type, const char *hex)
{
    g_autoptr(GByteArray) list = g_byte_array_new();
    uint8_t bytes[512];
    size_t len = hex_bytes(hex, bytes, sizeof(bytes));
    struct err e = {0};
    int error;

    g_byte_array_set_size(s->stored, 0);
    attr_put(list, type, bytes, len);
    error = row->check(at, (const struct nlattr *)list->data, &e);
    assert_int_equal(e.code, -error);
    return error;
}

/* Checks in a fresh scope, runs what was stored. */
static inline int row_run(struct scene *s, const struct act *row, uint16_t type, const char *hex)
{
    struct act_scope at = scene_scope(s);
    int error = row_check(s, &at, row, type, hex);

    return error ? error : row->run(&s->run, (const struct nlattr *)s->stored->data, false);
}

#endif
