/* client_if.c [--change] NAME... - asks socket ioctls about devices, or changes their IPv4 addresses, and prints the
 * answers; an ordinary program that does the same
 * on a real kernel. SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MOST 256

static int fd;

static int ask(unsigned long cmd, const char *name, struct ifreq *ifr)
{
    strncpy(ifr->ifr_name, name, sizeof(ifr->ifr_name) - 1);
    return ioctl(fd, cmd, ifr) ? errno : 0;
}

static void print_bytes(const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        printf("%02x", ((const uint8_t *)bytes)[i]);
    printf("\n");
}

/* ---- interface ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned long cmd;
    enum { NOTHING, SHORT, INT, ADDR, HW } kind;
    int set;                    /* what is given */
} plain[] = {
    { "SIOCGIFFLAGS", SIOCGIFFLAGS, SHORT, 0 },
    { "SIOCGIFMETRIC", SIOCGIFMETRIC, INT, 0 },
    { "SIOCGIFMTU", SIOCGIFMTU, INT, 0 },
    { "SIOCGIFTXQLEN", SIOCGIFTXQLEN, INT, 0 },
    { "SIOCGIFHWADDR", SIOCGIFHWADDR, HW, 0 },
    { "SIOCGIFADDR", SIOCGIFADDR, ADDR, 0 },
    { "SIOCGIFNETMASK", SIOCGIFNETMASK, ADDR, 0 },
    { "SIOCGIFBRDADDR", SIOCGIFBRDADDR, ADDR, 0 },
    { "SIOCGIFDSTADDR", SIOCGIFDSTADDR, ADDR, 0 },
    { "SIOCGIFSLAVE", SIOCGIFSLAVE, NOTHING, 0 },
    { "SIOCGIFPFLAGS", SIOCGIFPFLAGS, SHORT, 0 },
    { "SIOCGMIIPHY", SIOCGMIIPHY, NOTHING, 0 },
    { "SIOCGMIIREG", SIOCGMIIREG, NOTHING, 0 },
    { "SIOCSIFTXQLEN", SIOCSIFTXQLEN, INT, 55 },
    { "SIOCGIFTXQLEN", SIOCGIFTXQLEN, INT, 0 },
    { "SIOCSIFTXQLEN -1", SIOCSIFTXQLEN, INT, -1 },
    { "SIOCSIFMETRIC", SIOCSIFMETRIC, INT, 1 },
    { "SIOCSIFMTU 40", SIOCSIFMTU, INT, 40 },
    { "SIOCBRADDIF", SIOCBRADDIF, INT, 1 },
    { "SIOCBONDENSLAVE", SIOCBONDENSLAVE, INT, 1 },
    { "SIOCGHWTSTAMP", SIOCGHWTSTAMP, NOTHING, 0 },
};

static void ask_plain(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
        struct ifreq ifr = { .ifr_mtu = plain[i].set };
        char room[64] = { 0 };
        int err;

        if (plain[i].cmd == SIOCGHWTSTAMP)
            ifr.ifr_data = room;
        err = ask(plain[i].cmd, name, &ifr);
        printf("%s %s: ", name, plain[i].name);
        if (err)
            printf("error %d\n", err);
        else if (plain[i].kind == SHORT)
            printf("%#x\n", (unsigned)(uint16_t)ifr.ifr_flags);
        else if (plain[i].kind == INT)
            printf("%d\n", ifr.ifr_mtu);
        else if (plain[i].kind == ADDR)
            printf("%d %s\n", ifr.ifr_addr.sa_family,
                   inet_ntoa(((struct sockaddr_in *)&ifr.ifr_addr)->sin_addr));
        else if (plain[i].kind == HW)
            print_bytes(&ifr.ifr_hwaddr, sizeof(ifr.ifr_hwaddr.sa_family) + 6);
        else
            printf("yes\n");
    }
}

/* ---- ethtool --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t cmd;
    size_t len;                 /* of the answer to print, behind the command */
} values[] = {
    { "GSET", ETHTOOL_GSET, sizeof(struct ethtool_cmd) - 4 },
    { "GLINK", ETHTOOL_GLINK, 4 },
    { "GFLAGS", ETHTOOL_GFLAGS, 4 },
    { "GPFLAGS", ETHTOOL_GPFLAGS, 4 },
    { "GRXCSUM", ETHTOOL_GRXCSUM, 4 },
    { "GTXCSUM", ETHTOOL_GTXCSUM, 4 },
    { "GSG", ETHTOOL_GSG, 4 },
    { "GTSO", ETHTOOL_GTSO, 4 },
    { "GUFO", ETHTOOL_GUFO, 4 },
    { "GGSO", ETHTOOL_GGSO, 4 },
    { "GGRO", ETHTOOL_GGRO, 4 },
    { "GMSGLVL", ETHTOOL_GMSGLVL, 4 },
    { "GWOL", ETHTOOL_GWOL, sizeof(struct ethtool_wolinfo) - 4 },
    { "GCOALESCE", ETHTOOL_GCOALESCE, sizeof(struct ethtool_coalesce) - 4 },
    { "GRINGPARAM", ETHTOOL_GRINGPARAM, sizeof(struct ethtool_ringparam) - 4 },
    { "GPAUSEPARAM", ETHTOOL_GPAUSEPARAM, sizeof(struct ethtool_pauseparam) - 4 },
    { "GCHANNELS", ETHTOOL_GCHANNELS, sizeof(struct ethtool_channels) - 4 },
    { "GLINKSETTINGS", ETHTOOL_GLINKSETTINGS, sizeof(struct ethtool_link_settings) - 4 },
    { "GEEE", ETHTOOL_GEEE, sizeof(struct ethtool_eee) - 4 },
    { "NWAY_RST", ETHTOOL_NWAY_RST, 4 },
    { "GREGS", ETHTOOL_GREGS, 4 },
    { "99", 0x99, 4 },
};

static int ethtool(const char *name, void *data)
{
    struct ifreq ifr = { .ifr_data = data };

    return ask(SIOCETHTOOL, name, &ifr);
}

static void ask_values(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        uint32_t data[MOST] = { values[i].cmd };
        int err = ethtool(name, data);

        printf("%s ETHTOOL_%s: ", name, values[i].name);
        if (err)
            printf("error %d\n", err);
        else
            print_bytes(&data[1], values[i].len);
    }
}

static void ask_driver(const char *name)
{
    struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
    int err = ethtool(name, &info);

    printf("%s ETHTOOL_GDRVINFO: ", name);
    if (err)
        printf("error %d\n", err);
    else
        printf("\"%s\" \"%s\" \"%s\" %u counters\n", info.driver, info.fw_version, info.bus_info,
               info.n_stats);
}

/* A struct with an array behind it, which C cannot say: words for both. */
static uint64_t words[(64 + MOST * ETH_GSTRING_LEN) / 8];

static void *fresh(void)
{
    return memset(words, 0, sizeof(words));
}

static void ask_permanent(const char *name)
{
    struct ethtool_perm_addr *addr = fresh();
    int err;

    addr->cmd = ETHTOOL_GPERMADDR;
    addr->size = 32;
    err = ethtool(name, addr);
    printf("%s ETHTOOL_GPERMADDR: error %d, %u bytes\n", name, err, addr->size);
}

/* How many strings of a kind, and what they are. */
static uint32_t ask_strings(const char *name, uint32_t set)
{
    struct ethtool_sset_info *info = fresh();
    struct ethtool_gstrings *strings;
    uint32_t n;
    int err;

    info->cmd = ETHTOOL_GSSET_INFO;
    info->sset_mask = UINT64_C(1) << set;
    err = ethtool(name, info);
    n = info->data[0];
    printf("%s ETHTOOL_GSSET_INFO %u: error %d, mask %llx, %u\n", name, set, err,
           (unsigned long long)info->sset_mask, n);
    strings = fresh();
    *strings = (struct ethtool_gstrings){ .cmd = ETHTOOL_GSTRINGS, .string_set = set, .len = n };
    err = ethtool(name, strings);
    printf("%s ETHTOOL_GSTRINGS %u: error %d", name, set, err);
    for (uint32_t i = 0; !err && i < strings->len && i < MOST; i++)
        printf(" %s", (const char *)strings->data + i * ETH_GSTRING_LEN);
    printf("\n");
    return n;
}

static void ask_stats(const char *name)
{
    uint32_t n = ask_strings(name, ETH_SS_STATS), index = if_nametoindex(name);
    struct ethtool_stats *stats = fresh();
    int err;

    stats->cmd = ETHTOOL_GSTATS;
    stats->n_stats = n;
    err = ethtool(name, stats);
    printf("%s ETHTOOL_GSTATS: error %d, %u", name, err, stats->n_stats);
    if (!err && n)
        printf(" %s", stats->data[0] == index + 1 || stats->data[0] + 1 == index ? "the other end"
                                                                              : "wrong");
    printf("\n");
}

static void ask_features(const char *name)
{
    struct ethtool_gfeatures *f = fresh();
    int err;

    f->cmd = ETHTOOL_GFEATURES;
    f->size = 2;
    err = ethtool(name, f);
    printf("%s ETHTOOL_GFEATURES: error %d, %u ", name, err, f->size);
    print_bytes(f->features, err ? 0 : 2 * sizeof(struct ethtool_get_features_block));
}

/* ---- addresses ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned long cmd;
    const char *ip;
    unsigned short family;
} changes[] = {
    { "SIOCSIFNETMASK", SIOCSIFNETMASK, "255.255.0.0", AF_INET },     /* of the first one, if any */
    { "SIOCSIFADDR", SIOCSIFADDR, "192.168.7.9", AF_INET },
    { "SIOCSIFADDR", SIOCSIFADDR, "192.168.7.9", AF_INET },           /* the same again */
    { "SIOCSIFNETMASK", SIOCSIFNETMASK, "255.255.255.128", AF_INET },
    { "SIOCSIFNETMASK", SIOCSIFNETMASK, "255.0.255.0", AF_INET },
    { "SIOCSIFBRDADDR", SIOCSIFBRDADDR, "192.168.7.200", AF_INET },
    { "SIOCSIFNETMASK", SIOCSIFNETMASK, "255.255.255.0", AF_INET },   /* what was chosen stays */
    { "SIOCSIFDSTADDR", SIOCSIFDSTADDR, "192.168.9.9", AF_INET },
    { "SIOCSIFDSTADDR", SIOCSIFDSTADDR, "224.0.0.1", AF_INET },
    { "SIOCSIFADDR", SIOCSIFADDR, "10.77.0.1", AF_INET },
    { "SIOCSIFADDR", SIOCSIFADDR, "172.20.0.1", AF_INET },
    { "SIOCSIFADDR", SIOCSIFADDR, "224.0.0.1", AF_INET },
    { "SIOCSIFADDR", SIOCSIFADDR, "10.78.0.1", AF_UNIX },
    { "SIOCSIFADDR", SIOCSIFADDR, "0.0.0.0", AF_INET },               /* takes it away */
    { "SIOCSIFBRDADDR", SIOCSIFBRDADDR, "10.0.0.255", AF_INET },
};

static void print_addr(unsigned long cmd, const char *name)
{
    struct ifreq ifr = { .ifr_mtu = 0 };

    if (ask(cmd, name, &ifr))
        printf(" -");
    else
        printf(" %s", inet_ntoa(((struct sockaddr_in *)&ifr.ifr_addr)->sin_addr));
}

static void change_addresses(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        struct sockaddr_in sin = { .sin_family = changes[i].family };
        struct ifreq ifr = { .ifr_mtu = 0 };

        inet_aton(changes[i].ip, &sin.sin_addr);
        memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
        printf("%s %s %s: error %d, then", name, changes[i].name, changes[i].ip,
               ask(changes[i].cmd, name, &ifr));
        print_addr(SIOCGIFADDR, name);
        print_addr(SIOCGIFNETMASK, name);
        print_addr(SIOCGIFBRDADDR, name);
        print_addr(SIOCGIFDSTADDR, name);
        printf("\n");
    }
}

/* ---- ARP ------------------------------------------------------------------------------------- */

static void ask_arp(const char *device, const char *ip)
{
    struct arpreq r = { .arp_pa.sa_family = AF_INET };
    int err;

    strncpy(r.arp_dev, device, sizeof(r.arp_dev) - 1);
    inet_aton(ip, &((struct sockaddr_in *)&r.arp_pa)->sin_addr);
    err = ioctl(fd, SIOCGARP, &r) ? errno : 0;
    printf("%s SIOCGARP %s: ", device, ip);
    if (err)
        printf("error %d\n", err);
    else {
        printf("%x %d ", (unsigned)r.arp_flags, r.arp_ha.sa_family);
        print_bytes(r.arp_ha.sa_data, 6);
    }
}

int main(int argc, char **argv)
{
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || argc < 2)
        return 2;
    if (!strcmp(argv[1], "--change")) {
        for (int i = 2; i < argc; i++)
            change_addresses(argv[i]);
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        ask_plain(argv[i]);
        ask_values(argv[i]);
        ask_driver(argv[i]);
        ask_permanent(argv[i]);
        ask_stats(argv[i]);
        (void)ask_strings(argv[i], ETH_SS_PRIV_FLAGS);
        (void)ask_strings(argv[i], ETH_SS_FEATURES);
        ask_features(argv[i]);
    }
    ask_arp("v0", "10.0.0.5");
    ask_arp("v0", "10.0.0.6");
    ask_arp("v0", "10.0.0.7");
    ask_arp("v0", "10.0.0.9");
    ask_arp("nothing", "10.0.0.5");
    ask_arp("", "10.0.0.5");
    close(fd);
    return 0;
}
