/* ct_tools.h - for tests of connection tracking: a table with a clock of its own, and UDP packets.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CT_TOOLS_H
#define TESTS_CT_TOOLS_H

#include <linux/if_ether.h>

#include "dp/ct/proto.h"
#include "dp/ct/track.h"
#include "tests/packet_tools.h"

#define SECOND UINT64_C(1000000000)

/* What a test holds: the table's surroundings, and what came out. */
struct ct_world {
    struct dp_env env;
    struct ct_table *table;
    struct pkt_pool pool;
    uint64_t now_ns, wake_ns;       /* wake_ns: what env.wake asked for; 0: nothing */
    uint32_t last_random;
    GString *events;                /* "NEW 1;DESTROY 1;" */
};

static inline uint64_t ct_world_now(void *ctx)
{
    return ((struct ct_world *)ctx)->now_ns;
}

static inline uint32_t ct_world_random(void *ctx)
{
    return ++((struct ct_world *)ctx)->last_random;
}

static inline void ct_world_wake(void *ctx, uint64_t at_ns)
{
    ((struct ct_world *)ctx)->wake_ns = at_ns;
}

static inline void ct_world_event(void *ctx, struct ct_conn *c, uint32_t events)
{
    static const char *const names[] = { [IPCT_NEW] = "NEW", [IPCT_RELATED] = "RELATED",
                                         [IPCT_DESTROY] = "DESTROY", [IPCT_REPLY] = "REPLY",
                                         [IPCT_ASSURED] = "ASSURED" };
    struct ct_world *w = ctx;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i] && events & 1u << i)
            g_string_append_printf(w->events, "%s %u;", names[i], c->id);
}

static inline void ct_world_init(struct ct_world *w)
{
    *w = (struct ct_world){ .now_ns = 1000 * SECOND, .events = g_string_new(NULL) };
    w->env = (struct dp_env){ .ctx = w, .now = ct_world_now, .random = ct_world_random,
                              .wake = ct_world_wake };
    w->table = ct_table_new(&w->env);
    w->table->event = ct_world_event;
    w->table->event_ctx = w;
}

static inline void ct_world_done(struct ct_world *w)
{
    ct_table_free(w->table);
    pkt_pool_done(&w->pool);
    g_string_free(w->events, TRUE);
}

/* What was told since the last time. */
static inline void assert_events(struct ct_world *w, const char *expected)
{
    assert_string_equal(w->events->str, expected);
    g_string_truncate(w->events, 0);
}

/* A packet of hexadecimal text, extracted. */
static inline struct pkt *ct_world_pkt(struct ct_world *w, const char *hex)
{
    uint8_t bytes[2048];
    size_t len = hex_bytes(hex, bytes, sizeof(bytes));
    struct pkt *p = pkt_new(&w->pool, bytes, len);
    struct flow_key key;

    key_clear(&key);
    key.mac_proto = KEY_MAC_ETH;
    assert_int_equal(key_extract(&key, p), 0);
    return p;
}

/* A UDP packet from 10.0.0.a:sport to 10.0.0.b:dport without a checksum. */
static inline struct pkt *ct_world_udp(struct ct_world *w, uint8_t a, uint16_t sport, uint8_t b,
                                       uint16_t dport)
{
    struct pkt *p = ct_world_pkt(w, ADDRS "0800 4500 001c 0000 4000 40 11 0000 0a000000 0a000000"
                                          "0000 0000 0008 0000");

    p->data[29] = a;
    p->data[33] = b;
    be16_put(p->data + 34, sport);
    be16_put(p->data + 36, dport);
    return p;
}

#endif
