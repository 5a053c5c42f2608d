/* ifaddrs.c - getifaddrs(): libc asks the kernel behind our back, so that the function is replaced.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>

#include "tools/preload/preload.h"

#define MAX_ADDRS 16384

/* One entry with all it points to. */
struct entry {
    struct ifaddrs ifa;
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_ll ll;
    } addr, mask, broadcast;
    struct rtnl_link_stats stats;
    char name[sizeof(((struct proto_addr *)0)->name)];
};

static void fill_link(struct entry *e, const struct proto_addr *a)
{
    struct sockaddr_ll ll = {
        .sll_family = AF_PACKET,
        .sll_ifindex = a->ifindex,
        .sll_hatype = a->hw_type,
        .sll_halen = a->len,
    };

    /* A longer address runs on behind the struct, in libc's own entries too. */
    e->addr.ll = e->broadcast.ll = ll;
    memcpy(e->addr.ll.sll_addr, a->addr, sizeof(ll.sll_addr));
    memcpy(e->broadcast.ll.sll_addr, a->broadcast, sizeof(ll.sll_addr));
    memcpy(&e->stats, a->stats, sizeof(a->stats));
    e->ifa.ifa_data = &e->stats;
    e->ifa.ifa_broadaddr = &e->broadcast.sa;
}

static void fill_mask(uint8_t *mask, unsigned len)
{
    for (unsigned bit = 0; bit < len; bit++)
        mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

static void fill_ip4(struct entry *e, const struct proto_addr *a)
{
    e->addr.in.sin_family = e->mask.in.sin_family = AF_INET;
    memcpy(&e->addr.in.sin_addr, a->addr, sizeof(e->addr.in.sin_addr));
    fill_mask((uint8_t *)&e->mask.in.sin_addr, a->len);
    e->ifa.ifa_netmask = &e->mask.sa;
    if (!a->has_broadcast)
        return;
    e->broadcast.in.sin_family = AF_INET;
    memcpy(&e->broadcast.in.sin_addr, a->broadcast, sizeof(e->broadcast.in.sin_addr));
    e->ifa.ifa_broadaddr = &e->broadcast.sa;
}

/* A link-local address is one of its link. */
static void fill_ip6(struct entry *e, const struct proto_addr *a)
{
    e->addr.in6.sin6_family = e->mask.in6.sin6_family = AF_INET6;
    memcpy(&e->addr.in6.sin6_addr, a->addr, sizeof(e->addr.in6.sin6_addr));
    if (IN6_IS_ADDR_LINKLOCAL(&e->addr.in6.sin6_addr))
        e->addr.in6.sin6_scope_id = (uint32_t)a->ifindex;
    fill_mask(e->mask.in6.sin6_addr.s6_addr, a->len);
    e->ifa.ifa_netmask = &e->mask.sa;
}

static void fill(struct entry *e, const struct proto_addr *a)
{
    memcpy(e->name, a->name, sizeof(e->name) - 1);
    e->ifa.ifa_name = e->name;
    e->ifa.ifa_flags = a->flags;
    e->ifa.ifa_addr = &e->addr.sa;
    if (a->family == AF_PACKET)
        fill_link(e, a);
    else if (a->family == AF_INET)
        fill_ip4(e, a);
    else
        fill_ip6(e, a);
}

/* One block, as libc's own freeifaddrs() frees it. */
EXPORT int getifaddrs(struct ifaddrs **result)
{
    struct ctl_call call = { .req = { .op = PROTO_IFADDRS } };
    struct proto_addr *list;
    struct entry *entries = NULL;
    size_t n = 0;
    int rc;

    if (!preload_on())
        return real.getifaddrs(result);
    list = malloc(MAX_ADDRS * sizeof(*list));
    if (!list)
        return fail(ENOMEM);
    call.out = list;
    call.out_size = MAX_ADDRS * sizeof(*list);
    rc = ctl_do(&call);
    if (!rc)
        n = call.out_len / sizeof(*list);
    if (n)
        entries = calloc(n, sizeof(*entries));
    if (n && !entries)
        rc = -ENOMEM;
    for (size_t i = 0; !rc && i < n; i++) {
        fill(&entries[i], &list[i]);
        entries[i].ifa.ifa_next = i + 1 < n ? &entries[i + 1].ifa : NULL;
    }
    free(list);
    if (rc)
        return fail(-rc);
    *result = n ? &entries[0].ifa : NULL;
    return 0;
}

/* Entries made before and after a program was pointed at a simulator are the same to free(). */
EXPORT void freeifaddrs(struct ifaddrs *list)
{
    free(list);
}
