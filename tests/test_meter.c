/* test_meter.c - meters: slots, rates, commands; ct_limit's commands. Catalogue 10, 09.7.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim_tools.h"

/* ---- the table ------------------------------------------------------------------------------- */

static int insert(struct meter_table *t, uint32_t id)
{
    struct meter *m = g_new0(struct meter, 1);
    int err;

    m->id = id;
    err = meter_insert(t, &m, NULL);
    g_free(m);
    return err;
}

/* One meter a slot; slots are ids modulo 1024, and keep their index when there are more. */
static void test_slots(void **state)
{
    struct meter_table t;

    (void)state;
    meter_table_init(&t);
    assert_int_equal(insert(&t, 1), 0);
    assert_int_equal(insert(&t, 1025), -EBUSY);
    assert_int_equal(insert(&t, 1030), 0);
    for (uint32_t id = 0; t.n_meters < 1024; id++)
        (void)insert(&t, id);
    assert_int_equal(t.n_slots, 2048);
    assert_null(meter_find(&t, 1030));      /* lies at 6, is looked for at 1030 */
    assert_int_equal(insert(&t, 6), -EBUSY);
    assert_int_equal(insert(&t, 1030), 0);
    for (uint32_t id = 0; id < 1024; id++)
        g_free(meter_remove(&t, id));
    g_free(meter_remove(&t, 1030));
    assert_int_equal(t.n_slots, 1024);
    assert_non_null(meter_find(&t, 1030));  /* found again in the small table */
    meter_table_done(&t);
}

/* The worked example of the catalogue: 10 packets/s, burst 2. */
static void test_rate(void **state)
{
    static const struct {
        uint64_t ms;
        bool exceeds;
        uint64_t bucket;
    } steps[] = {
        {0, false, 1000}, {0, false, 0}, {50, true, 500}, {100, false, 0}, {900, false, 1000},
    };
    struct meter m = {.has_band = true, .band = {OVS_METER_BAND_TYPE_DROP, .rate = 10, .burst = 2}};

    (void)state;
    meter_start(&m, 5000);
    assert_int_equal(m.max_delta_ms, 200);
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        assert_int_equal(meter_exceeds(&m, 60, 5000 + steps[i].ms), steps[i].exceeds);
        assert_int_equal(m.band.bucket, steps[i].bucket);
    }
    assert_int_equal(m.stats.n_packets, 5);
    assert_int_equal(m.band.stats.n_packets, 1);
    assert_int_equal(m.band.stats.n_bytes, 60);
}

/* A rate above a thousand bursts never refills; a band that is not "drop" only counts. */
static void test_odd_rates(void **state)
{
    struct meter fast = {.has_band = true, .band = {OVS_METER_BAND_TYPE_DROP, 1000000, 1}};
    struct meter other = {.has_band = true, .band = {.type = 7, .rate = 1, .burst = 0}};
    struct meter kbps = {.has_band = true, .is_kbps = true, .band = {1, 1, 1}};

    (void)state;
    meter_start(&fast, 0);
    assert_false(meter_exceeds(&fast, 60, 0));
    assert_true(meter_exceeds(&fast, 60, 100000));
    meter_start(&other, 0);
    assert_false(meter_exceeds(&other, 60, 0));
    assert_int_equal(other.band.stats.n_packets, 1);
    meter_start(&kbps, 0);                          /* 1000 bits: two packets of 60 bytes */
    assert_false(meter_exceeds(&kbps, 60, 0));
    assert_false(meter_exceeds(&kbps, 60, 0));
    assert_true(meter_exceeds(&kbps, 60, 0));
}

/* ---- commands ---------------------------------------------------------------------------------- */

static int meter_cmd(struct lab *lab, uint8_t cmd, uint32_t id)
{
    lab_begin(lab, OVS_METER_FAMILY, cmd, 0);
    attr_put(lab->request, OVS_METER_ATTR_ID, &id, sizeof(id));
    return lab_call(lab);
}

static int meter_set(struct lab *lab, uint32_t id, uint32_t rate, uint32_t burst, bool clear)
{
    uint32_t type = OVS_METER_BAND_TYPE_DROP;
    size_t bands, band;

    lab_begin(lab, OVS_METER_FAMILY, OVS_METER_CMD_SET, 0);
    attr_put(lab->request, OVS_METER_ATTR_ID, &id, sizeof(id));
    if (clear)
        attr_put(lab->request, OVS_METER_ATTR_CLEAR, NULL, 0);
    bands = attr_nest_begin(lab->request, OVS_METER_ATTR_BANDS);
    band = attr_nest_begin(lab->request, 1);
    attr_put(lab->request, OVS_BAND_ATTR_TYPE, &type, sizeof(type));
    attr_put(lab->request, OVS_BAND_ATTR_RATE, &rate, sizeof(rate));
    attr_put(lab->request, OVS_BAND_ATTR_BURST, &burst, sizeof(burst));
    attr_nest_end(lab->request, band);
    attr_nest_end(lab->request, bands);
    return lab_call(lab);
}

/* Setting a meter again tells the old one, its id twice, unless that had CLEAR. */
static void test_commands(void **state)
{
    struct lab *lab = *state;

    assert_int_equal(meter_cmd(lab, OVS_METER_CMD_GET, 1), -ENOENT);
    assert_int_equal(meter_cmd(lab, OVS_METER_CMD_DEL, 1), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "");
    assert_int_equal(meter_set(lab, 1, 0, 1, false), -EINVAL);
    assert_int_equal(meter_set(lab, 1, 10, 1, false), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "1");
    assert_int_equal(meter_set(lab, 1025, 10, 1, false), -EBUSY);
    assert_int_equal(meter_set(lab, 1, 10, 1, true), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "1 1 3 5 4");
    assert_int_equal(meter_set(lab, 1, 10, 1, true), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "1");
    assert_int_equal(meter_cmd(lab, OVS_METER_CMD_DEL, 1), 0);
    assert_string_equal(attr_types(lab_answer(lab)), "1 3 5 4");
}

/* What exceeds the rate is dropped and counted; an unknown meter lets pass. */
static void test_action(void **state)
{
    struct lab *lab = *state;
    const char *send = "send p1 0200000000020200000000011234000000000000000000000000000000000000";

    assert_int_equal(meter_set(lab, 1, 10, 1, false), 0);
    lab_do(lab, "flow br0 in_port(p1),eth(),eth_type(0x1234) meter(1),meter(99),p2");
    lab_do(lab, send);
    lab_do(lab, send);
    assert_int_equal(device_by_name(lab->ns, "p2")->n_tx, 1);
    assert_int_equal(dp_world_account(lab->sim->dp)->n_drop[DROP_METER], 1);
    lab_do(lab, "advance 100ms");
    lab_do(lab, send);
    assert_int_equal(device_by_name(lab->ns, "p2")->n_tx, 2);
}

/* ---- ct_limit ------------------------------------------------------------------------------------ */

static int limit_cmd(struct lab *lab, uint8_t cmd, const struct ovs_zone_limit *z, size_t n)
{
    lab_begin(lab, OVS_CT_LIMIT_FAMILY, cmd, 0);
    if (z)
        attr_put(lab->request, OVS_CT_LIMIT_ATTR_ZONE_LIMIT, z, n * sizeof(*z));
    return lab_call(lab);
}

static void assert_limits(const struct lab *lab, const struct ovs_zone_limit *want, size_t n)
{
    const struct nlattr *a = local_attr(lab_answer(lab), OVS_CT_LIMIT_ATTR_ZONE_LIMIT);

    assert_non_null(a);
    assert_int_equal(mnl_attr_get_payload_len(a), n * sizeof(*want));
    assert_memory_equal(mnl_attr_get_payload(a), want, n * sizeof(*want));
}

static void test_ct_limits(void **state)
{
    static const struct ovs_zone_limit set[] = {{-1, 5, 0}, {1, 2, 0}, {513, 3, 0}, {70000, 9, 0}};
    static const struct ovs_zone_limit all[] = {{-1, 5, 0}, {513, 3, 0}, {1, 2, 0}};
    static const struct ovs_zone_limit some[] = {{7, 5, 0}, {1, 2, 0}};
    static const struct ovs_zone_limit none[] = {{-1, 0, 0}, {513, 3, 0}};
    struct lab *lab = *state;

    assert_int_equal(limit_cmd(lab, OVS_CT_LIMIT_CMD_SET, NULL, 0), -EINVAL);
    assert_int_equal(limit_cmd(lab, OVS_CT_LIMIT_CMD_SET, set, G_N_ELEMENTS(set)), 0);
    assert_int_equal(limit_cmd(lab, OVS_CT_LIMIT_CMD_GET, NULL, 0), 0);
    assert_limits(lab, all, G_N_ELEMENTS(all));     /* by zone modulo 512, the newest first */
    assert_int_equal(limit_cmd(lab, OVS_CT_LIMIT_CMD_GET, some, G_N_ELEMENTS(some)), 0);
    assert_limits(lab, some, G_N_ELEMENTS(some));   /* an unset zone has the default */
    assert_int_equal(limit_cmd(lab, OVS_CT_LIMIT_CMD_DEL, set, 2), 0);
    assert_int_equal(limit_cmd(lab, OVS_CT_LIMIT_CMD_GET, NULL, 0), 0);
    assert_limits(lab, none, G_N_ELEMENTS(none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots), cmocka_unit_test(test_rate), cmocka_unit_test(test_odd_rates),
        LAB_TEST(test_commands),      LAB_TEST(test_action),       LAB_TEST(test_ct_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
