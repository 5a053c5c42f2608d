/* rt_addr.c - RTM_GETADDR (dump), NEWADDR, DELADDR.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define FOR_EVER UINT32_MAX
#define HDR sizeof(struct ifaddrmsg)

static const struct policy addr_policy[IFA_MAX + 1] = {
    [IFA_CACHEINFO] = { POL_MIN_LEN, sizeof(struct ifa_cacheinfo), false, 0, 0 },
    [IFA_FLAGS] = { POL_U32, 0, false, 0, 0 },
    [IFA_RT_PRIORITY] = { POL_U32, 0, false, 0, 0 },
};

/* ---- answers --------------------------------------------------------------------------------- */

static void addr_header(const struct rt_addr *a, struct ifaddrmsg *ifa)
{
    *ifa = (struct ifaddrmsg){
        .ifa_family = a->family,
        .ifa_prefixlen = a->prefix_len,
        .ifa_flags = (uint8_t)a->flags,
        .ifa_scope = a->scope,
        .ifa_index = (uint32_t)a->ifindex,
    };
}

/* IPv4 tells both ends always, IPv6 one unless they differ. */
static void addr_put(struct nlmsghdr *msg, const struct rt_addr *a)
{
    bool is_for_ever = a->family == AF_INET && a->valid == FOR_EVER;
    const struct ifa_cacheinfo times = { .ifa_prefered = is_for_ever ? FOR_EVER : a->preferred,
                                         .ifa_valid = a->valid };
    size_t len = rt_ip_len(a->family);
    bool is_ip4 = a->family == AF_INET, has_peer = memcmp(a->local, a->peer, len);

    if (is_ip4 || !has_peer)
        mnl_attr_put(msg, IFA_ADDRESS, len, a->peer);
    if (is_ip4 || has_peer)
        mnl_attr_put(msg, IFA_LOCAL, len, a->local);
    if (!is_ip4 && has_peer)
        mnl_attr_put(msg, IFA_ADDRESS, len, a->peer);
    if (a->has_broadcast)
        mnl_attr_put(msg, IFA_BROADCAST, sizeof(a->broadcast), a->broadcast);
    if (is_ip4)
        mnl_attr_put_strz(msg, IFA_LABEL, a->label);
    if (a->priority)
        mnl_attr_put_u32(msg, IFA_RT_PRIORITY, a->priority);
    if (is_ip4)
        mnl_attr_put_u32(msg, IFA_FLAGS, a->flags);
    mnl_attr_put(msg, IFA_CACHEINFO, sizeof(times), &times);
    if (!is_ip4)
        mnl_attr_put_u32(msg, IFA_FLAGS, a->flags);
    if (a->proto)
        mnl_attr_put_u8(msg, IFA_PROTO, a->proto);
}

/* By a device it filters only where the header was looked at, and the device must be there. */
static int check_dump(struct dump *d, struct err *e)
{
    const struct nlattr *tb[IFA_MAX + 1];
    struct ifaddrmsg ifa;
    struct rt_link link;
    bool is_ip6;
    int rc;

    if (!d->req.sock->strict_chk)
        return 0;
    rt_header(d->req.msg, &ifa, HDR);
    is_ip6 = ifa.ifa_family == AF_INET6;
    if (mnl_nlmsg_get_payload_len(d->req.msg) < HDR)
        return rt_refuse(e, EINVAL, is_ip6 ? "ipv6: Invalid header for address dump request"
                                          : "ipv4: Invalid header for address dump request");
    if (ifa.ifa_prefixlen || ifa.ifa_flags || ifa.ifa_scope)
        return rt_refuse(e, EINVAL, is_ip6 ? "ipv6: Invalid values in header for address dump request"
                                          : "ipv4: Invalid values in header for address dump request");
    rc = rt_parse(d->req.msg, HDR, addr_policy, IFA_MAX, tb, e);
    if (!rc)
        rc = rt_strict(&d->req, tb, IFA_MAX, RT_BIT(IFA_TARGET_NETNSID),
                       is_ip6 ? "ipv6: Unsupported attribute in dump request"
                              : "ipv4: Unsupported attribute in dump request", e);
    if (rc || !ifa.ifa_index)
        return rc;
    d->flags = NLM_F_DUMP_FILTERED;
    if (!rt_ops_of(&d->req)->link_find(d->req.sock->ns, (int)ifa.ifa_index, "", &link))
        return err_set(e, ENODEV, "there is no device %u", ifa.ifa_index);
    return 0;
}

/* The kernel answers one family after the other. */
static bool is_wanted(const struct rt_addr *a, const struct dump *d, const struct ifaddrmsg *ifa)
{
    bool by_index = d->req.sock->strict_chk && ifa->ifa_index;

    if (by_index && (uint32_t)a->ifindex != ifa->ifa_index)
        return false;
    return !rt_ip_len(ifa->ifa_family) || a->family == ifa->ifa_family;
}

static int dump_addrs(struct dump *d, struct err *e)
{
    const struct rt_ops *ops = rt_ops_of(&d->req);
    const struct rt_addr *a;
    struct ifaddrmsg wanted, ifa;

    if (check_dump(d, e))
        return -e->code;
    rt_header(d->req.msg, &wanted, HDR);
    for (; (a = ops->addr_at(d->req.sock->ns, d->pos)); d->pos++) {
        struct nlmsghdr *msg;

        if (!is_wanted(a, d, &wanted))
            continue;
        addr_header(a, &ifa);
        msg = rt_dump_msg(d, RTM_NEWADDR, &ifa, HDR);
        addr_put(msg, a);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

/* ---- changes --------------------------------------------------------------------------------- */

/* LOCAL is the link's own address; ADDRESS alone is that too, beside LOCAL it is the far end's. */
static int read_ends(const struct nlattr *const *tb, struct rt_addr *a, struct err *e)
{
    const struct nlattr *local = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
    const struct nlattr *peer = tb[IFA_ADDRESS] ? tb[IFA_ADDRESS] : local;

    if (!local || (a->family == AF_INET && !tb[IFA_LOCAL]))
        return err_set(e, EINVAL, "the link's own address is missing");
    if (rt_get_ip(local, a->family, a->local, NULL, e))
        return -e->code;
    return rt_get_ip(peer, a->family, a->peer, NULL, e);
}

static int read_request(const struct req *req, struct rt_addr *a, struct err *e)
{
    const struct nlattr *tb[IFA_MAX + 1];
    struct ifa_cacheinfo times = { .ifa_valid = FOR_EVER, .ifa_prefered = FOR_EVER };
    struct ifaddrmsg ifa;
    int rc = rt_parse(req->msg, HDR, addr_policy, IFA_MAX, tb, e);

    rt_header(req->msg, &ifa, HDR);
    if (rc)
        return rc;
    if (!rt_ip_len(ifa.ifa_family))
        return -EOPNOTSUPP;
    *a = (struct rt_addr){
        .family = ifa.ifa_family,
        .prefix_len = ifa.ifa_prefixlen,
        .scope = ifa.ifa_scope,
        .ifindex = (int)ifa.ifa_index,
        .flags = rt_u32(tb[IFA_FLAGS], ifa.ifa_flags),
        .priority = rt_u32(tb[IFA_RT_PRIORITY], 0),
    };
    if (a->prefix_len > 8 * rt_ip_len(a->family))
        return err_set(e, EINVAL, "a prefix of %u bits", a->prefix_len);
    if (tb[IFA_CACHEINFO])
        memcpy(&times, mnl_attr_get_payload(tb[IFA_CACHEINFO]), sizeof(times));
    a->valid = times.ifa_valid;
    a->preferred = times.ifa_prefered;
    if (tb[IFA_LABEL])
        memcpy(a->label, mnl_attr_get_payload(tb[IFA_LABEL]),
               MIN(mnl_attr_get_payload_len(tb[IFA_LABEL]), sizeof(a->label) - 1));
    if (a->family == AF_INET &&
        rt_get_ip(tb[IFA_BROADCAST], AF_INET, a->broadcast, &a->has_broadcast, e))
        return -e->code;
    return read_ends(tb, a, e);
}

static int new_addr(struct req *req, struct err *e)
{
    struct rt_addr a;
    int rc = read_request(req, &a, e);

    return rc ? rc : rt_ops_of(req)->addr_add(req->sock->ns, &a, req->msg->nlmsg_flags, req, e);
}

static int del_addr(struct req *req, struct err *e)
{
    struct rt_addr a;
    int rc = read_request(req, &a, e);

    return rc ? rc : rt_ops_of(req)->addr_del(req->sock->ns, &a, req, e);
}

void rt_addr_event(struct netns *ns, uint16_t type, const struct rt_addr *a, struct req *cause)
{
    struct ifaddrmsg ifa;
    struct nlmsghdr *msg;

    addr_header(a, &ifa);
    /* IPv6 does not tell who asked. */
    msg = rt_event_msg(ns, type, a->family == AF_INET ? cause : NULL, &ifa, HDR);
    addr_put(msg, a);
    rt_send_event(ns, a->family == AF_INET ? RTNLGRP_IPV4_IFADDR : RTNLGRP_IPV6_IFADDR, cause, msg);
}

const struct rt_op rt_addr_ops[] = {
    { RTM_GETADDR, 0, HDR, { .dump = dump_addrs, .tells_changes = true } },
    { RTM_NEWADDR, 0, HDR, { .doit = new_addr, .needs = RT_BIT(IFA_LOCAL),
      .takes = RT_BIT(IFA_ADDRESS) | RT_BIT(IFA_BROADCAST) | RT_BIT(IFA_FLAGS) | RT_BIT(IFA_CACHEINFO) } },
    { RTM_DELADDR, 0, HDR, { .doit = del_addr, .needs = RT_BIT(IFA_LOCAL) } },
    { 0 },
};
