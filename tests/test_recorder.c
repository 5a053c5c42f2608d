/* test_recorder.c - the flight recorder has as many frames of each device as the device has counted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>

#include "sim/folder.h"
#include "sim/recorder.h"
#include "sim/trace.h"
#include "tests/sim_tools.h"

#define MOST_INTERFACES 64

/* A recording under way, and what it holds in the end. */
struct tape {
    char *folder, *path;
    struct { uint64_t in, out; } n[MOST_INTERFACES];
    char names[MOST_INTERFACES][64];
};

static void tape_start(struct tape *t, struct sim *sim)
{
    struct err e = { 0 };

    *t = (struct tape){ .folder = g_dir_make_tmp("dpsim-recorder-XXXXXX", NULL) };
    t->path = g_build_filename(t->folder, "x.pcapng", NULL);
    scenario_set_output(sim, t->folder);
    if (recorder_open(sim, t->path, &e))
        fail_msg("%s", e.text);
}

static void tape_read(struct tape *t)
{
    struct pcapng_in *in = pcapng_in_open(t->path, NULL);
    struct pcapng_record r;
    struct err e = { 0 };
    int more;

    assert_non_null(in);
    while ((more = pcapng_in_next(in, &r, &e)) > 0) {
        if (r.kind != PCAPNG_PACKET || r.link_type != PCAPNG_ETHERNET)
            continue;
        assert_true(r.interface < MOST_INTERFACES && r.direction != PCAPNG_UNKNOWN);
        t->n[r.interface].in += r.direction == PCAPNG_IN;
        t->n[r.interface].out += r.direction == PCAPNG_OUT;
        g_strlcpy(t->names[r.interface], r.name, sizeof(t->names[0]));
    }
    assert_int_equal(more, 0);
    pcapng_in_close(in);
    folder_remove(t->folder);
    g_free(t->folder);
    g_free(t->path);
}

/* What a device has counted, of which interface: taken while it lives. */
struct counted {
    unsigned interface;
    char name[64];
    uint64_t in, out;
};

static struct counted count_of(const struct device *d)
{
    const struct netdev_stats *s = &d->dev.stats;
    bool is_internal = d->dev.kind == NETDEV_INTERNAL;
    struct counted c = { .interface = d->capture,
                         .in = is_internal ? s->tx_packets : s->rx_packets,
                         .out = is_internal ? s->rx_packets : s->tx_packets };

    g_snprintf(c.name, sizeof(c.name), d->ns->id ? "%s@netns %u" : "%s", d->dev.name, d->ns->id);
    return c;
}

static GArray *count_all(const struct sim *sim)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct counted));

    for (guint i = 0; i < sim->namespaces->len; i++) {
        const struct sim_ns *ns = g_ptr_array_index(sim->namespaces, i);

        for (guint k = 0; k < ns->devices->len; k++) {
            struct counted c = count_of(g_ptr_array_index(ns->devices, k));

            g_array_append_val(all, c);
        }
    }
    return all;
}

/* The same numbers under the same names. Returns the sum. */
static uint64_t compare(const struct tape *t, const GArray *all, const char *where)
{
    uint64_t n = 0;

    for (guint i = 0; i < all->len; i++) {
        const struct counted *c = &g_array_index(all, struct counted, i);
        uint64_t in = c->interface ? t->n[c->interface].in : 0;
        uint64_t out = c->interface ? t->n[c->interface].out : 0;

        if (in != c->in || out != c->out)
            fail_msg("%s: %s has counted %u in, %u out; recorded are %u and %u", where, c->name,
                     (unsigned)c->in, (unsigned)c->out, (unsigned)in, (unsigned)out);
        if (c->interface)
            assert_string_equal(t->names[c->interface], c->name);
        n += in + out;
    }
    return n;
}

static uint64_t end(struct lab *lab, struct tape *t)
{
    GArray *all = count_all(lab->sim);
    uint64_t n;

    assert_int_equal(recorder_close(lab->sim, NULL), 0);
    tape_read(t);
    n = compare(t, all, "the lab");
    g_array_unref(all);
    return n;
}

/* ---- tests ----------------------------------------------------------------------------------- */

#define BROADCAST "ffffffffffff02000000000188b5"

static void a_device_that_is_down_counts_nothing(void **state)
{
    struct lab *lab = *state;
    struct tape t;

    tape_start(&t, lab->sim);
    lab_do(lab, "send p1 " BROADCAST);
    lab_do(lab, "down p1; send p1 " BROADCAST "; up p1; send p1 " BROADCAST);
    assert_int_equal(end(lab, &t), 2);
}

static void another_name_is_another_interface(void **state)
{
    struct lab *lab = *state;
    struct device *p1 = device_by_name(lab->ns, "p1");
    struct tape t;

    tape_start(&t, lab->sim);
    lab_do(lab, "send p1 " BROADCAST "; down p1");
    assert_int_equal(device_rename(p1, "q1", NULL), 0);
    lab_do(lab, "up q1; send q1 " BROADCAST);
    assert_int_equal(recorder_close(lab->sim, NULL), 0);
    tape_read(&t);
    assert_string_equal(t.names[1], "p1");
    assert_string_equal(t.names[2], "q1");
    assert_int_equal(t.n[1].in, 1);
    assert_int_equal(t.n[2].in, 1);
}

/* What is too long for a vxlan port comes back by it as an answer, and is counted both ways. */
static void what_a_tunnel_answers_itself_is_recorded(void **state)
{
    struct lab *lab = *state;
    g_autoptr(GString) line = g_string_new("send p1 0200000000020200000000010800450005a0000040004011");
    struct tape t;

    tape_start(&t, lab->sim);
    lab_do(lab, "device eth0; up eth0; addr eth0 10.9.0.1/24; neigh eth0 10.9.0.2 02:00:00:00:00:99");
    lab_do(lab, "mtu eth0 1000; port br0 vx type=vxlan dst_port=4789");
    lab_do(lab, "flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) "
                "set(tunnel(tun_id=7,dst=10.9.0.2,ttl=64,flags(df|key))),vx");
    for (unsigned i = 24; i < 14 + 0x5a0; i++)
        g_string_append(line, "0a");
    lab_do(lab, line->str);
    assert_int_equal(device_by_name(lab->ns, "vx")->dev.stats.rx_packets, 1);
    assert_int_equal(end(lab, &t), 3);
}

static void a_simulation_is_recorded_once(void **state)
{
    struct lab *lab = *state;
    struct err e = { 0 };
    struct tape t;

    tape_start(&t, lab->sim);
    assert_int_equal(recorder_open(lab->sim, t.path, &e), -EBUSY);
    assert_int_equal(end(lab, &t), 0);
}

static uint64_t record_fixture(const char *name)
{
    g_autofree char *scenario = g_build_filename(FIXTURES, name, "scenario.scn", NULL);
    g_autofree char *trace = NULL;
    struct sim *sim = sim_new(NULL);
    struct err e = { 0 };
    struct tape t;
    GArray *all;
    uint64_t n;

    tape_start(&t, sim);
    trace = g_build_filename(t.folder, "trace.txt", NULL);
    assert_int_equal(trace_open(sim, trace, NULL), 0);
    if (scenario_run_file(sim, scenario, &e))
        fail_msg("%s", e.text);
    all = count_all(sim);
    assert_int_equal(scenario_finish(sim, &e), 0);
    tape_read(&t);
    n = compare(&t, all, name);
    g_array_unref(all);
    sim_free(sim);
    return n;
}

/* Only dpsim test can run one that starts programs. */
static bool starts_programs(const char *scenario)
{
    g_autofree char *text = NULL;

    assert_true(g_file_get_contents(scenario, &text, NULL, NULL));
    return strstr(text, "\nexec ") || strstr(text, "\nstart ");
}

/* Tunnels, hosts, links, namespaces, internal ports: whatever the golden tests have. */
static void every_fixture_is_recorded_as_counted(void **state)
{
    GDir *folder = g_dir_open(FIXTURES, 0, NULL);
    unsigned n_fixtures = 0;
    uint64_t n = 0;
    const char *name;

    (void)state;
    assert_non_null(folder);
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *scenario = g_build_filename(FIXTURES, name, "scenario.scn", NULL);

        if (!g_file_test(scenario, G_FILE_TEST_EXISTS) || starts_programs(scenario))
            continue;
        n += record_fixture(name);
        n_fixtures++;
    }
    g_dir_close(folder);
    assert_true(n_fixtures > 10 && n > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(a_device_that_is_down_counts_nothing),
        LAB_TEST(another_name_is_another_interface),
        LAB_TEST(what_a_tunnel_answers_itself_is_recorded),
        LAB_TEST(a_simulation_is_recorded_once),
        cmocka_unit_test(every_fixture_is_recorded_as_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
