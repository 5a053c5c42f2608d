/* neigh.c - see neigh.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/neigh.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "sim/device.h"

GPtrArray *neigh_list_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static struct rt_neigh *find(const struct sim_ns *ns, uint8_t family, int ifindex,
                             const uint8_t *ip, uint8_t proxy)
{
    for (guint i = 0; i < ns->neighs->len; i++) {
        struct rt_neigh *n = g_ptr_array_index(ns->neighs, i);

        if (n->family == family && n->ifindex == ifindex && (n->flags & NTF_PROXY) == proxy &&
            !memcmp(n->dst, ip, rt_ip_len(family)))
            return n;
    }
    return NULL;
}

const struct rt_neigh *neigh_lookup(const struct sim_ns *ns, uint8_t family, int ifindex,
                                    const uint8_t *ip)
{
    return find(ns, family, ifindex, ip, 0);
}

bool neigh_is_valid(const struct rt_neigh *n)
{
    return n->state &
           (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE);
}

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
static void add_proxy(struct sim_ns *ns, const struct rt_neigh *wanted, struct rt_neigh *old)
{
    struct rt_neigh n = *wanted;

    n.state = NUD_NONE;
    n.hw_len = 0;
    if (old)
        *old = n;
    else
        g_ptr_array_add(ns->neighs, g_memdup2(&n, sizeof(n)));
}

int neigh_add(struct sim_ns *ns, const struct rt_neigh *n, uint16_t flags, struct req *cause,
              struct err *e)
{
    struct rt_neigh *old = find(ns, n->family, n->ifindex, n->dst, n->flags & NTF_PROXY);
    int rc = check(ns, n, e);

    if (rc)
        return rc;
    if (n->flags & NTF_PROXY) {
        add_proxy(ns, n, old);
        return 0;
    }
    if (!old && !(flags & NLM_F_CREATE))
        return err_set(e, ENOENT, "there is no such neighbour");
    if (old && flags & NLM_F_EXCL)
        return err_set(e, EEXIST, "there is such a neighbour already");
    if (old && flags & NLM_F_REPLACE)
        *old = *n;
    else if (old)
        old->state = n->state;
    else
        g_ptr_array_add(ns->neighs, g_memdup2(n, sizeof(*n)));
    rt_neigh_event(ns->net, RTM_NEWNEIGH, old ? old : n, cause);
    return 0;
}

int neigh_del(struct sim_ns *ns, const struct rt_neigh *n, struct req *cause, struct err *e)
{
    struct rt_neigh *old = find(ns, n->family, n->ifindex, n->dst, n->flags & NTF_PROXY);
    struct rt_neigh gone;

    if (!old)
        return err_set(e, ENOENT, "there is no such neighbour");
    gone = *old;
    gone.state = NUD_FAILED;
    gone.hw_len = 0;
    g_ptr_array_remove(ns->neighs, old);
    if (!(gone.flags & NTF_PROXY))
        rt_neigh_event(ns->net, RTM_DELNEIGH, &gone, cause);
    return 0;
}

void neigh_dev_down(struct sim_ns *ns, uint8_t family, int ifindex)
{
    for (guint i = ns->neighs->len; i-- > 0;) {
        struct rt_neigh n = *(struct rt_neigh *)g_ptr_array_index(ns->neighs, i);

        if (n.ifindex == ifindex && n.family == family)
            (void)neigh_del(ns, &n, NULL, NULL);
    }
}
