/* scenario_net.c - scenario commands for the host's network: namespaces, pairs, addresses, neighbours.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "base/wire.h"
#include "sim/addr.h"
#include "sim/neigh.h"
#include "sim/scenario_int.h"

static int take_ns(struct scenario *scn, uint64_t id, struct sim_ns **ns, struct err *e)
{
    *ns = id <= UINT_MAX ? sim_ns_by_id(scn->sim, (unsigned)id) : NULL;
    if (!*ns && id == scn->sim->next_ns_id)
        *ns = sim_ns_new(scn->sim);
    if (!*ns)
        return err_set(e, ENOENT, "there is no namespace of this number, and it is not the "
                       "next (%u)", scn->sim->next_ns_id);
    (*ns)->is_named = true;
    return 0;
}

int scn_netns(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct sim_ns *ns;
    uint64_t id;
    int r;

    (void)out;
    scan_blanks(args);
    if (!scan_u64(args, UINT_MAX, &id))
        return err_set(e, EINVAL, "column %zu: the number is missing", scan_column(args));
    if ((r = scn_end(args, e)) || (r = take_ns(scn, id, &ns, e)))
        return r;
    local_done(&scn->nl);
    local_init(&scn->nl, ns);
    scn->ns = ns;
    return 0;
}

static struct device *veth_end(struct sim_ns *ns, const char *name, struct err *e)
{
    struct device *d = device_add(ns, name, NETDEV_VIRTUAL, 0, e);

    if (d)
        device_set_kind(d, rt_kind_by_name("veth"));
    return d;
}

int scn_veth(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct scn_number id = { .name = "netns", .max = UINT_MAX, .value = scn->ns->id };
    char name[IFNAMSIZ], peer_name[IFNAMSIZ];
    struct device *d, *peer;
    struct sim_ns *ns;
    int r;

    (void)out;
    if ((r = scn_word(args, "a name", name, sizeof(name), e)) ||
        (r = scn_word(args, "the peer's name", peer_name, sizeof(peer_name), e)) ||
        (r = scn_numbers(args, &id, 1, e)) || (r = scn_end(args, e)) ||
        (r = take_ns(scn, id.value, &ns, e)))
        return r;
    d = veth_end(scn->ns, name, e);
    peer = d ? veth_end(ns, peer_name, e) : NULL;
    if (d && !peer)
        device_free(d);
    if (!peer)
        return -e->code;
    device_join(d, peer);
    device_set_flags(d, device_flags(d) | IFF_UP);
    device_set_flags(peer, device_flags(peer) | IFF_UP);
    return 0;
}

static int take_ip(struct scan *args, uint8_t *family, uint8_t *ip, struct err *e)
{
    scan_blanks(args);
    if (wire_ip4.scan(args, ip, 4))
        *family = AF_INET;
    else if (wire_ip6.scan(args, ip, 16))
        *family = AF_INET6;
    else
        return err_set(e, EINVAL, "column %zu: not an IP address", scan_column(args));
    return 0;
}

int scn_addr(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct rt_addr a = { .valid = UINT32_MAX, .preferred = UINT32_MAX };
    struct device *d = NULL;
    uint64_t len;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) || (r = take_ip(args, &a.family, a.local, e)))
        return r;
    if (!scan_char(args, '/') || !scan_u64(args, 8 * rt_ip_len(a.family), &len))
        return err_set(e, EINVAL, "column %zu: no length behind the address", scan_column(args));
    if ((r = scn_end(args, e)))
        return r;
    a.ifindex = d->dev.ifindex;
    a.prefix_len = (uint8_t)len;
    memcpy(a.peer, a.local, sizeof(a.peer));
    return addr_add(scn->ns, &a, NLM_F_CREATE | NLM_F_EXCL, NULL, e);
}

int scn_neigh(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct rt_neigh n = { .state = NUD_PERMANENT, .type = RTN_UNICAST, .hw_len = 6 };
    struct device *d = NULL;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) || (r = take_ip(args, &n.family, n.dst, e)))
        return r;
    scan_blanks(args);
    if (!wire_mac.scan(args, n.hw, n.hw_len))
        return err_set(e, EINVAL, "column %zu: not a link address", scan_column(args));
    if ((r = scn_end(args, e)))
        return r;
    n.ifindex = d->dev.ifindex;
    return neigh_add(scn->ns, &n, NLM_F_CREATE | NLM_F_REPLACE, NULL, e);
}
