/* client_ethtool.c - SIOCETHTOOL, by rows: a command's bytes in, its answer's bytes out.
 *
 * What kinds of devices can do is Linux 6.1's word. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/ethtool.h>
#include <string.h>

#include "dp/profile.h"
#include "sim/client_int.h"
#include "sim/device.h"

#define N_FEATURE_WORDS 2
#define SPEED_PAIR      10000
#define NO_WORDS        (-3)    /* answer to a client that does not know how many words a mask has */

/* clang-format off */
static const char *const feature_names[32 * N_FEATURE_WORDS] = {
    "tx-scatter-gather", "tx-checksum-ipv4", "", "tx-checksum-ip-generic", "tx-checksum-ipv6",
    "highdma", "tx-scatter-gather-fraglist", "tx-vlan-hw-insert", "rx-vlan-hw-parse",
    "rx-vlan-filter", "vlan-challenged", "tx-generic-segmentation", "tx-lockless", "netns-local",
    "rx-gro", "rx-lro", "tx-tcp-segmentation", "tx-gso-robust", "tx-tcp-ecn-segmentation",
    "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation", "tx-fcoe-segmentation",
    "tx-gre-segmentation", "tx-gre-csum-segmentation", "tx-ipxip4-segmentation",
    "tx-ipxip6-segmentation", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation",
    "tx-gso-partial", "tx-tunnel-remcsum-segmentation", "tx-sctp-segmentation",
    "tx-esp-segmentation", "", "tx-udp-segmentation", "tx-gso-list", "tx-checksum-fcoe-crc",
    "tx-checksum-sctp", "fcoe-mtu", "rx-ntuple-filter", "rx-hashing", "rx-checksum",
    "tx-nocache-copy", "loopback", "rx-fcs", "rx-all", "tx-vlan-stag-hw-insert",
    "rx-vlan-stag-hw-parse", "rx-vlan-stag-filter", "l2-fwd-offload", "hw-tc-offload",
    "esp-hw-offload", "esp-tx-csum-hw-offload", "rx-udp_tunnel-port-offload", "tls-hw-tx-offload",
    "tls-hw-rx-offload", "rx-gro-hw", "tls-hw-record", "rx-gro-list", "macsec-hw-offload",
    "rx-udp-gro-forwarding", "hsr-tag-ins-offload", "hsr-tag-rm-offload", "hsr-fwd-offload",
    "hsr-dup-offload",
};

/* Numbers of the names above. */
enum { F_SG = 0, F_IP_CSUM = 1, F_HW_CSUM = 3, F_IP6_CSUM = 4, F_GSO = 11, F_GRO = 14, F_LRO = 15,
       F_TSO = 16, F_TSO_ECN = 18, F_TSO_MANGLED = 19, F_TSO6 = 20, F_NTUPLE = 38, F_RXHASH = 39,
       F_RXCSUM = 40, F_TX_VLAN = 7, F_RX_VLAN = 8 };

static const struct driver {
    const char *name;                   /* NULL: the loopback device's, which has none */
    const char *version;                /* NULL: the kernel's release */
    bool has_link;
    uint32_t features[4 * N_FEATURE_WORDS];     /* available, wanted, active, fixed; the second */
} drivers[] = {
    { NULL, NULL, true,
      { 0x401d4800, 0x401d4800, 0x401d7c69, 0x00003400, 0x0a000006, 0x00000006, 0x00000516, 0x00000000 } },
    { "dummy", NULL, false,
      { 0x4fdd5869, 0x4fdd5869, 0x4fdd5869, 0x00003400, 0x0a000206, 0x00000006, 0x00000006, 0x00000000 } },
    { "veth", "1.0", true,
      { 0x4fdd49e9, 0x4fdd09e9, 0x4fdd19e9, 0x00003400, 0x0a006316, 0x00006116, 0x00006116, 0x00000000 } },
    { "vxlan", "0.1", true,
      { 0x401d4849, 0x401d4849, 0x401d5849, 0x00003400, 0x0a000306, 0x00000106, 0x00000106, 0x00000000 } },
    { "openvswitch", NULL, true,
      { 0x4fdd48e9, 0x4fdd48e9, 0x4fdd78e9, 0x00003400, 0x0a002206, 0x00002006, 0x00002006, 0x00000000 } },
    { "gre", NULL, false,
      { 0x401d4869, 0x401d4869, 0x401d5869, 0x00003400, 0x0a000206, 0x00000006, 0x00000006, 0x00000000 } },
    { "geneve", "0.6", true,
      { 0x401d4849, 0x401d4849, 0x401d5849, 0x00003400, 0x0a000306, 0x00000106, 0x00000106, 0x00000000 } },
    { "gretap", NULL, false,
      { 0x401d4869, 0x401d4869, 0x401d5869, 0x00003400, 0x0a000206, 0x00000006, 0x00000006, 0x00000000 } },
    { "erspan", NULL, false,
      { 0x00004869, 0x00004869, 0x00004869, 0x00003400, 0x0a000200, 0x00000000, 0x00000000, 0x00000000 } },
    { "ip6gre", NULL, false,
      { 0x401d4869, 0x401d4869, 0x401d5869, 0x00003400, 0x0a000206, 0x00000006, 0x00000006, 0x00000000 } },
    { "ip6gretap", NULL, false,
      { 0x401d4869, 0x401d4869, 0x401d5869, 0x00003400, 0x0a000206, 0x00000006, 0x00000006, 0x00000000 } },
    { "ip6erspan", NULL, false,
      { 0x00004800, 0x00004800, 0x00004000, 0x00003400, 0x0a000200, 0x00000000, 0x00000000, 0x00000000 } },
};

static const char *const pair_stats[] = {
    "peer_ifindex", "rx_queue_0_xdp_packets", "rx_queue_0_xdp_bytes", "rx_queue_0_drops",
    "rx_queue_0_xdp_redirect", "rx_queue_0_xdp_drops", "rx_queue_0_xdp_tx",
    "rx_queue_0_xdp_tx_errors", "tx_queue_0_xdp_xmit", "tx_queue_0_xdp_xmit_errors",
};
/* clang-format on */

/* A request under way. */
struct ask {
    const struct device *d;
    const struct driver *driver;
    const uint8_t *in;
    size_t len;
    GByteArray *out;
};

static int answer(const struct ask *a, const void *bytes, size_t len)
{
    g_byte_array_append(a->out, bytes, (guint)len);
    return 0;
}

static uint32_t cmd_of(const struct ask *a)
{
    uint32_t cmd;

    memcpy(&cmd, a->in, sizeof(cmd));
    return cmd;
}

static int answer_value(const struct ask *a, uint32_t value)
{
    const struct ethtool_value v = { .cmd = cmd_of(a), .data = value };

    return answer(a, &v, sizeof(v));
}

/* ---- features -------------------------------------------------------------------------------- */

static bool is_active(const struct ask *a, unsigned bit)
{
    return a->driver->features[bit / 32 * 4 + 2] >> bit % 32 & 1;
}

static const struct feature_row {
    uint32_t cmd;
    unsigned bits[4];                   /* any of them; the first repeated fills the row */
} feature_rows[] = {
    { ETHTOOL_GRXCSUM, { F_RXCSUM, F_RXCSUM, F_RXCSUM, F_RXCSUM } },
    { ETHTOOL_GTXCSUM, { F_HW_CSUM, F_IP_CSUM, F_IP6_CSUM, F_HW_CSUM } },
    { ETHTOOL_GSG, { F_SG, F_SG, F_SG, F_SG } },
    { ETHTOOL_GTSO, { F_TSO, F_TSO_ECN, F_TSO_MANGLED, F_TSO6 } },
    { ETHTOOL_GGSO, { F_GSO, F_GSO, F_GSO, F_GSO } },
    { ETHTOOL_GGRO, { F_GRO, F_GRO, F_GRO, F_GRO } },
};

static int get_feature(const struct ask *a)
{
    uint32_t value = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(feature_rows); i++)
        for (size_t j = 0; j < 4 && feature_rows[i].cmd == cmd_of(a); j++)
            value |= is_active(a, feature_rows[i].bits[j]);
    return answer_value(a, value);
}

static int get_flags(const struct ask *a)
{
    uint32_t flags = 0;

    flags |= is_active(a, F_LRO) ? ETH_FLAG_LRO : 0;
    flags |= is_active(a, F_RX_VLAN) ? ETH_FLAG_RXVLAN : 0;
    flags |= is_active(a, F_TX_VLAN) ? ETH_FLAG_TXVLAN : 0;
    flags |= is_active(a, F_NTUPLE) ? ETH_FLAG_NTUPLE : 0;
    flags |= is_active(a, F_RXHASH) ? ETH_FLAG_RXHASH : 0;
    return answer_value(a, flags);
}

static int get_features(const struct ask *a)
{
    struct ethtool_gfeatures head;
    uint32_t n;

    memcpy(&head, a->in, sizeof(head));
    n = MIN(head.size, N_FEATURE_WORDS);
    head.size = N_FEATURE_WORDS;
    (void)answer(a, &head, sizeof(head));
    return answer(a, a->driver->features, n * 4 * sizeof(uint32_t));
}

/* ---- link, driver ---------------------------------------------------------------------------- */

static int get_link(const struct ask *a)
{
    if (!a->driver->has_link)
        return -EOPNOTSUPP;
    return answer_value(a, a->d->dev.is_up && a->d->dev.has_carrier);
}

static bool is_driver(const struct ask *a, const char *name)
{
    return a->driver->name && !strcmp(a->driver->name, name);
}

/* Those that know a speed: a pair's ends, and vxlan, whose is that of the device below. */
static bool has_speed(const struct ask *a)
{
    return is_driver(a, "veth") || is_driver(a, "vxlan");
}

static int get_settings(const struct ask *a)
{
    struct ethtool_cmd s = { .cmd = ETHTOOL_GSET };
    bool is_pair = is_driver(a, "veth");

    if (!has_speed(a))
        return -EOPNOTSUPP;
    ethtool_cmd_speed_set(&s, is_pair ? SPEED_PAIR : (uint32_t)SPEED_UNKNOWN);
    s.duplex = is_pair ? DUPLEX_FULL : DUPLEX_UNKNOWN;
    s.port = is_pair ? PORT_TP : PORT_OTHER;
    return answer(a, &s, sizeof(s));
}

/* The first of two questions; the second says how long the masks behind the struct are. */
static int get_link_settings(const struct ask *a)
{
    static const uint32_t masks[3 * -NO_WORDS];     /* no modes: it is no cable */
    struct ethtool_link_settings s = { .cmd = ETHTOOL_GLINKSETTINGS }, wanted;
    bool is_pair = is_driver(a, "veth");

    if (!has_speed(a))
        return -EOPNOTSUPP;
    memcpy(&wanted, a->in, sizeof(wanted));
    s.link_mode_masks_nwords = NO_WORDS;
    if (wanted.link_mode_masks_nwords != -NO_WORDS)
        return answer(a, &s, sizeof(s));
    s.link_mode_masks_nwords = -NO_WORDS;
    s.speed = is_pair ? SPEED_PAIR : (uint32_t)SPEED_UNKNOWN;
    s.duplex = is_pair ? DUPLEX_FULL : DUPLEX_UNKNOWN;
    (void)answer(a, &s, sizeof(s));
    return answer(a, masks, sizeof(masks));
}

static uint32_t n_stats(const struct ask *a)
{
    return a->d->peer ? (uint32_t)G_N_ELEMENTS(pair_stats) : 0;
}

static int get_driver(const struct ask *a)
{
    struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO, .n_stats = n_stats(a) };

    if (!a->driver->name)
        return -EOPNOTSUPP;
    g_strlcpy(info.driver, a->driver->name, sizeof(info.driver));
    g_strlcpy(info.version,
              a->driver->version ? a->driver->version : dp_world_profile(a->d->ns->sim->dp)->release,
              sizeof(info.version));
    return answer(a, &info, sizeof(info));
}

static int get_channels(const struct ask *a)
{
    const struct ethtool_channels c = {
        .cmd = ETHTOOL_GCHANNELS, .max_rx = a->d->n_rx_queues, .max_tx = a->d->n_tx_queues,
        .rx_count = 1, .tx_count = 1,
    };

    return a->d->peer ? answer(a, &c, sizeof(c)) : -EOPNOTSUPP;
}

/* Of virtual devices none is permanent. */
static int get_permanent(const struct ask *a)
{
    static const uint8_t none[RT_HW_LEN];
    struct ethtool_perm_addr addr;

    memcpy(&addr, a->in, sizeof(addr));
    if (addr.size < device_addr_len(a->d))
        return -E2BIG;
    addr.size = device_addr_len(a->d);
    (void)answer(a, &addr, sizeof(addr));
    return answer(a, none, addr.size);
}

/* ---- strings, counters ----------------------------------------------------------------------- */

static uint32_t count_strings(const struct ask *a, uint32_t set)
{
    if (set == ETH_SS_FEATURES)
        return G_N_ELEMENTS(feature_names);
    return set == ETH_SS_STATS ? n_stats(a) : 0;
}

/* The sets that there are, and how many strings each of them has. */
static int count_sets(const struct ask *a)
{
    struct ethtool_sset_info info;
    uint32_t n[64], n_sets = 0;
    uint64_t mask = 0;

    memcpy(&info, a->in, sizeof(info));
    for (uint32_t set = 0; set < 64; set++) {
        if (!(info.sset_mask >> set & 1) || !count_strings(a, set))
            continue;
        mask |= UINT64_C(1) << set;
        n[n_sets++] = count_strings(a, set);
    }
    info.sset_mask = mask;
    (void)answer(a, &info, sizeof(info));
    return answer(a, n, n_sets * sizeof(*n));
}

static int get_strings(const struct ask *a)
{
    struct ethtool_gstrings head;
    char text[ETH_GSTRING_LEN];

    memcpy(&head, a->in, sizeof(head));
    head.len = count_strings(a, head.string_set);
    if (!head.len)
        return -EOPNOTSUPP;
    (void)answer(a, &head, sizeof(head));
    for (uint32_t i = 0; i < head.len; i++) {
        const char *name = head.string_set == ETH_SS_STATS ? pair_stats[i] : feature_names[i];

        memset(text, 0, sizeof(text));
        g_strlcpy(text, name, sizeof(text));
        (void)answer(a, text, sizeof(text));
    }
    return 0;
}

/* No program of the kernel's looks at packets here: all but the first are 0. */
static int get_stats(const struct ask *a)
{
    struct ethtool_stats head = { .cmd = ETHTOOL_GSTATS, .n_stats = n_stats(a) };
    uint64_t values[G_N_ELEMENTS(pair_stats)] = { 0 };

    if (!head.n_stats)
        return -EOPNOTSUPP;
    values[0] = (uint64_t)a->d->peer->dev.ifindex;
    (void)answer(a, &head, sizeof(head));
    return answer(a, values, sizeof(values));
}

/* ---- commands -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    uint32_t cmd;
    size_t len;                         /* of what must come in */
    int (*run)(const struct ask *a);
} commands[] = {
    { ETHTOOL_GDRVINFO, 4, get_driver },
    { ETHTOOL_GSET, 4, get_settings },  { ETHTOOL_GLINK, 4, get_link },
    { ETHTOOL_GRXCSUM, 4, get_feature }, { ETHTOOL_GTXCSUM, 4, get_feature },
    { ETHTOOL_GSG, 4, get_feature },    { ETHTOOL_GTSO, 4, get_feature },
    { ETHTOOL_GGSO, 4, get_feature },   { ETHTOOL_GGRO, 4, get_feature },
    { ETHTOOL_GFLAGS, 4, get_flags },   { ETHTOOL_GCHANNELS, 4, get_channels },
    { ETHTOOL_GFEATURES, sizeof(struct ethtool_gfeatures), get_features },
    { ETHTOOL_GPERMADDR, sizeof(struct ethtool_perm_addr), get_permanent },
    { ETHTOOL_GSSET_INFO, sizeof(struct ethtool_sset_info), count_sets },
    { ETHTOOL_GSTRINGS, sizeof(struct ethtool_gstrings), get_strings },
    { ETHTOOL_GSTATS, sizeof(struct ethtool_stats), get_stats },
    { ETHTOOL_GLINKSETTINGS, sizeof(struct ethtool_link_settings), get_link_settings },
};
/* clang-format on */

static const char *driver_name(const struct device *d)
{
    switch (d->dev.kind) {
    case NETDEV_LOOPBACK: return NULL;
    case NETDEV_INTERNAL: return "openvswitch";
    case NETDEV_VIRTUAL: return d->kind ? d->kind->name : "veth";
    case NETDEV_TUNNEL:
        return d->dev.tunnel.kind == TUNNEL_GENEVE ? "geneve"
               : d->dev.tunnel.kind == TUNNEL_GRE ? "gretap" : "vxlan";
    case N_NETDEV_KINDS: break;
    }
    return NULL;
}

static const struct driver *driver_of(const struct device *d)
{
    const char *name = driver_name(d);
    size_t i = G_N_ELEMENTS(drivers) - 1;

    while (i && (!name || !drivers[i].name || strcmp(drivers[i].name, name) != 0))
        i--;
    return &drivers[i];
}

int client_ethtool(const struct device *d, const uint8_t *in, size_t len, GByteArray *out)
{
    const struct ask a = { d, driver_of(d), in, len, out };

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (len >= sizeof(uint32_t) && commands[i].cmd == cmd_of(&a))
            return len >= commands[i].len ? commands[i].run(&a) : -EFAULT;
    return -EOPNOTSUPP;
}
