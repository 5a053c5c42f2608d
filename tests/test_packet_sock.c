/* test_packet_sock.c - AF_PACKET sockets, links and hosts in process: who sees which frame, and how.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/tap_tools.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "sim/host.h"
#include "sim/cable.h"

static const uint8_t plain[] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x12, 0x34, 1, 2, 3, 4 };
static const uint8_t tagged[] = { 2,    0,    0,    0,    0,    9,    2, 0, 0, 0, 0,
                                  8,    0x81, 0x00, 0x60, 0x05, 0x12, 0x34, 1, 2, 3, 4 };

/* The next frame must be these bytes, seen as 'pkttype'. Returns what came with it. */
static struct proto_ll tap_take(const struct tap *t, uint8_t pkttype, const uint8_t *bytes,
                                size_t len)
{
    struct dgram *d = take(t->queue);
    struct proto_ll ll;

    assert_int_equal(d->len, sizeof(ll) + len);
    memcpy(&ll, d->data, sizeof(ll));
    assert_memory_equal(d->data + sizeof(ll), bytes, len);
    assert_int_equal(ll.pkttype, pkttype);
    g_free(d);
    return ll;
}

static long tap_send(const struct tap *t, struct proto_ll to, const void *frame, size_t len)
{
    uint8_t bytes[4096];

    memcpy(bytes, &to, sizeof(to));
    memcpy(bytes + sizeof(to), frame, len);
    return packet_send(t->ps, bytes, sizeof(to) + len);
}

static int tap_set(const struct tap *t, int level, int name, const void *value, size_t len)
{
    return packet_set_option(t->ps, level, name, value, len);
}

static void flow(struct lab *lab)
{
    lab_do(lab, "flow br0 in_port(p1),eth(),eth_type(0x1234) p2");
    lab_do(lab, "flow br0 in_port(p1),eth(),eth_type(0x8100),vlan(),encap(eth_type(0x1234)) p2");
}

static void receive(const struct lab *lab, const char *dev, const void *frame, size_t len)
{
    device_receive(device_by_name(lab->ns, dev), frame, len);
}

/* ---- taps ------------------------------------------------------------------------------------ */

/* ETH_P_ALL sees a frame before the rx hook; another protocol's handler comes behind it. */
static void test_in_front_of_the_hook(void **state)
{
    struct lab *lab = *state;
    struct tap all = tap_open(lab, "p1", SOCK_RAW, ETH_P_ALL);
    struct tap own = tap_open(lab, "p1", SOCK_RAW, 0x1234);
    struct tap out = tap_open(lab, "p2", SOCK_RAW, ETH_P_ALL);
    struct proto_ll ll;

    flow(lab);
    receive(lab, "p1", plain, sizeof(plain));
    ll = tap_take(&all, PACKET_OTHERHOST, plain, sizeof(plain));
    assert_int_equal(ll.protocol, 0x1234);
    assert_int_equal(ll.ifindex, device_by_name(lab->ns, "p1")->dev.ifindex);
    assert_memory_equal(ll.mac, plain + 6, 6);
    (void)tap_take(&out, PACKET_OUTGOING, plain, sizeof(plain));
    take_none(own.queue);
    lab_do(lab, "del-port br0 p1");     /* no hook any more */
    receive(lab, "p1", plain, sizeof(plain));
    (void)tap_take(&own, PACKET_OTHERHOST, plain, sizeof(plain));
    tap_close(&all);
    tap_close(&own);
    tap_close(&out);
}

static void test_tag_is_told_aside(void **state)
{
    struct lab *lab = *state;
    struct tap in = tap_open(lab, NULL, SOCK_RAW, ETH_P_ALL);
    struct proto_ll ll;

    flow(lab);
    receive(lab, "p1", tagged, sizeof(tagged));
    ll = tap_take(&in, PACKET_OTHERHOST, plain, sizeof(plain));
    assert_int_equal(ll.status, TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID);
    assert_int_equal(ll.vlan_tci, 0x6005);
    assert_int_equal(ll.vlan_tpid, ETH_P_8021Q);
    assert_int_equal(ll.len, sizeof(plain));
    ll = tap_take(&in, PACKET_OUTGOING, plain, sizeof(plain));
    assert_int_equal(ll.vlan_tci, 0x6005);
    take_none(in.queue);
    tap_close(&in);
}

static void test_types_of_address(void **state)
{
    struct lab *lab = *state;
    struct tap in = tap_open(lab, "p1", SOCK_DGRAM, ETH_P_ALL);
    uint8_t frame[sizeof(plain)];

    memcpy(frame, plain, sizeof(frame));
    memset(frame, 0xff, 6);
    receive(lab, "p1", frame, sizeof(frame));
    (void)tap_take(&in, PACKET_BROADCAST, plain + 14, 4);
    frame[1] = 0;
    receive(lab, "p1", frame, sizeof(frame));
    (void)tap_take(&in, PACKET_MULTICAST, plain + 14, 4);
    memcpy(frame, device_by_name(lab->ns, "p1")->dev.mac, 6);
    receive(lab, "p1", frame, sizeof(frame));
    (void)tap_take(&in, PACKET_HOST, plain + 14, 4);
    lab_do(lab, "down p1");
    receive(lab, "p1", frame, sizeof(frame));
    receive(lab, "p1", frame, 5);
    take_none(in.queue);
    tap_close(&in);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* What the host sends on an internal port enters the datapath; its own socket does not see it. */
static void test_host_sends(void **state)
{
    struct lab *lab = *state;
    struct tap me = tap_open(lab, "br0", SOCK_RAW, ETH_P_ALL);
    struct tap other = tap_open(lab, "br0", SOCK_RAW, ETH_P_ALL);
    struct tap out = tap_open(lab, "p2", SOCK_RAW, ETH_P_ALL);

    lab_do(lab, "flow br0 in_port(br0),eth(),eth_type(0x1234) p2");
    assert_int_equal(tap_send(&me, (struct proto_ll){ 0 }, plain, sizeof(plain)), sizeof(plain));
    take_none(me.queue);
    (void)tap_take(&other, PACKET_OUTGOING, plain, sizeof(plain));
    (void)tap_take(&out, PACKET_OUTGOING, plain, sizeof(plain));
    lab_do(lab, "expect p2 packets=1");
    /* And on a netdev port out on the wire, past the datapath. */
    assert_int_equal(tap_send(&out, (struct proto_ll){ 0 }, plain, sizeof(plain)), sizeof(plain));
    take_none(out.queue);
    lab_do(lab, "expect p2 packets=2");
    lab_do(lab, "expect-stats br0 hit=1 missed=0");
    tap_close(&me);
    tap_close(&other);
    tap_close(&out);
}

static void test_header_is_made(void **state)
{
    struct lab *lab = *state;
    struct tap me = tap_open(lab, NULL, SOCK_DGRAM, 0);
    struct tap out = tap_open(lab, "p2", SOCK_RAW, ETH_P_ALL);
    struct proto_ll to = { .ifindex = device_by_name(lab->ns, "p2")->dev.ifindex,
                           .protocol = 0x1234, .mac = { 2, 0, 0, 0, 0, 9 } };
    uint8_t want[sizeof(plain)];

    memcpy(want, plain, sizeof(want));
    memcpy(want + 6, device_by_name(lab->ns, "p2")->dev.mac, 6);
    assert_int_equal(tap_send(&me, to, plain + 14, 4), 4);
    (void)tap_take(&out, PACKET_OUTGOING, want, sizeof(want));
    tap_close(&me);
    tap_close(&out);
}

static void test_refusals(void **state)
{
    struct lab *lab = *state;
    struct tap me = tap_open(lab, "p1", SOCK_RAW, ETH_P_ALL);
    uint8_t frame[1519] = { 0 };
    int error;

    assert_int_equal(tap_send(&me, (struct proto_ll){ .ifindex = 99 }, plain, sizeof(plain)),
                     -ENXIO);
    assert_int_equal(tap_send(&me, (struct proto_ll){ 0 }, plain, 13), -EINVAL);
    assert_int_equal(packet_send(me.ps, plain, 3), -EINVAL);
    assert_int_equal(tap_send(&me, (struct proto_ll){ 0 }, frame, 1515), -EMSGSIZE);
    frame[12] = 0x81;
    assert_int_equal(tap_send(&me, (struct proto_ll){ 0 }, frame, 1518), 1518);
    assert_int_equal(tap_send(&me, (struct proto_ll){ 0 }, frame, 1519), -EMSGSIZE);
    lab_do(lab, "down p1");
    assert_int_equal(tap_send(&me, (struct proto_ll){ 0 }, plain, sizeof(plain)), -ENETDOWN);
    assert_int_equal(packet_bind(me.ps, 99, 0), -ENODEV);
    lab_do(lab, "del-device p1");
    assert_null(sock_recv(me.queue, &error));
    assert_int_equal(error, ENETDOWN);
    assert_int_equal(tap_send(&me, (struct proto_ll){ 0 }, plain, sizeof(plain)), -ENXIO);
    tap_close(&me);
}

/* ---- options --------------------------------------------------------------------------------- */

static struct tpacket_stats stats_of(const struct tap *t)
{
    GByteArray *out = g_byte_array_new();
    struct tpacket_stats stats;

    assert_int_equal(packet_get_option(t->ps, SOL_PACKET, PACKET_STATISTICS, out), 0);
    memcpy(&stats, out->data, sizeof(stats));
    g_byte_array_unref(out);
    return stats;
}

static void test_statistics(void **state)
{
    struct lab *lab = *state;
    struct tap t = tap_open(lab, "p1", SOCK_RAW, ETH_P_ALL);
    int small = 1;
    struct tpacket_stats stats;

    assert_int_equal(tap_set(&t, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    for (unsigned i = 0; i < 10; i++)
        receive(lab, "p1", plain, sizeof(plain));
    stats = stats_of(&t);
    assert_int_equal(stats.tp_packets, 10);
    assert_in_range(stats.tp_drops, 1, 9);
    stats = stats_of(&t);
    assert_int_equal(stats.tp_packets, 0);
    assert_int_equal(stats.tp_drops, 0);
    tap_close(&t);
}

static void test_promiscuous(void **state)
{
    struct lab *lab = *state;
    struct device *d = device_by_name(lab->ns, "p1");
    struct tap t = tap_open(lab, "p1", SOCK_RAW, ETH_P_ALL);
    struct packet_mreq mreq = { .mr_ifindex = d->dev.ifindex, .mr_type = PACKET_MR_PROMISC };
    unsigned before = d->dev.promiscuity;

    assert_int_equal(tap_set(&t, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)), 0);
    assert_int_equal(tap_set(&t, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)), 0);
    assert_int_equal(d->dev.promiscuity, before + 1);       /* one socket wants it once */
    assert_int_equal(tap_set(&t, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &mreq, sizeof(mreq)), 0);
    assert_int_equal(d->dev.promiscuity, before + 1);
    assert_int_equal(tap_set(&t, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, 3), -EINVAL);
    mreq.mr_ifindex = 99;
    assert_int_equal(tap_set(&t, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)), -ENODEV);
    assert_int_equal(tap_set(&t, SOL_PACKET, PACKET_FANOUT, &mreq, sizeof(mreq)), -ENOPROTOOPT);
    tap_close(&t);
    assert_int_equal(d->dev.promiscuity, before);
}

/* "ether[14] == 1", 16 bytes of it; then damaged ones, and one about what is not in the bytes. */
static void test_filter(void **state)
{
    struct lab *lab = *state;
    struct tap t = tap_open(lab, "p1", SOCK_RAW, ETH_P_ALL);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 16),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    uint8_t frame[sizeof(plain)];
    struct proto_ll ll;

    assert_int_equal(tap_set(&t, SOL_SOCKET, SO_ATTACH_FILTER, code, sizeof(code)), 0);
    memcpy(frame, plain, sizeof(frame));
    frame[14] = 9;
    receive(lab, "p1", frame, sizeof(frame));
    receive(lab, "p1", plain, sizeof(plain));
    ll = tap_take(&t, PACKET_OTHERHOST, plain, 16);
    assert_int_equal(ll.len, sizeof(plain));
    take_none(t.queue);
    assert_int_equal(tap_set(&t, SOL_SOCKET, SO_ATTACH_FILTER, code, 8), -EINVAL);
    assert_int_equal(tap_set(&t, SOL_SOCKET, SO_ATTACH_FILTER, code, 0), -EINVAL);
    assert_int_equal(tap_set(&t, SOL_SOCKET, SO_ATTACH_FILTER, code, 33), -EINVAL);
    code[0].k = (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG);
    assert_int_equal(tap_set(&t, SOL_SOCKET, SO_ATTACH_FILTER, code, sizeof(code)), -ENOPROTOOPT);
    assert_int_equal(tap_set(&t, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0), 0);
    assert_int_equal(tap_set(&t, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0), -ENOENT);
    tap_close(&t);
}

/* ---- links and hosts --------------------------------------------------------------------------- */

static void test_links(void **state)
{
    struct lab *lab = *state;
    struct device *p1 = device_by_name(lab->ns, "p1"), *p2 = device_by_name(lab->ns, "p2");
    struct cable_options all_lost = { .loss = UINT32_MAX }, late = { .delay_ns = 5 };
    struct err e = {0};

    assert_int_equal(cable_join(p1, p1, &late, &e), -EINVAL);
    assert_int_equal(cable_join(p1, device_by_name(lab->ns, "br0"), &late, &e), -EINVAL);
    assert_int_equal(cable_join(p1, p2, &late, &e), 0);
    assert_int_equal(cable_join(p2, p1, &late, &e), -EBUSY);
    for (unsigned i = 0; i < CABLE_ROOM + 10; i++)
        device_transmit(p1, plain, sizeof(plain));
    clock_advance(&lab->sim->clock, lab->sim->clock.now_ns + 5);
    assert_int_equal(p2->n_rx, CABLE_ROOM);
    device_transmit(p1, plain, sizeof(plain));
    cable_cut(p1);                       /* with a frame under way */
    cable_cut(p1);
    assert_null(p2->cable);
    clock_advance(&lab->sim->clock, lab->sim->clock.now_ns + 5);
    assert_int_equal(p2->n_rx, CABLE_ROOM);
    assert_int_equal(cable_join(p1, p2, &all_lost, &e), 0);
    device_transmit(p1, plain, sizeof(plain));
    clock_advance(&lab->sim->clock, lab->sim->clock.now_ns + 5);
    assert_int_equal(p2->n_rx, CABLE_ROOM);
    lab_do(lab, "del-device p2");
    assert_null(p1->cable);
}

/* Damaged frames of every length and with every byte changed: no answer, no harm. */
static void test_host_takes_anything(void **state)
{
    struct lab *lab = *state;
    uint8_t frame[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 8, 0x08, 0x06,
                        0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 8, 10, 0, 0, 2,
                        0, 0, 0, 0, 0, 0, 10, 0, 0, 1 };
    static const uint16_t types[] = { 0x0806, 0x0800, 0x86dd };
    struct device *d = device_by_name(lab->ns, "p1");
    struct err e = {0};
    struct in6_addr addr;

    lab_do(lab, "host p1 10.0.0.1; host p1 fe80::1/10");
    device_transmit(d, frame, sizeof(frame));
    clock_advance(&lab->sim->clock, lab->sim->clock.now_ns);
    assert_int_equal(d->n_rx, 1);
    for (size_t t = 0; t < G_N_ELEMENTS(types); t++) {
        frame[12] = (uint8_t)(types[t] >> 8);
        frame[13] = (uint8_t)types[t];
        for (size_t i = 14; i < sizeof(frame); i++) {
            frame[i] ^= 0x45;
            device_transmit(d, frame, sizeof(frame));
            device_transmit(d, frame, i);
            frame[i] ^= 0x45;
        }
    }
    clock_advance(&lab->sim->clock, lab->sim->clock.now_ns);
    assert_true(host_scan_address("::1", &addr));
    assert_false(host_scan_address("10.0.0", &addr));
    assert_int_equal(host_ping(device_by_name(lab->ns, "p2"), &addr, &e), -ENXIO);
    for (unsigned i = 0; i < 100; i++)  /* nobody answers: what waits is bounded */
        assert_int_equal(host_ping(d, &addr, &e), 0);
    device_transmit(d, frame, sizeof(frame));
    lab_do(lab, "del-device p1");       /* with a frame in its inbox */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_in_front_of_the_hook), LAB_TEST(test_tag_is_told_aside),
        LAB_TEST(test_types_of_address), LAB_TEST(test_host_sends), LAB_TEST(test_header_is_made),
        LAB_TEST(test_refusals), LAB_TEST(test_statistics), LAB_TEST(test_promiscuous),
        LAB_TEST(test_filter), LAB_TEST(test_links), LAB_TEST(test_host_takes_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
