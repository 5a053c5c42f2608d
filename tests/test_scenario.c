/* test_scenario.c - scenario commands: what they do, and what they say when they cannot.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "sim/device.h"
#include "sim/local.h"
#include "sim/pcap_out.h"
#include "sim/scenario.h"
#include "sim/summary.h"

/* 10.0.0.1 to 10.0.0.2, UDP. */
#define UDP                                                                                       \
    "0a00000000020a0000000001080045000021000140004011e6c80a0000010a00000203e807d0000d0000"        \
    "647073696d00000000000000000000000000"

struct test {
    struct sim *sim;
    GString *out;
    struct err e;
    char *folder;
};

static int setup(void **state)
{
    struct test *t = g_new0(struct test, 1);

    t->sim = sim_new(NULL);
    t->out = g_string_new(NULL);
    t->folder = g_dir_make_tmp("dpsim-scenario-XXXXXX", NULL);
    *state = t;
    return t->folder ? 0 : -1;
}

static int teardown(void **state)
{
    struct test *t = *state;
    GDir *dir = g_dir_open(t->folder, 0, NULL);
    const char *name;

    sim_free(t->sim);
    while (dir && (name = g_dir_read_name(dir))) {
        char *path = g_build_filename(t->folder, name, NULL);

        (void)g_remove(path);
        g_free(path);
    }
    g_dir_close(dir);
    (void)g_rmdir(t->folder);
    g_free(t->folder);
    g_string_free(t->out, TRUE);
    g_free(t);
    return 0;
}

static int try(struct test *t, const char *line)
{
    memset(&t->e, 0, sizeof(t->e));
    return scenario_do(t->sim, line, t->out, &t->e);
}

static void must(struct test *t, const char *line)
{
    if (try(t, line))
        fail_msg("%s: %s", line, t->e.text);
}

/* The line fails with a sentence that holds 'part'. */
static void refuse(struct test *t, const char *line, const char *part)
{
    if (!try(t, line))
        fail_msg("%s: succeeded", line);
    if (!strstr(t->e.text, part))
        fail_msg("%s: %s", line, t->e.text);
}

static char *path_of(const struct test *t, const char *name)
{
    return g_build_filename(t->folder, name, NULL);
}

static void write_file(const struct test *t, const char *name, const char *text)
{
    char *path = path_of(t, name);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    g_free(path);
}

/* 'n' frames at a distance of 1 ms. */
static void write_pcap(const struct test *t, const char *name, unsigned n)
{
    static const uint8_t frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x12, 0x34 };
    char *path = path_of(t, name);
    struct pcap_out *out = pcap_out_open(path, NULL);

    for (unsigned i = 0; i < n; i++)
        pcap_out_put(out, i * UINT64_C(1000000), frame, sizeof(frame));
    assert_int_equal(pcap_out_close(out, NULL), 0);
    g_free(path);
}

static int run_file(struct test *t, const char *name)
{
    char *path = path_of(t, name);
    int r;

    memset(&t->e, 0, sizeof(t->e));
    r = scenario_run_file(t->sim, path, &t->e);
    g_free(path);
    return r;
}

static void a_flow_forwards_a_frame(void **state)
{
    struct test *t = *state;

    must(t, "dp br0; port br0 p1; port br0 p2 no=7");
    must(t, "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) p2");
    must(t, "send p1 " UDP);
    must(t, "expect p2 packets=1 bytes=60");
    must(t, "expect-flow br0 in_port(1),eth(),eth_type(0x0800),ipv4(frag=no) packets=1 actions=7");
    must(t, "expect-stats br0 hit=1 missed=0 flows=1");
    refuse(t, "expect p2 packets=2", "p2 has packets=1, not 2");
    refuse(t, "expect-stats br0 hit=2 missed=1", "br0 has hit=1, not 2, missed=0, not 1");
    refuse(t, "expect-flow br0 in_port(p2),eth(),eth_type(0x0800)", "none of the 1 flows");
    refuse(t, "expect-flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) actions=drop",
           "the flow has actions=p2, not drop");
    must(t, "mod-flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) drop");
    must(t, "dump-flows br0");
    assert_non_null(strstr(t->out->str, "packets:1, bytes:60, used:0.000s, actions:drop\n"));
    assert_int_equal(sim_check_account(t->sim, &t->e), 0);
}

static void a_packet_is_executed(void **state)
{
    struct test *t = *state;

    must(t, "dp br0; port br0 p1; port br0 p2");
    must(t, "execute br0 in_port=p1 " UDP " push_vlan(vid=5,pcp=0),p2");
    must(t, "expect p2 packets=1 bytes=64");
    refuse(t, "execute br0 in_port=p9 " UDP " p2", "in_port=");
    refuse(t, "execute br0 in_port=1 0a0 p2", "two hexadecimal digits");
    must(t, "execute br0 in_port=1 0a0b p2 !ERANGE");
}

static void expected_errors_are_the_datapaths(void **state)
{
    struct test *t = *state;

    must(t, "dp br0");
    must(t, "dp br0 !EEXIST");
    refuse(t, "dp br0", "EEXIST: dp: ");
    refuse(t, "dp br1 !EEXIST", "EEXIST was expected, but the command succeeded");
    refuse(t, "dp br0 !EINVAL", "EINVAL was expected, the answer is EEXIST");
    /* A wrong line is not what was expected, whatever its number. */
    refuse(t, "flow br0 in_port(1),nonsense(1) drop !EINVAL", "column");
    refuse(t, "port br0 !EINVAL", "a port's name is missing");
}

static void wrong_lines_are_explained(void **state)
{
    struct test *t = *state;

    must(t, "");
    must(t, "   # nothing");
    must(t, "+0 # time only");
    refuse(t, "frobnicate x", "frobnicate is no command");
    refuse(t, "+5 dp br0", "column 2: not a time");
    refuse(t, "dp", "column 3: a name is missing");
    refuse(t, "dp", "(usage: dp NAME [down])");
    refuse(t, "dp br0 up", "column 8: \"up\" is one argument too many");
    refuse(t, "dp a; dp", "column 9");
    refuse(t, "send p1 00", "there is no device p1");
    refuse(t, "show lo x", "one argument too many");
    refuse(t, "del-flows lo", "device lo is no datapath");
    refuse(t, "port a p1; mtu p1 1", "less than device minimum");
    refuse(t, "port a p1 no=x", "no=");
    refuse(t, "trace maybe", "neither on nor off");
    refuse(t, "upcall a maybe", "neither drop nor normal");
    refuse(t, "inject lo missing.pcap", "missing.pcap: cannot be read");
    refuse(t, "inject lo missing.pcap first=0", "counted from first=1");
    refuse(t, "record lo /nonexistent/x", "cannot be written");
}

static void time_passes_before_a_command(void **state)
{
    struct test *t = *state;

    must(t, "+1ms dp br0; +2us dp br1; advance 1s");
    assert_int_equal(t->sim->clock.now_ns - SIM_START_NS, 1001002000);
}

static void frames_are_fed_at_their_distance(void **state)
{
    struct test *t = *state;

    write_pcap(t, "in.pcap", 5);
    write_file(t, "x.scn", "dp br0; port br0 p1; port br0 p2\n"
                           "flow br0 in_port(p1),eth(),eth_type(0x1234) p2\n"
                           "inject p1 in.pcap\n"
                           "inject p2 in.pcap count=3\n"
                           "expect p2 packets=1\n"
                           "advance 2500us\n"
                           "expect p2 packets=3\n"
                           "inject p1 in.pcap count=0\n");
    if (run_file(t, "x.scn"))
        fail_msg("%s", t->e.text);
    must(t, "expect p2 packets=5; expect-stats br0 hit=5 missed=3");
    assert_int_equal(t->sim->clock.now_ns - SIM_START_NS, 4000000);
}

static void a_part_of_a_file_is_fed(void **state)
{
    struct test *t = *state;

    write_pcap(t, "in.pcap", 5);
    write_file(t, "x.scn", "dp br0; port br0 p1\n"
                           "inject p1 in.pcap first=4\n"
                           "inject p1 in.pcap first=2 count=1\n"
                           "inject p1 in.pcap first=6\n");
    if (run_file(t, "x.scn"))
        fail_msg("%s", t->e.text);
    must(t, "expect-stats br0 missed=3");
    assert_int_equal(t->sim->clock.now_ns - SIM_START_NS, 1000000);
}

static void a_damaged_file_loses_nothing_before_the_damage(void **state)
{
    struct test *t = *state;
    char *path = path_of(t, "in.pcap"), *bytes;
    gsize len;

    write_pcap(t, "in.pcap", 3);
    assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    assert_true(g_file_set_contents(path, bytes, (gssize)len - 1, NULL));
    write_file(t, "x.scn", "dp br0; port br0 p1\ninject p1 in.pcap\nrun\n");
    assert_int_equal(run_file(t, "x.scn"), -EBADMSG);
    assert_non_null(strstr(t->e.text, "x.scn:3: run: "));
    assert_non_null(strstr(t->e.text, "in.pcap: packet 3: truncated"));
    must(t, "expect-stats br0 missed=2");
    g_free(bytes);
    g_free(path);
}

static void an_injection_ends_with_its_device(void **state)
{
    struct test *t = *state;

    write_pcap(t, "in.pcap", 3);
    write_file(t, "x.scn", "dp br0; port br0 p1\ninject p1 in.pcap\ndel-device p1\n");
    assert_int_equal(run_file(t, "x.scn"), -ENODEV);
}

static void errors_name_file_and_line(void **state)
{
    struct test *t = *state;

    write_file(t, "x.scn", "# a test\n\ndp br0\n  dp br0   # again\n");
    assert_int_equal(run_file(t, "x.scn"), -EEXIST);
    assert_non_null(strstr(t->e.text, "/x.scn:4: EEXIST: dp: "));
    assert_int_equal(run_file(t, "missing.scn"), -ENOENT);
    assert_non_null(strstr(t->e.text, "missing.scn"));
}

static void a_failed_recording_is_told(void **state)
{
    struct test *t = *state;

    if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS))
        skip();
    write_file(t, "x.scn", "dp br0; port br0 p1; record p1 /dev/full\n"
                           "execute br0 in_port=1 " UDP " 1\n");
    assert_int_equal(run_file(t, "x.scn"), -ENOSPC);
    assert_int_equal(scenario_finish(t->sim, &t->e), -ENOSPC);
    assert_int_equal(scenario_finish(t->sim, &t->e), 0);
}

static void every_datapath_gets_an_upcall_handler(void **state)
{
    struct test *t = *state;

    must(t, "dp br0; port br0 p0; upcall drop; dp br1; port br1 p1");
    must(t, "send p0 " UDP "; send p1 " UDP "; send br1 " UDP);
    must(t, "expect-stats br0 missed=1 lost=0 flows=1");
    must(t, "expect-stats br1 missed=2 lost=0 flows=2");
    /* The handler goes with its datapath. */
    must(t, "del-dp br1; dp br1; send br1 " UDP "; expect-stats br1 missed=1 lost=0 flows=1");
    must(t, "upcall br1 normal; del-flows br1; port br1 p2; send p2 " UDP);
    must(t, "expect br1 packets=1");
    assert_int_equal(sim_check_account(t->sim, &t->e), 0);
}

static void per_cpu_dispatch_does_not_deafen_a_handler(void **state)
{
    struct test *t = *state;
    GByteArray *req = g_byte_array_new();
    uint32_t features = OVS_DP_F_UNALIGNED | OVS_DP_F_DISPATCH_UPCALL_PER_CPU;
    struct local l;
    size_t msg;

    must(t, "dp br0; port br0 p1; upcall drop");
    /* What opening the datapath with ovs-dpctl does, even for "show". */
    local_init(&l, sim_root_ns(t->sim));
    msg = local_begin(&l, req, OVS_DATAPATH_FAMILY, OVS_DP_CMD_SET, 0,
                      device_by_name(sim_root_ns(t->sim), "br0")->dev.ifindex);
    attr_put(req, OVS_DP_ATTR_USER_FEATURES, &features, sizeof(features));
    local_end(req, msg);
    assert_int_equal(local_call(&l, req, NULL, NULL, &t->e), 0);
    g_byte_array_free(req, TRUE);
    local_done(&l);
    must(t, "advance 0; send p1 " UDP "; expect-stats br0 missed=1 lost=0 flows=1");
}

static void waiting_lets_time_pass_until_it_is_true(void **state)
{
    struct test *t = *state;

    must(t, "dp br0; port br0 p1; port br0 p2; link p1 p2 delay=2s");
    must(t, "flow br0 in_port(p2),eth(),eth_type(0x88b5) drop");
    must(t, "execute br0 in_port=br0 0a00000000020a000000000188b50000 p1");
    refuse(t, "wait 1s expect-flow br0 in_port(p2),eth(),eth_type(0x88b5) packets=1", "packets=0, not 1");
    must(t, "wait expect-flow br0 in_port(p2),eth(),eth_type(0x88b5) packets=1");
    assert_int_equal(t->sim->clock.now_ns - SIM_START_NS, 2 * UINT64_C(1000000000));
    refuse(t, "wait expect p1 packets=2", "packets=1, not 2");
    refuse(t, "wait 1s", "the command is missing");
}

static void a_trace_is_written(void **state)
{
    struct test *t = *state;
    char *path = path_of(t, "trace.txt"), *line, *text;

    line = g_strdup_printf("trace on %s; +1ms dp br0; dp br0 !EEXIST; trace off", path);
    must(t, line);
    must(t, "send br0 " UDP);
    must(t, "trace on; send br0 " UDP);
    assert_int_equal(scenario_finish(t->sim, &t->e), 0);
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_true(g_str_has_prefix(text, "0.001000000 > dp br0\n0.001000000 > dp br0 !EEXIST\n"));
    assert_non_null(strstr(text, "0.001000000 ovs_vport_receive "));
    assert_null(strstr(strstr(text, "ovs_vport_receive ") + 1, "ovs_vport_receive "));
    g_free(text);
    g_free(line);
    g_free(path);
}

/* Where files are not the scenario's own, it has none: neither to read nor to make. */
static void files_can_be_refused(void **state)
{
    struct test *t = *state;

    write_pcap(t, "in.pcap", 1);
    scenario_set_output(t->sim, t->folder);
    scenario_set_files(t->sim, &scenario_no_files);
    must(t, "dp br0; port br0 p1");
    refuse(t, "record p1 out.pcap", "out.pcap: no file may be written here");
    refuse(t, "inject p1 in.pcap", "in.pcap: no file may be read here");
    refuse(t, "trace on steps", "steps: no file may be written here");
    refuse(t, "trace on", "no file may be written here");
    scenario_set_files(t->sim, NULL);
    must(t, "record p1 out.pcap");
}

/* A frame that circles does not do so for ever: time stands still, and waiting ends. */
static void events_can_be_limited(void **state)
{
    const struct sim_options options = { .most_events = 100 };
    struct test *t = *state;

    sim_free(t->sim);
    t->sim = sim_new(&options);
    must(t, "dp br0; port br0 p1; port br0 p2; link p1 p2 delay=1us");
    must(t, "flow br0 in_port(1),eth(),eth_type(0x88b5) 1,2; flow br0 in_port(2),eth(),eth_type(0x88b5) 1,2");
    must(t, "execute br0 in_port=1 02000000000202000000000188b5 2");
    refuse(t, "advance 1s", "the last event has happened that was allowed to");
    assert_true(t->sim->clock.now_ns < SIM_START_NS + 1000000);
    refuse(t, "wait 1s expect p1 packets=0", "p1 has packets=");
}

static void the_switch_forgets_a_station_that_moved(void **state)
{
    struct test *t = *state;

    must(t, "dp br0; port br0 p1; port br0 p2; port br0 p3; upcall br0 normal");
    must(t, "send p1 " UDP);                                    /* ...01 is behind p1 */
    must(t, "send p2 0a00000000010a00000000020800");            /* ...02 behind p2, to p1 */
    must(t, "expect p1 packets=1; expect p3 packets=1");
    must(t, "send p3 0a00000000020a00000000010800");            /* ...01 moves to p3 */
    must(t, "send p2 0a00000000010a00000000020800");
    must(t, "expect p1 packets=1; expect p3 packets=2");
}

static void help_and_show_print(void **state)
{
    struct test *t = *state;

    must(t, "device p9; up p9");
    refuse(t, "device p9", "p9 exists already");
    must(t, "help");
    assert_non_null(strstr(t->out->str, "record DEV FILE.pcap\n"));
    must(t, "dp br0; port br0 p1 type=internal down; show");
    assert_non_null(strstr(t->out->str, "  port 1: p1 (internal)\n"));
    assert_false(device_by_name(sim_root_ns(t->sim), "p1")->dev.is_up);
}

static void the_summary_adds_up(void **state)
{
    struct test *t = *state;
    char *text;

    must(t, "dp br0; port br0 p1; send p1 " UDP);
    text = sim_summary(t->sim);
    assert_non_null(strstr(text, "br0: 0 hit, 1 missed, 1 lost, 0 flows\n"));
    assert_non_null(strstr(text, "  port 1 p1: in 1 packets 60 bytes, out 0 packets 0 bytes\n"));
    assert_null(strstr(text, "BUG"));
    g_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flow_forwards_a_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(a_packet_is_executed, setup, teardown),
        cmocka_unit_test_setup_teardown(expected_errors_are_the_datapaths, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_lines_are_explained, setup, teardown),
        cmocka_unit_test_setup_teardown(time_passes_before_a_command, setup, teardown),
        cmocka_unit_test_setup_teardown(frames_are_fed_at_their_distance, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_file_loses_nothing_before_the_damage, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_part_of_a_file_is_fed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_injection_ends_with_its_device, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_name_file_and_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_recording_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(every_datapath_gets_an_upcall_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(per_cpu_dispatch_does_not_deafen_a_handler, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(waiting_lets_time_pass_until_it_is_true, setup, teardown),
        cmocka_unit_test_setup_teardown(a_trace_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(files_can_be_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(events_can_be_limited, setup, teardown),
        cmocka_unit_test_setup_teardown(the_switch_forgets_a_station_that_moved, setup, teardown),
        cmocka_unit_test_setup_teardown(help_and_show_print, setup, teardown),
        cmocka_unit_test_setup_teardown(the_summary_adds_up, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
