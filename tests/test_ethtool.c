/* test_ethtool.c - SIOCETHTOOL as the drivers of 6.1's devices answer it. SPDX-License-Identifier: Apache-2.0 */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>

#include "sim/client_int.h"
#include "tests/sim_tools.h"

static int ask(const struct lab *lab, const char *device, uint32_t cmd, struct proto_if *io)
{
    *io = (struct proto_if){ .value = cmd };
    g_strlcpy(io->name, device, sizeof(io->name));
    return client_ioctl(lab->ns, SIOCETHTOOL, io);
}

static void make(struct lab *lab, const char *kind)
{
    struct device *d = device_add(lab->ns, kind, NETDEV_VIRTUAL, 0, NULL);

    assert_non_null(d);
    d->kind = rt_kind_by_name(kind);
    assert_non_null(d->kind);
}

static void test_drivers(void **state)
{
    static const struct {
        const char *device, *driver, *version;
    } want[] = {
        { "p1", "veth", "1.0" },          { "br0", "openvswitch", "6.1.0-56-cloud-amd64" },
        { "vxlan", "vxlan", "0.1" },      { "geneve", "geneve", "0.6" },
        { "dummy", "dummy", "6.1.0-56-cloud-amd64" },
        { "gretap", "gretap", "6.1.0-56-cloud-amd64" },
    };
    struct lab *lab = *state;
    struct proto_if io;

    for (size_t i = 2; i < G_N_ELEMENTS(want); i++)
        make(lab, want[i].device);
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
        assert_int_equal(ask(lab, want[i].device, ETHTOOL_GDRVINFO, &io), 0);
        assert_string_equal(io.text, want[i].driver);
        assert_string_equal(io.version, want[i].version);
    }
    assert_int_equal(ask(lab, "lo", ETHTOOL_GDRVINFO, &io), -EOPNOTSUPP);
}

static void test_links(void **state)
{
    struct lab *lab = *state;
    struct proto_if io;

    assert_int_equal(ask(lab, "p1", ETHTOOL_GSET, &io), 0);
    assert_int_equal(io.value, SPEED_10000);
    assert_int_equal(io.duplex, DUPLEX_FULL);
    assert_int_equal(ask(lab, "br0", ETHTOOL_GSET, &io), -EOPNOTSUPP);
    assert_int_equal(ask(lab, "p1", ETHTOOL_GLINK, &io), 0);
    assert_int_equal(io.value, 1);
    lab_do(lab, "down p1");
    assert_int_equal(ask(lab, "p1", ETHTOOL_GLINK, &io), 0);
    assert_int_equal(io.value, 0);
    make(lab, "dummy");
    assert_int_equal(ask(lab, "dummy", ETHTOOL_GLINK, &io), -EOPNOTSUPP);
    assert_int_equal(ask(lab, "p1", ETHTOOL_GFLAGS, &io), 0);
    assert_int_equal(io.value, ETH_FLAG_TXVLAN | ETH_FLAG_RXVLAN);
    assert_int_equal(ask(lab, "p1", ETHTOOL_GMSGLVL, &io), -EOPNOTSUPP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_drivers),
        LAB_TEST(test_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
