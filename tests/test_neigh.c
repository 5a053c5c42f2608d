/* test_neigh.c - the host asks for its neighbours and answers them: ARP, neighbour discovery, states.
 *
 * Messages and numbers are those of Linux 6.1. SPDX-License-Identifier: Apache-2.0 */
#include "tests/tunnel_tools.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>

#include "sim/neigh.h"

#define ALL "ffffffffffff"
#define MAC_1 "020000000001"
#define NO_MAC "000000000000"
#define ARP "0806" "0001080006040"      /* and the operation */
#define IP_1 "0a000001"
#define IP_9 "0a000009"
#define ASK_9 ALL MAC_1 ARP "001" MAC_1 IP_1 NO_MAC IP_9
#define REPLY_9 MAC_1 "020000000009" ARP "002" "020000000009" IP_9 MAC_1 IP_1

struct talk {
    struct lab *lab;
    struct tap tap;             /* on eth0 */
};

static int open_talk(void **state)
{
    struct talk *t = g_new0(struct talk, 1);
    void *lab;

    if (open_tunnels(&lab))
        return -1;
    t->lab = lab;
    t->tap = tap_open(lab, "eth0", SOCK_RAW, ETH_P_ALL);
    lab_do(lab, "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) "
                "set(tunnel(tun_id=0x1,dst=10.0.0.9,ttl=64,flags(key))),vx0");
    lab_do(lab, "flow br0 in_port(p2),eth(),eth_type(0x0800),ipv4(frag=no) "
                "set(tunnel(tun_id=0x1,ipv6_dst=fd00::9,ttl=64,flags(key))),vx0");
    *state = t;
    return 0;
}

static int close_talk(void **state)
{
    struct talk *t = *state;
    void *lab = t->lab;

    tap_close(&t->tap);
    g_free(t);
    return lab_close(&lab);
}

static void advance(const struct talk *t, const char *time)
{
    g_autofree char *line = g_strdup_printf("advance %s", time);

    lab_do(t->lab, line);
}

static void send_4(const struct talk *t)
{
    lab_do(t->lab, "send p1 " INNER);
}

static void hear(const struct talk *t, const char *hex)
{
    g_autoptr(GByteArray) frame = bytes_of(hex);
    g_autofree char *own = NULL;

    device_receive(dev(t->lab, "eth0"), frame->data, frame->len);
    own = tap_next(&t->tap);
    assert_string_equal(own, hex);
}

static void says(const struct talk *t, const char *hex)
{
    g_autofree char *got = tap_next(&t->tap);

    assert_non_null(got);
    assert_string_equal(got, hex);
}

static void says_nothing(const struct talk *t)
{
    g_autofree char *got = tap_next(&t->tap);

    if (got)
        fail_msg("says %s", got);
}

/* An outer packet to this link address. */
static void sends_to(const struct talk *t, const char *mac)
{
    g_autofree char *got = tap_next(&t->tap);

    if (!got || !g_str_has_prefix(got, mac) || !g_str_has_suffix(got, INNER))
        fail_msg("sends %s", got);
}

/* NUD_*, -1: there is none. */
static int state_of(const struct talk *t, const char *ip)
{
    const struct rt_neigh *n;
    uint8_t bytes[16];
    int family = strchr(ip, ':') ? AF_INET6 : AF_INET;

    assert_int_equal(inet_pton(family, ip, bytes), 1);
    n = neigh_lookup(t->lab->ns, (uint8_t)family, dev(t->lab, "eth0")->dev.ifindex, bytes);
    return n ? n->state : -1;
}

/* ---- asking ------------------------------------------------------------------------------------- */

/* Three questions, 1 s apart; then what waits is dropped, and the next packet begins again. */
static void nobody_answers(void **state)
{
    struct talk *t = *state;

    send_4(t);
    send_4(t);
    says(t, ASK_9);
    says_nothing(t);
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_INCOMPLETE);
    for (int i = 0; i < 2; i++) {
        advance(t, "1s");
        says(t, ASK_9);
    }
    assert_int_equal(drops(t->lab, DROP_NO_NEIGH), 0);
    advance(t, "1s");
    says_nothing(t);
    assert_int_equal(drops(t->lab, DROP_NO_NEIGH), 2);
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_FAILED);
    assert_int_equal(dev(t->lab, "vx0")->dev.stats.tx_packets, 2);
    send_4(t);
    says(t, ASK_9);
}

/* What waited goes out in order. Known for 30 s; then used again, asked itself after 5 s. */
static void answered(void **state)
{
    struct talk *t = *state;

    send_4(t);
    send_4(t);
    says(t, ASK_9);
    hear(t, REPLY_9);
    sends_to(t, "020000000009");
    sends_to(t, "020000000009");
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_REACHABLE);
    advance(t, "29s");
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_REACHABLE);
    advance(t, "1s");
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_STALE);
    send_4(t);
    sends_to(t, "020000000009");
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_DELAY);
    advance(t, "5s");
    says(t, "020000000009" MAC_1 ARP "001" MAC_1 IP_1 NO_MAC IP_9);
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_PROBE);
    hear(t, REPLY_9);
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_REACHABLE);
    advance(t, "29s");
    send_4(t);
    sends_to(t, "020000000009");
    advance(t, "1s");
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_DELAY);
    advance(t, "8s");
    assert_int_equal(state_of(t, "10.0.0.9"), NUD_FAILED);
}

/* As many bytes of buffers wait as in the kernel; the oldest packet makes room. */
static void queue_is_bounded(void **state)
{
    struct talk *t = *state;

    for (int i = 0; i < 300; i++)
        send_4(t);
    assert_int_equal(drops(t->lab, DROP_NEIGH_QUEUE), 300 - 277);
    advance(t, "3s");
    assert_int_equal(drops(t->lab, DROP_NO_NEIGH), 277);
}

static void device_goes_down(void **state)
{
    struct talk *t = *state;

    send_4(t);
    lab_do(t->lab, "down eth0");
    assert_int_equal(drops(t->lab, DROP_NO_NEIGH), 1);
    assert_int_equal(state_of(t, "10.0.0.9"), -1);
    advance(t, "5s");
}

/* Devices without ARP need no question; groups have addresses of their own. */
static void no_question(void **state)
{
    struct talk *t = *state;
    struct tap tap;
    char *got;

    LINK(t->lab, "dummy", "d0", { 0 });
    lab_do(t->lab, "addr d0 10.0.0.1/24");
    lab_do(t->lab, "down eth0");
    tap = tap_open(t->lab, "d0", SOCK_RAW, ETH_P_ALL);
    send_4(t);
    got = tap_next(&tap);
    assert_memory_equal(got, got + 12, 12);     /* to itself */
    assert_true(g_str_has_suffix(got, INNER));
    g_free(got);
    tap_close(&tap);
}

/* ---- answering ---------------------------------------------------------------------------------- */

static void asked(void **state)
{
    struct talk *t = *state;

    hear(t, ALL "020000000006" ARP "001" "020000000006" "0a000006" NO_MAC IP_1);
    says(t, "020000000006" MAC_1 ARP "002" MAC_1 IP_1 "020000000006" "0a000006");
    assert_int_equal(state_of(t, "10.0.0.6"), NUD_STALE);
    /* A probe has no address to be remembered by. */
    hear(t, ALL "020000000005" ARP "001" "020000000005" "00000000" NO_MAC IP_1);
    says(t, "020000000005" MAC_1 ARP "002" MAC_1 IP_1 "020000000005" "00000000");
    /* For somebody else; an answer that nobody asked for. */
    hear(t, ALL "020000000005" ARP "001" "020000000005" "0a000005" NO_MAC "0a000063");
    hear(t, MAC_1 "020000000007" ARP "002" "020000000007" "0a000007" MAC_1 IP_1);
    says_nothing(t);
    assert_int_equal(state_of(t, "10.0.0.5"), -1);
    assert_int_equal(state_of(t, "10.0.0.7"), -1);
}

/* What a client set stays; another link address is believed after a while only. */
static void hardly_believed(void **state)
{
    struct talk *t = *state;

    hear(t, ALL "020000000077" ARP "001" "020000000077" "0a000002" NO_MAC IP_1);
    g_free(tap_next(&t->tap));
    lab_do(t->lab, "send p1 " INNER);
    says(t, ASK_9);
    hear(t, REPLY_9);
    sends_to(t, "020000000009");
    hear(t, MAC_1 "020000000019" ARP "002" "020000000019" IP_9 MAC_1 IP_1);
    send_4(t);
    sends_to(t, "020000000009");
    advance(t, "2s");
    hear(t, MAC_1 "020000000019" ARP "002" "020000000019" IP_9 MAC_1 IP_1);
    send_4(t);
    sends_to(t, "020000000019");
    assert_int_equal(state_of(t, "10.0.0.2"), NUD_PERMANENT);
}

/* ---- IPv6 --------------------------------------------------------------------------------------- */

#define IP6(last) "fd0000000000000000000000000000" last
#define GROUP(last) "ff0200000000000000000001ff0000" last
#define ND "86dd" "6000000000203aff"
#define ASK6_9                                                                                    \
    "3333ff000009" MAC_1 ND IP6("01") GROUP("09") "87007d8900000000" IP6("09") "0101" MAC_1

static void asks_ip6(void **state)
{
    struct talk *t = *state;

    lab_do(t->lab, "send p2 " INNER);
    says(t, ASK6_9);
    advance(t, "1s");
    says(t, ASK6_9);
    hear(t, MAC_1 "020000000009" ND IP6("09") IP6("01") "88001c8560000000" IP6("09")
         "0201" "020000000009");
    sends_to(t, "020000000009");
    assert_int_equal(state_of(t, "fd00::9"), NUD_REACHABLE);
}

static void asked_ip6(void **state)
{
    struct talk *t = *state;

    hear(t, "3333ff000001" "020000000007" ND IP6("07") GROUP("01") "87007d8d00000000" IP6("01")
         "0101" "020000000007");
    says(t, "020000000007" MAC_1 ND IP6("01") IP6("07") "88001c9760000000" IP6("01")
         "0201" MAC_1);
    assert_int_equal(state_of(t, "fd00::7"), NUD_DELAY);
    /* Is the address free? No. */
    hear(t, "3333ff000001" "020000000007" "86dd" "6000000000183aff"
         "00000000000000000000000000000000" GROUP("01") "87007da500000000" IP6("01"));
    says(t, "333300000001" MAC_1 ND IP6("01") "ff020000000000000000000000000001"
         "88005a9b20000000" IP6("01") "0201" MAC_1);
    /* Not from this link. */
    hear(t, "3333ff000001" "020000000008" "86dd" "6000000000203a40" IP6("08") GROUP("01")
         "87007d8b00000000" IP6("01") "0101" "020000000008");
    says_nothing(t);
    assert_int_equal(state_of(t, "fd00::8"), -1);
}

#define TALK_TEST(name) cmocka_unit_test_setup_teardown(name, open_talk, close_talk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALK_TEST(nobody_answers), TALK_TEST(answered),    TALK_TEST(queue_is_bounded),
        TALK_TEST(device_goes_down), TALK_TEST(no_question), TALK_TEST(asked),
        TALK_TEST(hardly_believed), TALK_TEST(asks_ip6),   TALK_TEST(asked_ip6),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
