/* netns.c - namespaces and port ids; see socket.h. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/hash.h"
#include "netlink/rt.h"
#include "netlink/server.h"

static guint port_hash(gconstpointer p)
{
    const struct sock *s = p;
    uint64_t words[] = {(uint64_t)s->protocol, s->portid};

    return hash_words(words, sizeof(words), 0);
}

static gboolean port_equal(gconstpointer a, gconstpointer b)
{
    const struct sock *x = a, *y = b;

    return x->protocol == y->protocol && x->portid == y->portid;
}

struct netns *netns_new(struct netlink *nl, void *user)
{
    struct netns *ns = g_new0(struct netns, 1);

    ns->nl = nl;
    ns->user = user;
    ns->by_portid = g_hash_table_new(port_hash, port_equal);
    g_ptr_array_add(nl->namespaces, ns);
    return ns;
}

void netns_free(struct netns *ns)
{
    if (!ns)
        return;
    while (ns->socks.head)
        sock_close(ns->socks.head->data);
    for (guint i = 0; i < ns->nl->namespaces->len; i++)
        nsid_forget(g_ptr_array_index(ns->nl->namespaces, i), ns);
    g_ptr_array_remove(ns->nl->namespaces, ns);
    if (ns->ids)
        g_array_unref(ns->ids);
    g_hash_table_destroy(ns->by_portid);
    g_free(ns);
}

struct sock *netns_find(struct netns *ns, int protocol, uint32_t portid)
{
    struct sock probe = {.protocol = protocol, .portid = portid};

    return portid ? g_hash_table_lookup(ns->by_portid, &probe) : NULL;
}

static uint32_t take_low(struct netns *ns, int protocol)
{
    uint32_t portid = MAX(ns->low_portid[protocol], SOCK_FIRST_PORTID);

    while (netns_find(ns, protocol, portid))
        portid++;
    ns->low_portid[protocol] = portid + 1;
    return portid;
}

/* The kernel too refuses another name for a bound socket, and port id 0 is another name. */
int sock_bind(struct sock *s, uint32_t portid)
{
    if (s->protocol < 0)
        return -EOPNOTSUPP;     /* only a queue */
    if (s->portid)
        return s->portid == portid ? 0 : -EINVAL;
    if (netns_find(s->ns, s->protocol, portid))
        return -EADDRINUSE;
    if (netlink_fails(s->ns->nl, NETLINK_FAULT_BIND_ALLOC))
        return -ENOMEM;
    s->portid = portid ? portid : take_low(s->ns, s->protocol);
    g_hash_table_add(s->ns->by_portid, s);
    return 0;
}

void netns_unbind(struct sock *s)
{
    uint32_t *low;

    if (!s->portid)
        return;
    low = &s->ns->low_portid[s->protocol];
    if (s->portid >= SOCK_FIRST_PORTID && s->portid < *low)
        *low = s->portid;
    g_hash_table_remove(s->ns->by_portid, s);
}
