/* host_int.h - what the files of the small host share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_HOST_INT_H
#define SIM_HOST_INT_H

#include <linux/if_ether.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/host.h"

#define MAC_LEN   6u
#define ECHO_PORT 7

struct host_addr {
    struct in6_addr addr;
    unsigned prefix;            /* of 128 */
};

struct neighbour {
    struct in6_addr addr;
    uint8_t mac[MAC_LEN];
};

/* An IP packet that waits for its neighbour's address. */
struct waiting {
    struct in6_addr to;
    GByteArray *packet;
};

struct host {
    struct device *d;
    uint8_t mac[MAC_LEN];
    GArray *addrs;              /* of struct host_addr */
    GArray *neighbours;         /* of struct neighbour */
    GQueue waiting;             /* of struct waiting */
    GQueue inbox;               /* of struct inbound */
    uint16_t seq;               /* of the last echo request */
    struct host_counts counts;
};

/* A packet that was addressed to the host, checked and taken apart. */
struct host_packet {
    struct in6_addr src, dst;
    uint8_t proto;              /* IPPROTO_* */
    uint8_t hop_limit;
    const uint8_t *l4;
    size_t len;
};

static inline bool is_ip4(const struct in6_addr *a)
{
    return IN6_IS_ADDR_V4MAPPED(a);
}

/* ---- host.c ---- */
bool host_has(const struct host *h, const struct in6_addr *addr);
const uint8_t *host_neighbour(const struct host *h, const struct in6_addr *addr);  /* or NULL */
/* Remembers it, and sends what has waited for it. */
void host_learn(struct host *h, const struct in6_addr *addr, const uint8_t *mac);
/* Sends an Ethernet frame with 'payload'. */
void host_send(struct host *h, const uint8_t *mac, uint16_t type, const void *payload, size_t len);
/* Sends an IP packet, now or when the neighbour has answered. */
void host_route(struct host *h, const struct in6_addr *to, GByteArray *packet);
__attribute__((format(printf, 2, 3))) void host_trace(const struct host *h, const char *fmt, ...);

/* ---- host_ip.c ---- */
void host_get_ip4(struct host *h, const uint8_t *mac, const uint8_t *bytes, size_t len);
void host_get_ip6(struct host *h, const uint8_t *mac, const uint8_t *bytes, size_t len);
/* A whole IP packet around 'l4', whose checksum at 'sum_at' is filled in. */
GByteArray *host_make_ip(const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto,
                         uint8_t *l4, size_t len, size_t sum_at);
void host_put_text(const struct in6_addr *addr, char text[INET6_ADDRSTRLEN]);

/* ---- host_echo.c ---- */
void host_get_l4(struct host *h, const struct host_packet *p);
void host_ask_arp(struct host *h, const struct in6_addr *src, const struct in6_addr *addr);
void host_get_arp(struct host *h, const uint8_t *mac, const uint8_t *bytes, size_t len);
void host_ask_nd(struct host *h, const struct in6_addr *src, const struct in6_addr *addr);

#endif
