/* test_ethtool.c - SIOCETHTOOL as the drivers of 6.1's devices answer it. SPDX-License-Identifier: Apache-2.0 */
#include <linux/ethtool.h>
#include <net/if.h>

#include "sim/client_int.h"
#include "tests/sim_tools.h"

/* Asks with the command alone; the answer's first bytes go to 'to', the rest of which is zeroed. */
static int ask(const struct lab *lab, const char *device, uint32_t cmd, void *to, size_t size)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();
    int rc = client_ethtool(device_by_name(lab->ns, device), (const uint8_t *)&cmd, sizeof(cmd),
                            answer);

    memset(to, 0, size);
    if (answer->len)
        memcpy(to, answer->data, MIN(size, answer->len));
    return rc;
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
    struct ethtool_drvinfo info;

    for (size_t i = 2; i < G_N_ELEMENTS(want); i++)
        make(lab, want[i].device);
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
        assert_int_equal(ask(lab, want[i].device, ETHTOOL_GDRVINFO, &info, sizeof(info)), 0);
        assert_string_equal(info.driver, want[i].driver);
        assert_string_equal(info.version, want[i].version);
    }
    assert_int_equal(ask(lab, "lo", ETHTOOL_GDRVINFO, &info, sizeof(info)), -EOPNOTSUPP);
}

static void test_links(void **state)
{
    struct lab *lab = *state;
    struct ethtool_value value;
    struct ethtool_cmd link;

    assert_int_equal(ask(lab, "p1", ETHTOOL_GSET, &link, sizeof(link)), 0);
    assert_int_equal(ethtool_cmd_speed(&link), SPEED_10000);
    assert_int_equal(link.duplex, DUPLEX_FULL);
    assert_int_equal(ask(lab, "br0", ETHTOOL_GSET, &link, sizeof(link)), -EOPNOTSUPP);
    assert_int_equal(ask(lab, "p1", ETHTOOL_GLINK, &value, sizeof(value)), 0);
    assert_int_equal(value.data, 1);
    lab_do(lab, "down p1");
    assert_int_equal(ask(lab, "p1", ETHTOOL_GLINK, &value, sizeof(value)), 0);
    assert_int_equal(value.data, 0);
    make(lab, "dummy");
    assert_int_equal(ask(lab, "dummy", ETHTOOL_GLINK, &value, sizeof(value)), -EOPNOTSUPP);
    assert_int_equal(ask(lab, "p1", ETHTOOL_GFLAGS, &value, sizeof(value)), 0);
    assert_int_equal(value.data, ETH_FLAG_TXVLAN | ETH_FLAG_RXVLAN);
    assert_int_equal(ask(lab, "p1", ETHTOOL_GMSGLVL, &value, sizeof(value)), -EOPNOTSUPP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(test_drivers),
        LAB_TEST(test_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
