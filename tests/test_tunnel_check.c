/* test_tunnel_check.c - which tunnel ports and devices one namespace cannot have together; Linux 6.1's answers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/tunnel_tools.h"

#define P4789 { 0x12, 0xb5 }
#define P6081 { 0x17, 0xc1 }
#define REMOTE { 10, 0, 0, 2 }
#define OTHER { 10, 0, 0, 3 }
#define MOST_VALUES 8
#define DOWN true

struct step {
    const char *kind;           /* of a device; "vxlan port" and so on: of a port */
    struct link_value values[MOST_VALUES];
    bool is_down;               /* the device is made, and stays so */
    int error;                  /* of making it, or bringing it up */
};

#define VXLAN_EXTERNAL "vxlan", { { IFLA_VXLAN_COLLECT_METADATA, { 1 } }, { IFLA_VXLAN_PORT, P4789 } }
#define VXLAN(id, remote)                                                                         \
    "vxlan", { { IFLA_VXLAN_ID, { id } }, { IFLA_VXLAN_GROUP, remote }, { IFLA_VXLAN_PORT, P4789 } }
#define GENEVE_EXTERNAL "geneve", { { IFLA_GENEVE_COLLECT_METADATA, { 1 } } }
#define GENEVE(id, remote) "geneve", { { IFLA_GENEVE_ID, { id } }, { IFLA_GENEVE_REMOTE, remote } }
#define GRE_EXTERNAL(kind) kind, { { IFLA_GRE_COLLECT_METADATA, { 1 } } }
#define GRETAP(key)                                                                               \
    "gretap", { { IFLA_GRE_REMOTE, REMOTE }, { IFLA_GRE_IFLAGS, { 0x20 } },                       \
                { IFLA_GRE_IKEY, { 0, 0, 0, key } } }
#define PORT(line) "port br0 " line, { { 0 } }

static int run(struct lab *lab, const struct step *s, const char *name)
{
    g_autofree char *line = NULL;
    GString *out;
    int rc;

    if (!g_str_has_prefix(s->kind, "port "))
        return (s->is_down ? try_link_down : try_link)(lab, s->kind, name, s->values);
    out = g_string_new(NULL);
    line = g_strdup_printf("port br0 %s %s", name, s->kind + strlen("port br0 "));
    rc = scenario_do(lab->sim, line, out, &lab->e);
    g_string_free(out, TRUE);
    return rc;
}

/* In turn, devices and ports t0, t1, ... */
static void run_all(struct lab *lab, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("t%zu", i);
        int rc = run(lab, &steps[i], name);

        if (rc != -steps[i].error)
            fail_msg("step %zu (%s): %d (%s), not %d", i, steps[i].kind, rc, lab->e.text,
                     -steps[i].error);
        if (rc)
            assert_null(dev(lab, name));
    }
}

#define RUN(...)                                                                                  \
    do {                                                                                          \
        static const struct step steps[] = { __VA_ARGS__ };                                       \
        run_all(*state, steps, G_N_ELEMENTS(steps));                                              \
    } while (0)

/* A socket is shared only by devices that want the same of it; being down, none has it. */
static void vxlan_socket(void **state)
{
    RUN({ VXLAN(7, REMOTE), false, 0 },
        { PORT("type=vxlan dst_port=4789"), false, EADDRINUSE },
        { VXLAN_EXTERNAL, false, EADDRINUSE },
        { VXLAN(8, REMOTE), false, 0 },
        { PORT("type=geneve dst_port=4789"), false, EADDRINUSE },
        { PORT("type=vxlan dst_port=4790"), false, 0 });
}

static void vxlan_port(void **state)
{
    RUN({ VXLAN_EXTERNAL, DOWN, 0 },
        { PORT("type=vxlan dst_port=4789"), false, 0 },
        { PORT("type=vxlan dst_port=4789"), false, EEXIST },
        { VXLAN(7, REMOTE), false, EADDRINUSE });
    assert_int_equal(device_change_flags(dev(*state, "t0"), IFF_UP, NULL), -EADDRINUSE);
    assert_false(dev(*state, "t0")->dev.is_up);
    device_del(dev(*state, "t1"));
    assert_int_equal(device_change_flags(dev(*state, "t0"), IFF_UP, NULL), 0);
}

static void vxlan_twins(void **state)
{
    RUN({ VXLAN(7, REMOTE), DOWN, 0 },
        { VXLAN(7, OTHER), DOWN, EEXIST });
    assert_string_equal(((struct lab *)*state)->e.text,
                        "A VXLAN device with the specified VNI already exists.");
    assert_true(((struct lab *)*state)->e.to_client);
}

static void geneve_twins(void **state)
{
    RUN({ GENEVE(7, REMOTE), DOWN, 0 },
        { GENEVE(7, OTHER), DOWN, 0 },
        { GENEVE(8, REMOTE), DOWN, 0 },
        { GENEVE(7, REMOTE), DOWN, EBUSY },
        { GENEVE_EXTERNAL, DOWN, EPERM },
        { PORT("type=geneve dst_port=6081"), false, EPERM },
        { PORT("type=geneve dst_port=6082"), false, 0 });
}

static void geneve_port(void **state)
{
    RUN({ PORT("type=geneve dst_port=6081"), false, 0 },
        { PORT("type=geneve dst_port=6081"), false, EBUSY },
        { GENEVE_EXTERNAL, DOWN, EBUSY },
        { GENEVE(7, REMOTE), DOWN, EPERM });
    assert_string_equal(((struct lab *)*state)->e.text, "There already exists an externally "
                        "controlled device on this destination port.");
}

static void gre_twins(void **state)
{
    RUN({ GRETAP(5), DOWN, 0 },
        { GRETAP(5), DOWN, EEXIST },
        { GRETAP(6), DOWN, 0 },
        { GRE_EXTERNAL("gretap"), DOWN, 0 },
        { GRE_EXTERNAL("gretap"), DOWN, EEXIST },
        { PORT("type=gre"), false, EEXIST },
        { GRE_EXTERNAL("erspan"), DOWN, 0 },
        { GRE_EXTERNAL("erspan"), DOWN, EEXIST },
        { GRE_EXTERNAL("ip6gretap"), DOWN, 0 },
        { GRE_EXTERNAL("ip6gretap"), DOWN, EEXIST },
        { GRE_EXTERNAL("ip6erspan"), DOWN, 0 });
}

static void gre_port(void **state)
{
    RUN({ PORT("type=gre"), false, 0 },
        { GRE_EXTERNAL("gretap"), DOWN, EEXIST },
        { GRETAP(5), false, 0 });
}

/* MTUs of new devices. */
static void mtus(void **state)
{
    static const struct {
        struct step device;
        uint32_t mtu;
    } rows[] = {
        { { VXLAN_EXTERNAL, DOWN, 0 }, 1500 },
        { { GENEVE(7, REMOTE), DOWN, 0 }, 1450 },
        { { GENEVE_EXTERNAL, DOWN, 0 }, 65465 },
        { { "gretap", { { IFLA_GRE_REMOTE, REMOTE } }, DOWN, 0 }, 1462 },
        { { "gretap", { { IFLA_GRE_REMOTE, REMOTE }, { IFLA_GRE_OFLAGS, { 0x20 } } }, DOWN, 0 },
          1458 },
        { { "erspan", { { IFLA_GRE_REMOTE, REMOTE }, { IFLA_GRE_ERSPAN_VER, { 2 } } }, DOWN, 0 },
          1446 },
        { { GRE_EXTERNAL("erspan"), DOWN, 0 }, 1450 },
        { { GRE_EXTERNAL("ip6gretap"), DOWN, 0 }, 1434 },
        { { GRE_EXTERNAL("ip6erspan"), DOWN, 0 }, 1422 },
    };
    struct lab *lab = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_int_equal(run(lab, &rows[i].device, "t0"), 0);
        assert_int_equal(dev(lab, "t0")->dev.mtu, rows[i].mtu);
        device_del(dev(lab, "t0"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOST_TEST(vxlan_socket), HOST_TEST(vxlan_port), HOST_TEST(vxlan_twins),
        HOST_TEST(geneve_twins), HOST_TEST(geneve_port), HOST_TEST(gre_twins),
        HOST_TEST(gre_port),     HOST_TEST(mtus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
