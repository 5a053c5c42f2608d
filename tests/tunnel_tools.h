/* tunnel_tools.h - for tests of tunnels: a host with tunnel ports, frames as text.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TUNNEL_TOOLS_H
#define TESTS_TUNNEL_TOOLS_H

#include "tests/tap_tools.h"

#include <linux/if_tunnel.h>

#include "dp/key_hooks.h"
#include "netlink/attr.h"
#include "netlink/rt_int.h"
#include "sim/tunnel.h"

/* The inner frame: UDP from 10.9.0.1:1000 to 10.9.0.2:2000 with tos 2 and ttl 9, no checksum. */
#define INNER                                                                                     \
    "0a00000000020a00000000010800"                                                                \
    "4502001d000000000911" "9dba" "0a0900010a090002" "03e807d000090000" "61"

static inline GByteArray *bytes_of(const char *hex)
{
    GByteArray *b = g_byte_array_new();

    for (; hex[0] && hex[1]; hex += 2)
        g_byte_array_append(b, &(guint8){ (guint8)(g_ascii_xdigit_value(hex[0]) << 4 |
                                                   g_ascii_xdigit_value(hex[1])) }, 1);
    return b;
}

/* The caller frees it. */
static inline char *hex_of(const uint8_t *bytes, size_t len)
{
    GString *s = g_string_new(NULL);

    for (size_t i = 0; i < len; i++)
        g_string_append_printf(s, "%02x", bytes[i]);
    return g_string_free(s, FALSE);
}

static inline void lab_do_all(struct lab *lab, const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lab_do(lab, lines[i]);
}

/* A host with one card, whose neighbour it knows. */
static inline int open_host(void **state)
{
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
    static const char *const lines[] = {
        "up eth0",
        "addr eth0 10.0.0.1/24",
        "addr eth0 fd00::1/64",
        "neigh eth0 10.0.0.2 02:00:00:00:00:02",
        "neigh eth0 fd00::2 02:00:00:00:00:02",
    };
    struct lab *lab;

    if (lab_open(state))
        return -1;
    lab = *state;
    lab_do(lab, "device eth0");
    memcpy(device_by_name(lab->ns, "eth0")->dev.mac, mac, sizeof(mac));
    lab_do_all(lab, lines, G_N_ELEMENTS(lines));
    return 0;
}

/* ... and tunnel ports. */
static inline int open_tunnels(void **state)
{
    static const char *const lines[] = {
        "port br0 vx0 type=vxlan dst_port=4789 gbp",    /* port 3 */
        "port br0 vx1 type=vxlan dst_port=8472",
        "port br0 gnv0 type=geneve dst_port=6081",
        "port br0 gre0 type=gre",
    };

    if (open_host(state))
        return -1;
    lab_do_all(*state, lines, G_N_ELEMENTS(lines));
    return 0;
}

#define HOST_TEST(name) cmocka_unit_test_setup_teardown(name, open_host, lab_close)
#define TUNNEL_TEST(name) cmocka_unit_test_setup_teardown(name, open_tunnels, lab_close)

static inline struct device *dev(const struct lab *lab, const char *name)
{
    return device_by_name(lab->ns, name);
}

static inline uint64_t drops(const struct lab *lab, enum drop_reason why)
{
    return dp_world_account(lab->sim->dp)->n_drop[why];
}

static inline void scan_tunnel(const char *text, struct flow_key *tunnel)
{
    g_autoptr(GByteArray) key = g_byte_array_new();
    g_autoptr(GByteArray) mask = g_byte_array_new();
    struct match m = { .key = tunnel };
    struct err e = { 0 };
    struct scan in;

    memset(tunnel, 0, sizeof(*tunnel));
    scan_init(&in, text);
    if (key_scan(&in, key, mask, NULL, &e) ||
        key_tunnel_get(&m, (const struct nlattr *)(const void *)key->data, false, &e))
        fail_msg("%s: %s", text, e.text);
}

/* Sends the inner frame with hash 1 as it would leave by the port: the outer frame, or why not. */
static inline char *send_by(struct lab *lab, const char *port_name, const char *tunnel_text,
                     enum drop_reason *why)
{
    g_autoptr(GByteArray) inner = bytes_of(INNER);
    struct pkt *p = pkt_new(&lab->sim->dp->pool, inner->data, inner->len);
    struct flow_key tunnel;
    char *frame;

    scan_tunnel(tunnel_text, &tunnel);
    p->hash = 0x00010000;
    p->protocol = 0x0800;
    p->l3_off = 14;
    *why = tunnel_send(dev(lab, port_name), &tunnel, p);
    frame = hex_of(p->data, p->len);
    pkt_free(&lab->sim->dp->pool, p);
    return frame;
}

static inline void assert_sent(struct lab *lab, const char *port, const char *tunnel, const char *outer)
{
    g_autofree char *want = g_strconcat("020000000002020000000001", outer, INNER, NULL);
    enum drop_reason why;
    g_autofree char *got = send_by(lab, port, tunnel, &why);

    assert_int_equal(why, N_DROP_REASONS);
    assert_string_equal(got, want);
}

static inline void feed(const struct lab *lab, const char *outer, const char *inner)
{
    g_autofree char *hex = g_strconcat("020000000001020000000002", outer, inner, NULL);
    g_autoptr(GByteArray) frame = bytes_of(hex);

    device_receive(dev(lab, "eth0"), frame->data, frame->len);
}

/* The frame must hit a flow with this tunnel and leave by p2. */
static inline void assert_got(struct lab *lab, const char *tunnel, const char *port, const char *outer)
{
    g_autofree char *flow = g_strdup_printf("flow br0 %s,in_port(%s),eth(),eth_type(0x0800),"
                                            "ipv4(frag=no) p2", tunnel, port);
    uint64_t n = dev(lab, "p2")->n_tx, bytes = dev(lab, "p2")->tx_bytes;

    lab_do(lab, "del-flows br0");
    lab_do(lab, flow);
    feed(lab, outer, INNER);
    assert_int_equal(dev(lab, "p2")->n_tx, n + 1);
    assert_int_equal(dev(lab, "p2")->tx_bytes, bytes + strlen(INNER) / 2);
}

/* ---- devices of rtnetlink's ------------------------------------------------------------------------ */

/* One attribute of INFO_DATA; type 0 ends a list. */
struct link_value {
    uint16_t type;
    uint8_t bytes[RT_VALUE_LEN];
};

static inline int try_link_flags(struct lab *lab, const char *kind, const char *name,
                                 const struct link_value *values, unsigned flags)
{
    struct rt_link_change c = { .kind = rt_kind_by_name(kind), .flags = flags, .change = IFF_UP };

    lab->e = (struct err){ 0 };
    g_strlcpy(c.name, name, sizeof(c.name));
    (void)rt_kind_read(c.kind, NULL, true, c.data, NULL);
    for (; values->type; values++) {
        struct rt_value *v = &c.data[rt_value(c.kind, c.data, values->type) - c.data];

        v->is_set = true;
        memcpy(v->bytes, values->bytes, sizeof(v->bytes));
    }
    return sim_rt_ops.link_add(lab->ns->net, &c, &lab->e);
}

/* Makes one, and brings it up or not: 0 or -errno, the sentence is in lab->e. */
static inline int try_link(struct lab *lab, const char *kind, const char *name,
                           const struct link_value *values)
{
    return try_link_flags(lab, kind, name, values, IFF_UP);
}

static inline int try_link_down(struct lab *lab, const char *kind, const char *name,
                                const struct link_value *values)
{
    return try_link_flags(lab, kind, name, values, 0);
}

/* Makes one and brings it up. */
#define LINK(lab, kind, name, ...)                                                                \
    do {                                                                                          \
        if (try_link(lab, kind, name, (const struct link_value[]){ __VA_ARGS__, { 0 } }))         \
            fail_msg("%s: %s", name, (lab)->e.text);                                              \
    } while (0)

#endif
