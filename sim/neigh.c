/* neigh.c - see neigh.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/neigh.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/bytes.h"
#include "netlink/fault.h"
#include "sim/device.h"
#include "sim/ip.h"

#define SECOND          UINT64_C(1000000000)
#define RETRANS_NS      SECOND
#define DELAY_NS        (5 * SECOND)
#define REACHABLE_NS    (30 * SECOND)
#define LOCKTIME_NS     SECOND          /* another address is not believed so soon */
#define MOST_PROBES     3
#define MOST_WAITING    212992u         /* pkt_true_size(): unres_qlen_bytes */

#define NUD_ASKING  (NUD_INCOMPLETE | NUD_PROBE)
#define NUD_VALID                                                                                 \
    (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)

struct neigh {
    struct rt_neigh rt;                 /* first member: what rtnetlink sees */
    struct sim_ns *ns;
    uint64_t event;                     /* of its timer, 0: none */
    uint64_t confirmed_ns, used_ns, updated_ns;
    unsigned n_probes;
    GQueue waiting;                     /* of GByteArray: frames */
    size_t waiting_size;
};

static void neigh_free(void *item)
{
    struct neigh *n = item;

    if (n->event)
        clock_cancel(&n->ns->sim->clock, n->event);
    g_queue_clear_full(&n->waiting, (GDestroyNotify)g_byte_array_unref);
    g_free(n);
}

GPtrArray *neigh_list_new(void)
{
    return g_ptr_array_new_with_free_func(neigh_free);
}

static struct neigh *find(const struct sim_ns *ns, uint8_t family, int ifindex, const uint8_t *ip,
                          uint8_t proxy)
{
    for (guint i = 0; i < ns->neighs->len; i++) {
        struct neigh *n = g_ptr_array_index(ns->neighs, i);

        if (n->rt.family == family && n->rt.ifindex == ifindex &&
            (n->rt.flags & NTF_PROXY) == proxy && !memcmp(n->rt.dst, ip, rt_ip_len(family)))
            return n;
    }
    return NULL;
}

const struct rt_neigh *neigh_lookup(const struct sim_ns *ns, uint8_t family, int ifindex,
                                    const uint8_t *ip)
{
    const struct neigh *n = find(ns, family, ifindex, ip, 0);

    return n ? &n->rt : NULL;
}

static struct neigh *create(struct sim_ns *ns, const struct rt_neigh *rt)
{
    struct neigh *n = g_new0(struct neigh, 1);

    *n = (struct neigh){ .rt = *rt, .ns = ns };
    g_queue_init(&n->waiting);
    g_ptr_array_add(ns->neighs, n);
    return n;
}

static void tell(struct neigh *n, struct req *cause)
{
    rt_neigh_event(n->ns->net, RTM_NEWNEIGH, &n->rt, cause);
}

/* ---- packets that wait ------------------------------------------------------------------------ */

static void drop_first(struct neigh *n, enum drop_reason why)
{
    GByteArray *frame = g_queue_pop_head(&n->waiting);

    n->waiting_size -= pkt_true_size(frame->len);
    dp_refuse(n->ns->sim->dp, frame->data, frame->len, why);
    g_byte_array_unref(frame);
}

static void wait_for(struct neigh *n, const uint8_t *frame, size_t len)
{
    GByteArray *copy = g_byte_array_append(g_byte_array_new(), frame, (guint)len);

    while (n->waiting.head && n->waiting_size + pkt_true_size((uint32_t)len) > MOST_WAITING)
        drop_first(n, DROP_NEIGH_QUEUE);
    n->waiting_size += pkt_true_size((uint32_t)len);
    g_queue_push_tail(&n->waiting, copy);
}

static void put_addresses(uint8_t *frame, const uint8_t *to, const struct device *out)
{
    memcpy(frame, to, ETH_ALEN);
    memcpy(frame + ETH_ALEN, out->dev.mac, ETH_ALEN);
}

static void send_waiting(struct neigh *n)
{
    struct device *out = device_by_index(n->ns, n->rt.ifindex);
    GByteArray *frame;

    n->waiting_size = 0;
    while ((frame = g_queue_pop_head(&n->waiting))) {
        put_addresses(frame->data, n->rt.hw, out);
        device_send(out, frame->data, frame->len);
        g_byte_array_unref(frame);
    }
}

/* ---- states ------------------------------------------------------------------------------------ */

static void on_timer(void *ctx);

static void set_timer(struct neigh *n, uint64_t wait_ns)
{
    struct clock *clock = &n->ns->sim->clock;

    if (n->event)
        clock_cancel(clock, n->event);
    n->event = wait_ns ? clock_add(clock, clock->now_ns + wait_ns, on_timer, n) : 0;
}

static uint64_t now_of(const struct neigh *n)
{
    return n->ns->sim->clock.now_ns;
}

static void set_state(struct neigh *n, uint16_t state)
{
    static const struct {
        uint16_t state;
        uint64_t wait_ns;
    } timers[] = {
        { NUD_INCOMPLETE, RETRANS_NS },
        { NUD_REACHABLE, REACHABLE_NS },
        { NUD_DELAY, DELAY_NS },
        { NUD_PROBE, RETRANS_NS },
    };
    uint64_t wait_ns = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(timers); i++)
        if (timers[i].state == state)
            wait_ns = timers[i].wait_ns;
    n->rt.state = state;
    n->n_probes = 0;
    if (state == NUD_REACHABLE)
        n->confirmed_ns = now_of(n);
    set_timer(n, wait_ns);
}

/* The source of what waits is the source of the question, if there is such a packet. */
static void probe(struct neigh *n)
{
    const GByteArray *first = g_queue_peek_head(&n->waiting);
    struct device *d = device_by_index(n->ns, n->rt.ifindex);
    size_t src_off = ETH_LEN + (n->rt.family == AF_INET ? 12 : 8);

    n->n_probes++;
    neigh_ask(d, n->rt.family, n->rt.dst, first ? first->data + src_off : NULL,
              n->rt.state == NUD_PROBE ? n->rt.hw : NULL);
}

static void fail(struct neigh *n)
{
    while (n->waiting.head)
        drop_first(n, DROP_NO_NEIGH);
    set_state(n, NUD_FAILED);
    tell(n, NULL);
}

static void go_on_asking(struct neigh *n)
{
    if (n->n_probes >= MOST_PROBES) {
        fail(n);
        return;
    }
    set_timer(n, RETRANS_NS);
    probe(n);
}

static void on_timer(void *ctx)
{
    struct neigh *n = ctx;
    bool is_used = now_of(n) - n->used_ns <= DELAY_NS;

    n->event = 0;
    if (n->rt.state & NUD_ASKING) {
        go_on_asking(n);
    } else if (n->rt.state == NUD_REACHABLE) {
        set_state(n, n->used_ns && is_used ? NUD_DELAY : NUD_STALE);
        if (n->rt.state == NUD_STALE)
            tell(n, NULL);
    } else {
        set_state(n, NUD_PROBE);
        tell(n, NULL);
        probe(n);
    }
}

/* ---- sending ----------------------------------------------------------------------------------- */

/* Groups and broadcasts have addresses that follow from theirs. */
static bool is_mapped(uint8_t family, const uint8_t *ip, uint8_t mac[ETH_ALEN])
{
    static const uint8_t all[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (!ip_is_group(family, ip)) {
        memcpy(mac, all, ETH_ALEN);
        return family == AF_INET && be32_get(ip) == UINT32_MAX;
    }
    if (family == AF_INET6) {
        mac[0] = mac[1] = 0x33;
        memcpy(mac + 2, ip + 12, 4);
    } else {
        memcpy(mac, (const uint8_t[]){ 1, 0, 0x5e, ip[1] & 0x7f, ip[2], ip[3] }, ETH_ALEN);
    }
    return true;
}

/* A device without ARP has one neighbour, at its own address. */
static bool is_settled(const struct device *out, uint8_t family, const uint8_t *hop,
                       uint8_t mac[ETH_ALEN])
{
    if (is_mapped(family, hop, mac))
        return true;
    memcpy(mac, out->dev.mac, ETH_ALEN);
    return out->dev.kind == NETDEV_LOOPBACK || device_flags(out) & IFF_NOARP;
}

static struct neigh *find_or_make(struct device *out, uint8_t family, const uint8_t *ip)
{
    struct neigh *n = find(out->ns, family, out->dev.ifindex, ip, 0);
    struct rt_neigh rt = {
        .family = family, .type = RTN_UNICAST, .state = NUD_NONE, .ifindex = out->dev.ifindex,
    };

    if (n)
        return n;
    memcpy(rt.dst, ip, rt_ip_len(family));
    return create(out->ns, &rt);
}

enum drop_reason neigh_send(struct device *out, uint8_t family, const uint8_t *hop, uint8_t *frame,
                            size_t len)
{
    uint8_t mac[ETH_ALEN];
    struct neigh *n;

    if (is_settled(out, family, hop, mac)) {
        put_addresses(frame, mac, out);
        device_send(out, frame, len);
        return N_DROP_REASONS;
    }
    n = find_or_make(out, family, hop);
    n->used_ns = now_of(n);
    if (n->rt.state == NUD_STALE)
        set_state(n, NUD_DELAY);
    if (n->rt.state & NUD_VALID) {
        put_addresses(frame, n->rt.hw, out);
        device_send(out, frame, len);
        return N_DROP_REASONS;
    }
    wait_for(n, frame, len);
    if (n->rt.state != NUD_INCOMPLETE) {
        set_state(n, NUD_INCOMPLETE);
        probe(n);
    }
    return N_DROP_REASONS;
}

/* ---- hearing ----------------------------------------------------------------------------------- */

/* Of what is valid already: is the news worth it? */
static bool is_news(const struct neigh *n, const uint8_t *mac, uint16_t state)
{
    bool is_same = n->rt.hw_len == ETH_ALEN && !memcmp(n->rt.hw, mac, ETH_ALEN);

    if (n->rt.state & (NUD_PERMANENT | NUD_NOARP))
        return false;
    if (!(n->rt.state & NUD_VALID))
        return true;
    if (is_same)
        return state != NUD_STALE;
    return now_of(n) - n->updated_ns > LOCKTIME_NS;
}

void neigh_hear(struct device *d, uint8_t family, const uint8_t *ip, const uint8_t *mac,
                uint16_t state, bool creates)
{
    struct neigh *n = creates ? find_or_make(d, family, ip)
                              : find(d->ns, family, d->dev.ifindex, ip, 0);
    struct rt_neigh before;

    if (!n || !is_news(n, mac, state))
        return;
    before = n->rt;
    n->rt.hw_len = ETH_ALEN;
    memcpy(n->rt.hw, mac, ETH_ALEN);
    n->updated_ns = now_of(n);
    set_state(n, state);
    if (memcmp(&before, &n->rt, sizeof(before)))
        tell(n, NULL);
    send_waiting(n);
}

/* ---- clients ------------------------------------------------------------------------------------ */

static int check(const struct sim_ns *ns, const struct rt_neigh *n, struct err *e)
{
    const struct device *d = device_by_index(ns, n->ifindex);

    if (!d)
        return err_set(e, ENODEV, "there is no device %d", n->ifindex);
    if (n->hw_len && n->hw_len < (d->kind ? d->kind->addr_len : sizeof(d->dev.mac)))
        return rt_refuse(e, EINVAL, "Invalid link address");
    return 0;
}

/* An address that is answered for; nobody is told. */
static void add_proxy(struct sim_ns *ns, const struct rt_neigh *wanted, struct neigh *old)
{
    struct rt_neigh rt = *wanted;

    rt.state = NUD_NONE;
    rt.hw_len = 0;
    if (old)
        old->rt = rt;
    else
        (void)create(ns, &rt);
}

int neigh_add(struct sim_ns *ns, const struct rt_neigh *rt, uint16_t flags, struct req *cause,
              struct err *e)
{
    struct neigh *n = find(ns, rt->family, rt->ifindex, rt->dst, rt->flags & NTF_PROXY);
    int rc = check(ns, rt, e);

    if (rc)
        return rc;
    if (rt->flags & NTF_PROXY) {
        add_proxy(ns, rt, n);
        return 0;
    }
    if (!n && !(flags & NLM_F_CREATE))
        return err_set(e, ENOENT, "there is no such neighbour");
    if (n && flags & NLM_F_EXCL)
        return err_set(e, EEXIST, "there is such a neighbour already");
    if (!n && (rc = netlink_refuses(ns->sim->nl, NETLINK_FAULT_RT_NEIGH, e)))
        return rc;
    if (!n)
        n = create(ns, rt);
    else if (flags & NLM_F_REPLACE)
        n->rt = *rt;
    n->updated_ns = now_of(n);
    set_state(n, rt->state);
    tell(n, cause);
    if (n->rt.state & NUD_VALID)
        send_waiting(n);
    return 0;
}

int neigh_del(struct sim_ns *ns, const struct rt_neigh *rt, struct req *cause, struct err *e)
{
    struct neigh *n = find(ns, rt->family, rt->ifindex, rt->dst, rt->flags & NTF_PROXY);
    struct rt_neigh gone;

    if (!n)
        return err_set(e, ENOENT, "there is no such neighbour");
    while (n->waiting.head)
        drop_first(n, DROP_NO_NEIGH);
    gone = n->rt;
    gone.state = NUD_FAILED;
    gone.hw_len = 0;
    g_ptr_array_remove(ns->neighs, n);
    if (!(gone.flags & NTF_PROXY))
        rt_neigh_event(ns->net, RTM_DELNEIGH, &gone, cause);
    return 0;
}

void neigh_dev_down(struct sim_ns *ns, uint8_t family, int ifindex)
{
    for (guint i = ns->neighs->len; i-- > 0;) {
        struct rt_neigh n = ((struct neigh *)g_ptr_array_index(ns->neighs, i))->rt;

        if (n.ifindex == ifindex && n.family == family)
            (void)neigh_del(ns, &n, NULL, NULL);
    }
}
