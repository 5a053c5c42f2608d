/* test_explain.c - a trace is arranged by packets, and put into words.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "sim/explain.h"
#include "sim/folder.h"
#include "sim/golden.h"

/* Two packets, the second one meets a tunnel, and a fragment that waited in vain. */
static const char trace[] =
    "0.000000000 > inject p1 in.pcap\n"
    "0.000000000 ovs_vport_receive br0 port 1 (p1) len 60\n"
    "0.000000000   ovs_flow_tbl_lookup miss masks tried 2 in_port(1)\n"
    "0.000000000   ovs_dp_upcall miss\n"
    "0.000000000 > dump-flows br0\n"
    "in_port(1),eth(), packets:0, bytes:0, used:never, actions:2\n"
    "1.000000500 ovs_vport_receive br0 port 1 (p1) len 60\n"
    "1.000000500   ovs_flow_tbl_lookup hit masks tried 1 (cached) in_port(1),key32(00 00/00 00)\n"
    "1.000000500   ovs_execute_actions in_port(1),ipv4(src=10.0.0.0/8,frag=no), actions:2,3\n"
    "1.000000500   do_execute_actions 2\n"
    "1.000000500   do_output port 2 (vx) len 60\n"
    "1.000000500   ovs_vport_receive br1 port 0 (br1) len 110\n"
    "1.000000500     ovs_flow_tbl_lookup hit masks tried 1 in_port(0)\n"
    "1.000000500     ovs_execute_actions in_port(0), actions:drop\n"
    "1.000000500     kfree_skb OVS_DROP_LAST_ACTION len 110\n"
    "1.000000500   do_execute_actions 3\n"
    "1.000000500   nf_nat_setup_info udp zone 0\n"
    "1.000000500   do_output port 3 (p3) len 60\n"
    "1.000000500   recorded p3.pcap packet 7\n"
    "31.000000500 kfree_skb FRAG_REASM_TIMEOUT len 834\n";

#define FIRST                                                                                     \
    "packet 1 at 0.000000000\n"                                                                   \
    "  received  br0 port 1 (p1) len 60, as p1:1\n"                                               \
    "  key       in_port(1)\n"                                                                    \
    "  miss      2 masks tried\n"                                                                 \
    "  upcall    miss, a client has it\n"

#define SECOND                                                                                    \
    "packet 2 at 1.000000500\n"                                                                   \
    "  received  br0 port 1 (p1) len 60, as p1:2\n"                                               \
    "  key       in_port(1),key32(00 00/00 00)\n"                                                 \
    "  hit       1 mask tried, the first one by the cache\n"                                      \
    "  flow      in_port(1),ipv4(src=10.0.0.0/8,frag=no)\n"                                       \
    "  mask      in_port, ipv4.src, ipv4.frag\n"                                                  \
    "  actions   2,3\n"                                                                           \
    "  action    2\n"                                                                             \
    "  output    port 2 (vx) len 60\n"                                                            \
    "  received  br1 port 0 (br1) len 110, as br1:1\n"                                            \
    "    key       in_port(0)\n"                                                                  \
    "    hit       1 mask tried\n"                                                                \
    "    flow      in_port(0)\n"                                                                  \
    "    mask      in_port\n"                                                                     \
    "    actions   drop\n"                                                                        \
    "    dropped   the list of actions ended without an output or upcall (OVS_DROP_LAST_ACTION)\n" \
    "  action    3\n"                                                                             \
    "            nf_nat_setup_info udp zone 0\n"                                                  \
    "  output    port 3 (p3) len 60\n"                                                            \
    "  recorded  as p3.pcap:7\n"

static void expect(const struct explain_query *q, unsigned n, const char *text)
{
    GString *out = g_string_new(NULL);

    assert_int_equal(explain_trace(trace, q, out), n);
    assert_string_equal(out->str, text);
    g_string_free(out, TRUE);
}

static void expect_query(const char *query, unsigned n, const char *text)
{
    char *copy = g_strdup(query);
    struct explain_query q;
    struct err e;

    assert_int_equal(explain_parse(copy, &q, &e), 0);
    expect(&q, n, text);
    g_free(copy);
}

static void all_ways_are_told(void **state)
{
    const struct explain_query all = { 0 };

    (void)state;
    expect(&all, 2, FIRST SECOND);
}

static void a_packet_is_found_by_number_port_and_recording(void **state)
{
    (void)state;
    expect_query("1", 1, FIRST);
    expect_query("2", 1, SECOND);
    expect_query("3", 0, "");
    expect_query("p1:2", 1, SECOND);
    expect_query("br1:1", 1, SECOND);
    expect_query("p3.pcap:7", 1, SECOND);
    expect_query("p3.pcap:1", 0, "");
}

static void packets_are_found_by_time(void **state)
{
    const struct explain_query then = { .has_time = true, .time_ns = UINT64_C(1000000500) };

    (void)state;
    expect(&then, 1, SECOND);
}

static void what_is_no_packet_is_refused(void **state)
{
    static const char *const bad[] = { "", "p1", "p1:", ":1", "0", "p1:0", "1x", "-1" };
    struct explain_query q;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *copy = g_strdup(bad[i]);
        struct err e;

        assert_int_equal(explain_parse(copy, &q, &e), -EINVAL);
        assert_non_null(strstr(e.text, "not a packet as 3, p1:3 or p2.pcap:3"));
        g_free(copy);
    }
}

/* A real run: even with the trace off, and with the flow that was nearly met. */
static void a_miss_names_the_nearest_flow(void **state)
{
    char *folder = g_dir_make_tmp("dpsim-explain-XXXXXX", NULL), *text = NULL;
    char *scenario = g_build_filename(folder, "a.scn", NULL);
    char *path = g_build_filename(folder, GOLDEN_TRACE, NULL);
    const struct golden_run run = { .test = scenario, .output = folder, .tells_all = true };
    const struct explain_query all = { 0 };
    GString *out = g_string_new(NULL);
    struct err e = { 0 };

    (void)state;
    assert_true(g_file_set_contents(scenario,
        "trace off\ndp br0; port br0 p1; port br0 p2\n"
        "flow br0 in_port(p2),eth(),eth_type(0x0806),arp() 1\n"
        "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(dst=10.1.0.0/255.255.0.0,proto=17,frag=no),udp() 2\n"
        "send p1 0a00000000020a000000000108004500001c00010000401166c10a0000010a000002"
        "0001000200080000\n", -1, NULL));
    assert_int_equal(golden_run(&run, &e), 0);
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_int_equal(explain_trace(text, &all, out), 1);
    assert_non_null(strstr(out->str,
        "  miss      2 masks tried\n"
        "  nearest   in_port(1),eth(),eth_type(0x0800),ipv4(dst=10.1.0.0/255.255.0.0,proto=17,frag=no)\n"
        "            which wants ipv4.dst 10.1.0.0/255.255.0.0, not 10.0.0.0/255.255.0.0\n"
        "  upcall    miss, lost: ENOTCONN\n"));
    g_string_free(out, TRUE);
    folder_remove(folder);
    g_free(folder);
    g_free(scenario);
    g_free(path);
    g_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_are_told),
        cmocka_unit_test(a_packet_is_found_by_number_port_and_recording),
        cmocka_unit_test(packets_are_found_by_time),
        cmocka_unit_test(what_is_no_packet_is_refused),
        cmocka_unit_test(a_miss_names_the_nearest_flow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
