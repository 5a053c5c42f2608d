/* host.c - see host.h: addresses, neighbours, the frames that come and go.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/host.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdarg.h>

#include "sim/chance.h"
#include "sim/host_int.h"
#include "sim/trace.h"

#define IP4_PREFIX   96u        /* bits of ::ffff:0:0/96 */
#define PING_BYTES   56u        /* what ping(8) sends */
#define PING_ID      1
#define MOST_WAITING 64

/* A frame that the host has not looked at yet. */
struct inbound {
    struct host *host;
    uint64_t event;
    size_t len;
    uint8_t frame[];
};

void host_trace(const struct host *h, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    g_vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    trace_line(h->d->ns->sim, "host %s: %s", h->d->dev.name, text);
}

/* ---- addresses ------------------------------------------------------------------------------- */

bool host_scan_address(const char *text, struct in6_addr *addr)
{
    struct in_addr ip4;

    if (inet_pton(AF_INET6, text, addr) == 1)
        return true;
    if (inet_pton(AF_INET, text, &ip4) != 1)
        return false;
    memset(addr, 0, sizeof(*addr));
    memset(&addr->s6_addr[10], 0xff, 2);
    memcpy(&addr->s6_addr[12], &ip4, sizeof(ip4));
    return true;
}

bool host_has(const struct host *h, const struct in6_addr *addr)
{
    for (guint i = 0; i < h->addrs->len; i++)
        if (IN6_ARE_ADDR_EQUAL(&g_array_index(h->addrs, struct host_addr, i).addr, addr))
            return true;
    return false;
}

static bool is_in_prefix(const struct host_addr *a, const struct in6_addr *addr)
{
    unsigned whole = a->prefix / 8, rest = a->prefix % 8;

    if (memcmp(&a->addr, addr, whole))
        return false;
    return !rest || !((a->addr.s6_addr[whole] ^ addr->s6_addr[whole]) >> (8 - rest));
}

/* The host's address to talk to 'to' from: one in its network, else one of its kind. */
static const struct in6_addr *source_for(const struct host *h, const struct in6_addr *to)
{
    const struct in6_addr *best = NULL;

    for (guint i = 0; i < h->addrs->len; i++) {
        const struct host_addr *a = &g_array_index(h->addrs, struct host_addr, i);

        if (is_ip4(&a->addr) != is_ip4(to))
            continue;
        if (is_in_prefix(a, to))
            return &a->addr;
        best = best ? best : &a->addr;
    }
    return best;
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct host *host_new(struct device *d)
{
    struct host *h = g_new0(struct host, 1);

    h->d = d;
    memcpy(h->mac, d->dev.mac, MAC_LEN);
    if (d->dev.kind != NETDEV_INTERNAL)     /* the far end of the wire: another machine */
        h->mac[1] = 1;
    h->addrs = g_array_new(FALSE, FALSE, sizeof(struct host_addr));
    h->neighbours = g_array_new(FALSE, FALSE, sizeof(struct neighbour));
    d->host = h;
    return h;
}

int host_add(struct device *d, const struct in6_addr *addr, unsigned prefix, const uint8_t *mac,
             struct err *e)
{
    struct host_addr a = { *addr, is_ip4(addr) ? prefix + IP4_PREFIX : prefix };

    if (d->dev.kind != NETDEV_VIRTUAL && d->dev.kind != NETDEV_INTERNAL)
        return err_set(e, EINVAL, "device %s has nobody behind it", d->dev.name);
    if (a.prefix > 128)
        return err_set(e, EINVAL, "/%u is longer than the address", prefix);
    if (!d->host)
        (void)host_new(d);
    if (mac)
        memcpy(d->host->mac, mac, MAC_LEN);
    if (host_has(d->host, addr))
        return err_set(e, EEXIST, "the host has this address already");
    g_array_append_val(d->host->addrs, a);
    return 0;
}

static void waiting_free(void *item)
{
    struct waiting *w = item;

    g_byte_array_unref(w->packet);
    g_free(w);
}

void host_free(struct host *h)
{
    struct inbound *in;

    if (!h)
        return;
    while ((in = g_queue_pop_head(&h->inbox))) {
        clock_cancel(&h->d->ns->sim->clock, in->event);
        g_free(in);
    }
    g_queue_clear_full(&h->waiting, waiting_free);
    g_array_unref(h->addrs);
    g_array_unref(h->neighbours);
    h->d->host = NULL;
    g_free(h);
}

const struct host_counts *host_counts(const struct device *d)
{
    return d->host ? &d->host->counts : NULL;
}

/* ---- neighbours ------------------------------------------------------------------------------ */

static struct neighbour *find_neighbour(const struct host *h, const struct in6_addr *addr)
{
    for (guint i = 0; i < h->neighbours->len; i++) {
        struct neighbour *n = &g_array_index(h->neighbours, struct neighbour, i);

        if (IN6_ARE_ADDR_EQUAL(&n->addr, addr))
            return n;
    }
    return NULL;
}

const uint8_t *host_neighbour(const struct host *h, const struct in6_addr *addr)
{
    const struct neighbour *n = find_neighbour(h, addr);

    return n ? n->mac : NULL;
}

static uint16_t ether_type(const struct in6_addr *addr)
{
    return is_ip4(addr) ? ETH_P_IP : ETH_P_IPV6;
}

/* Sends what waits for 'addr', in order. */
static void send_waiting(struct host *h, const struct in6_addr *addr, const uint8_t *mac)
{
    for (GList *l = h->waiting.head, *next; l; l = next) {
        struct waiting *w = l->data;

        next = l->next;
        if (!IN6_ARE_ADDR_EQUAL(&w->to, addr))
            continue;
        g_queue_delete_link(&h->waiting, l);
        host_send(h, mac, ether_type(addr), w->packet->data, w->packet->len);
        waiting_free(w);
    }
}

void host_learn(struct host *h, const struct in6_addr *addr, const uint8_t *mac)
{
    struct neighbour *n = find_neighbour(h, addr), made = { .addr = *addr };

    if (IN6_IS_ADDR_UNSPECIFIED(addr) || (mac[0] & 1))
        return;
    if (!n) {
        g_array_append_val(h->neighbours, made);
        n = &g_array_index(h->neighbours, struct neighbour, h->neighbours->len - 1);
    }
    memcpy(n->mac, mac, MAC_LEN);
    send_waiting(h, addr, mac);
}

void host_route(struct host *h, const struct in6_addr *to, GByteArray *packet)
{
    const uint8_t *mac = host_neighbour(h, to);
    const struct in6_addr *src = source_for(h, to);
    struct waiting *w;

    if (mac) {
        host_send(h, mac, ether_type(to), packet->data, packet->len);
        g_byte_array_unref(packet);
        return;
    }
    if (!src || h->waiting.length >= MOST_WAITING) {
        g_byte_array_unref(packet);
        return;
    }
    w = g_new(struct waiting, 1);
    *w = (struct waiting){ *to, packet };
    g_queue_push_tail(&h->waiting, w);
    (is_ip4(to) ? host_ask_arp : host_ask_nd)(h, src, to);
}

/* ---- frames ---------------------------------------------------------------------------------- */

void host_send(struct host *h, const uint8_t *mac, uint16_t type, const void *payload, size_t len)
{
    uint8_t *frame = g_malloc(ETH_HLEN + len);

    memcpy(frame, mac, MAC_LEN);
    memcpy(frame + MAC_LEN, h->mac, MAC_LEN);
    be16_put(frame + 2 * MAC_LEN, type);
    memcpy(frame + ETH_HLEN, payload, len);
    chance_receive(h->d, frame, ETH_HLEN + len);
    g_free(frame);
}

static const struct {
    uint16_t type;
    void (*get)(struct host *h, const uint8_t *mac, const uint8_t *bytes, size_t len);
} types[] = {
    { ETH_P_ARP, host_get_arp },
    { ETH_P_IP, host_get_ip4 },
    { ETH_P_IPV6, host_get_ip6 },
};

static void look_at(struct host *h, const uint8_t *frame, size_t len)
{
    uint16_t type = be16_get(frame + 2 * MAC_LEN);
    const uint8_t *payload = frame + ETH_HLEN;

    if (!(frame[0] & 1) && memcmp(frame, h->mac, MAC_LEN))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].type == type)
            types[i].get(h, frame + MAC_LEN, payload, len - ETH_HLEN);
}

static void take_inbound(void *ctx)
{
    struct inbound *in = ctx;

    g_queue_remove(&in->host->inbox, in);
    in->host->d->ns->sim->clock.depth = 0;      /* an answer is a new packet, and has no answer */
    look_at(in->host, in->frame, in->len);
    g_free(in);
}

void host_receive(struct device *from, const void *frame, size_t len)
{
    struct clock *clock = &from->ns->sim->clock;
    struct inbound *in;

    if (!from->host || len < ETH_HLEN)
        return;
    in = g_malloc(sizeof(*in) + len);
    *in = (struct inbound){ .host = from->host, .len = len };
    memcpy(in->frame, frame, len);
    g_queue_push_tail(&from->host->inbox, in);
    in->event = clock_add(clock, clock->now_ns, take_inbound, in);
}

/* ---- ping ------------------------------------------------------------------------------------ */

int host_ping(struct device *d, const struct in6_addr *to, struct err *e)
{
    struct host *h = d->host;
    uint8_t echo[8 + PING_BYTES] = { is_ip4(to) ? ICMP_ECHO : ICMP6_ECHO_REQUEST };
    uint8_t proto = is_ip4(to) ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    const struct in6_addr *src = h ? source_for(h, to) : NULL;
    char text[INET6_ADDRSTRLEN];

    if (!h)
        return err_set(e, ENXIO, "there is no host behind %s", d->dev.name);
    if (!src)
        return err_set(e, EADDRNOTAVAIL, "the host behind %s has no address of that kind",
                       d->dev.name);
    be16_put(echo + 4, PING_ID);
    be16_put(echo + 6, ++h->seq);
    for (unsigned i = 0; i < PING_BYTES; i++)
        echo[8 + i] = (uint8_t)(16 + i);
    host_put_text(to, text);
    host_trace(h, "pings %s seq %u", text, h->seq);
    h->counts.n_pings++;
    host_route(h, to, host_make_ip(src, to, proto, echo, sizeof(echo), 2));
    return 0;
}
