/* rt_link.c - RTM_GETLINK, NEWLINK, SETLINK, DELLINK: reads requests, asks struct rt_ops.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define KIND_CHARS 55       /* MODULE_NAME_LEN less a prefix */

/* clang-format off */
static const struct policy link_policy[IFLA_MAX + 1] = {
    [IFLA_MTU]             = { POL_U32, 0, false, 0, 0 },
    [IFLA_LINK]            = { POL_U32, 0, false, 0, 0 },
    [IFLA_MASTER]          = { POL_U32, 0, false, 0, 0 },
    [IFLA_CARRIER]         = { POL_U8,  0, false, 0, 0 },
    [IFLA_TXQLEN]          = { POL_U32, 0, false, 0, 0 },
    [IFLA_GROUP]           = { POL_U32, 0, false, 0, 0 },
    [IFLA_LINKINFO]        = { POL_NESTED, 0, false, 0, 0 },
    [IFLA_NUM_TX_QUEUES]   = { POL_U32, 0, false, 0, 0 },
    [IFLA_NUM_RX_QUEUES]   = { POL_U32, 0, false, 0, 0 },
    [IFLA_GSO_MAX_SIZE]    = { POL_U32, 0, false, 0, 0 },
    [IFLA_GSO_MAX_SEGS]    = { POL_U32, 0, false, 0, 0 },
    [IFLA_EXT_MASK]        = { POL_U32, 0, false, 0, 0 },
    [IFLA_TARGET_NETNSID]  = { POL_S32, 0, false, 0, 0 },
    [IFLA_NET_NS_PID]      = { POL_U32, 0, false, 0, 0 },
    [IFLA_NET_NS_FD]       = { POL_U32, 0, false, 0, 0 },
};

static const struct policy info_policy[IFLA_INFO_MAX + 1] = {
    [IFLA_INFO_DATA]       = { POL_NESTED, 0, false, 0, 0 },
};
/* clang-format on */

/* Everything of one request, taken apart. */
struct link_req {
    struct ifinfomsg ifi;
    const struct nlattr *tb[IFLA_MAX + 1];
    const struct nlattr *info[IFLA_INFO_MAX + 1];
    char name[IFNAMSIZ], kind[KIND_CHARS + 1];      /* "": not given */
};

/* Strings need no NUL here; returns the length, of which at most size - 1 letters are stored. */
static size_t read_string(const struct nlattr *a, char *text, size_t size)
{
    size_t len = a ? strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)) : 0;
    size_t n = MIN(len, size - 1);

    memcpy(text, a ? mnl_attr_get_payload(a) : "", n);
    text[n] = '\0';
    return len;
}

/* An alternative name is a name too: links here have just one. A kind that is too long is merely unknown. */
static int read_strings(struct link_req *r, struct err *e)
{
    const struct nlattr *name = r->tb[IFLA_IFNAME] ? r->tb[IFLA_IFNAME] : r->tb[IFLA_ALT_IFNAME];

    (void)read_string(r->info[IFLA_INFO_KIND], r->kind, sizeof(r->kind));
    if (read_string(name, r->name, sizeof(r->name)) >= sizeof(r->name))
        return rt_refuse(e, ERANGE, "Attribute failed policy validation");
    return 0;
}

/* The header and all attributes; 'at' is where they begin, for a peer inside INFO_DATA. */
static int read_attrs(struct link_req *r, const struct nlmsghdr *msg, const void *at, size_t len,
                      struct err *e)
{
    const struct nlattr *info;
    int rc = policy_parse(link_policy, IFLA_MAX, at, len, msg, r->tb, e);

    memset(r->info, 0, sizeof(r->info));
    info = rc ? NULL : r->tb[IFLA_LINKINFO];
    if (info)
        rc = policy_parse(info_policy, IFLA_INFO_MAX, mnl_attr_get_payload(info),
                          mnl_attr_get_payload_len(info), msg, r->info, e);
    return rc ? rc : read_strings(r, e);
}

static int read_request(const struct req *req, struct link_req *r, struct err *e)
{
    const size_t at = sizeof(*req->msg) + sizeof(r->ifi);
    size_t len = req->msg->nlmsg_len > at ? req->msg->nlmsg_len - at : 0;
    int rc;

    rt_header(req->msg, &r->ifi, sizeof(r->ifi));
    rc = read_attrs(r, req->msg, (const uint8_t *)req->msg + at, len, e);
    if (!rc && r->tb[IFLA_TARGET_NETNSID])
        return rt_refuse(e, EINVAL, "Invalid target network namespace id");
    return rc;
}

/* 0, -EINVAL if it names no link at all, -ENODEV if there is no such link. */
static int find(const struct req *req, const struct link_req *r, struct rt_link *link)
{
    int ifindex = r->ifi.ifi_index > 0 ? r->ifi.ifi_index : 0;

    if (!ifindex && !r->name[0])
        return -EINVAL;
    return rt_ops_of(req)->link_find(req->sock->ns, ifindex, r->name, link) ? 0 : -ENODEV;
}

/* ---- get ------------------------------------------------------------------------------------- */

static int check_get(const struct req *req, const struct link_req *r, struct err *e)
{
    if (req->sock->strict_chk && (r->ifi.__ifi_pad || r->ifi.ifi_type || r->ifi.ifi_flags ||
                                  r->ifi.ifi_change))
        return rt_refuse(e, EINVAL, "Invalid values in header for get link request");
    return rt_strict(req, r->tb, IFLA_MAX,
                     RT_BIT(IFLA_IFNAME) | RT_BIT(IFLA_EXT_MASK) | RT_BIT(IFLA_ALT_IFNAME) |
                         RT_BIT(IFLA_TARGET_NETNSID),
                     "Unsupported attribute in get link request", e);
}

static int get_link(struct req *req, struct err *e)
{
    struct ifinfomsg ifi;
    struct nlmsghdr *msg;
    struct link_req r;
    struct rt_link link;
    int rc;

    if (mnl_nlmsg_get_payload_len(req->msg) < sizeof(r.ifi))
        return rt_refuse(e, EINVAL, "Invalid header for get link");
    rc = read_request(req, &r, e);
    if (!rc)
        rc = check_get(req, &r, e);
    if (!rc)
        rc = find(req, &r, &link);
    if (rc)
        return rc;
    rt_link_header(&link, 0, &ifi);
    msg = rt_reply_msg(req, RTM_NEWLINK, &ifi, sizeof(ifi));
    rt_link_put(msg, &link, rt_u32(r.tb[IFLA_EXT_MASK], 0));
    return reply_send(req, msg);
}

static int check_dump(struct dump *d, struct err *e)
{
    struct link_req r;
    int rc;

    if (!d->req.sock->strict_chk)
        return 0;
    if (mnl_nlmsg_get_payload_len(d->req.msg) < sizeof(r.ifi))
        return rt_refuse(e, EINVAL, "Invalid header for link dump");
    rt_header(d->req.msg, &r.ifi, sizeof(r.ifi));
    if (r.ifi.__ifi_pad || r.ifi.ifi_type || r.ifi.ifi_flags || r.ifi.ifi_change)
        return rt_refuse(e, EINVAL, "Invalid values in header for link dump request");
    if (r.ifi.ifi_index)
        return rt_refuse(e, EINVAL, "Filter by device index not supported for link dumps");
    rc = read_request(&d->req, &r, e);
    return rc ? rc : rt_strict(&d->req, r.tb, IFLA_MAX,
                               RT_BIT(IFLA_MASTER) | RT_BIT(IFLA_LINKINFO) |
                                   RT_BIT(IFLA_EXT_MASK) | RT_BIT(IFLA_TARGET_NETNSID),
                               "Unsupported attribute in link dump request", e);
}

/* A client that wants one master's or one kind's links says so. */
static bool is_wanted(const struct link_req *r, const struct rt_link *link)
{
    const char *name = link->kind ? link->kind->name : link->kind_name;

    uint32_t master = rt_u32(r->tb[IFLA_MASTER], 0);

    if (master && master != (uint32_t)link->master)
        return false;
    return !r->kind[0] || (name && !strcmp(name, r->kind));
}

static int dump_links(struct dump *d, struct err *e)
{
    struct netns *ns = d->req.sock->ns;
    struct ifinfomsg ifi;
    struct rt_link link;
    struct link_req r;

    if (check_dump(d, e))
        return -e->code;
    if (read_request(&d->req, &r, e))
        memset(&r, 0, sizeof(r));       /* without strict checking a bad filter is no filter */
    *e = (struct err){ 0 };
    while (rt_ops_of(&d->req)->link_next(ns, (int)d->pos, &link)) {
        struct nlmsghdr *msg;

        rt_link_header(&link, 0, &ifi);
        msg = rt_dump_msg(d, RTM_NEWLINK, &ifi, sizeof(ifi));
        rt_link_put(msg, &link, rt_u32(r.tb[IFLA_EXT_MASK], 0));
        if (is_wanted(&r, &link) && !dump_commit(d, msg))
            return 1;
        d->pos = (uint64_t)link.ifindex;
    }
    return 0;
}

/* There are no bridges. */
static int dump_nothing(struct dump *d, struct err *e)
{
    (void)d;
    (void)e;
    return 0;
}

/* ---- new, set -------------------------------------------------------------------------------- */

/* A link address has at least the link's length; the tail of a longer one is ignored. */
static int read_hw(const struct nlattr *a, size_t len, uint8_t *hw, struct err *e)
{
    if (!a)
        return 0;
    if (mnl_attr_get_payload_len(a) < len)
        return err_set(e, EINVAL, "a link address of %u bytes, not %zu", mnl_attr_get_payload_len(a), len);
    memcpy(hw, mnl_attr_get_payload(a), len);
    return 0;
}

static int read_change(const struct link_req *r, size_t addr_len, struct rt_link_change *c,
                       struct err *e)
{
    for (unsigned i = 1; i <= IFLA_MAX && i < 64; i++)
        c->given |= r->tb[i] ? RT_BIT(i) : 0;
    c->flags = r->ifi.ifi_flags;
    c->change = r->ifi.ifi_change;
    if (r->tb[IFLA_IFNAME])
        memcpy(c->name, r->name, sizeof(c->name));
    if (read_string(r->tb[IFLA_IFALIAS], c->alias, sizeof(c->alias)) >= sizeof(c->alias))
        return rt_refuse(e, ERANGE, "Attribute failed policy validation");
    c->mtu = rt_u32(r->tb[IFLA_MTU], 0);
    c->txqlen = rt_u32(r->tb[IFLA_TXQLEN], 0);
    c->group = rt_u32(r->tb[IFLA_GROUP], 0);
    c->n_tx_queues = rt_u32(r->tb[IFLA_NUM_TX_QUEUES], 0);
    c->n_rx_queues = rt_u32(r->tb[IFLA_NUM_RX_QUEUES], 0);
    c->gso_max_size = rt_u32(r->tb[IFLA_GSO_MAX_SIZE], 0);
    c->gso_max_segs = rt_u32(r->tb[IFLA_GSO_MAX_SEGS], 0);
    c->carrier = r->tb[IFLA_CARRIER] ? mnl_attr_get_u8(r->tb[IFLA_CARRIER]) : 0;
    if (r->tb[IFLA_NET_NS_PID] || r->tb[IFLA_NET_NS_FD])
        return rt_refuse(e, EOPNOTSUPP, "Moving a link to another namespace is not supported");
    if (read_hw(r->tb[IFLA_ADDRESS], addr_len, c->addr, e))
        return -e->code;
    return read_hw(r->tb[IFLA_BROADCAST], addr_len, c->broadcast, e);
}

/* Nobody here can be made a master by hand: a datapath takes and gives back its ports itself. */
static int check_master(const struct req *req, const struct link_req *r, const struct rt_link *link)
{
    uint32_t wanted = rt_u32(r->tb[IFLA_MASTER], (uint32_t)link->master);
    struct rt_link master;

    if (wanted == (uint32_t)link->master)
        return 0;
    if (wanted && !rt_ops_of(req)->link_find(req->sock->ns, (int)wanted, NULL, &master))
        return -EINVAL;
    return -EOPNOTSUPP;
}

static int change_link(struct req *req, const struct link_req *r, const struct rt_link *link,
                       struct err *e)
{
    struct rt_link_change c = { .kind = NULL };
    int rc = read_change(r, link->addr_len, &c, e);

    if (!rc)
        rc = check_master(req, r, link);
    return rc ? rc : rt_ops_of(req)->link_change(req->sock->ns, link->ifindex, &c, e);
}

static int set_link(struct req *req, struct err *e)
{
    struct rt_link link;
    struct link_req r;
    int rc = read_request(req, &r, e);

    if (!rc)
        rc = find(req, &r, &link);
    return rc ? rc : change_link(req, &r, &link, e);
}

/* VETH_INFO_PEER is a whole link message without its netlink header. */
static int read_peer(const struct req *req, const struct rt_kind *kind, const struct nlattr *data,
                     struct rt_link_change *peer, bool *has, struct err *e)
{
    const struct nlattr *a = data ? attr_find(mnl_attr_get_payload(data),
                                              mnl_attr_get_payload_len(data), 1) : NULL;
    const uint8_t *at = a ? mnl_attr_get_payload(a) : NULL;
    struct link_req r;
    int rc;

    *has = a;
    if (!a)
        return 0;
    if (mnl_attr_get_payload_len(a) < sizeof(r.ifi))
        return rt_refuse(e, ERANGE, "Attribute failed policy validation");
    memcpy(&r.ifi, at, sizeof(r.ifi));
    if (r.ifi.ifi_index < 0)
        return rt_refuse(e, EINVAL, "ifindex can't be negative");
    rc = read_attrs(&r, req->msg, at + sizeof(r.ifi),
                    mnl_attr_get_payload_len(a) - sizeof(r.ifi), e);
    peer->kind = kind;
    peer->ifindex = r.ifi.ifi_index;
    return rc ? rc : read_change(&r, kind->addr_len, peer, e);
}

static int add_link(struct req *req, const struct link_req *r, const struct rt_kind *kind,
                    struct err *e)
{
    struct rt_link_change c = { .kind = kind, .ifindex = r->ifi.ifi_index }, peer = { .given = 0 };
    const struct nlattr *data = r->info[IFLA_INFO_DATA];
    bool has_peer = false;
    int rc = rt_kind_read(kind, data, true, c.data, e);

    if (!rc)
        rc = read_change(r, kind->addr_len, &c, e);
    if (!rc && kind->shape == RT_SHAPE_PAIR)
        rc = read_peer(req, kind, data, &peer, &has_peer, e);
    if (!rc)
        rc = check_master(req, r, &(struct rt_link){ .master = 0 });
    if (rc)
        return rc;
    c.peer = has_peer ? &peer : NULL;
    if (!c.name[0])
        g_snprintf(c.name, sizeof(c.name), "%s%%d", kind->name);
    return rt_ops_of(req)->link_add(req->sock->ns, &c, e);
}

static int new_link(struct req *req, struct err *e)
{
    const struct rt_kind *kind;
    struct rt_link link;
    struct link_req r;
    int rc = read_request(req, &r, e);

    if (rc)
        return rc;
    if (r.ifi.ifi_index < 0)
        return rt_refuse(e, EINVAL, "ifindex can't be negative");
    if (!find(req, &r, &link)) {
        if (req->msg->nlmsg_flags & NLM_F_EXCL)
            return -EEXIST;
        if (req->msg->nlmsg_flags & NLM_F_REPLACE || r.info[IFLA_INFO_DATA])
            return -EOPNOTSUPP;         /* a kind's data cannot be changed yet */
        return change_link(req, &r, &link, e);
    }
    if (!(req->msg->nlmsg_flags & NLM_F_CREATE))
        return -ENODEV;
    kind = rt_kind_by_name(r.kind);
    if (!kind)
        return rt_refuse(e, EOPNOTSUPP, "Unknown device type");
    return add_link(req, &r, kind, e);
}

static int del_link(struct req *req, struct err *e)
{
    struct rt_link link;
    struct link_req r;
    int rc = read_request(req, &r, e);

    if (!rc)
        rc = find(req, &r, &link);
    return rc ? rc : rt_ops_of(req)->link_del(req->sock->ns, link.ifindex, e);
}

/* ---- events ---------------------------------------------------------------------------------- */

void rt_link_event(struct netns *ns, uint16_t type, const struct rt_link *link, unsigned change)
{
    struct ifinfomsg ifi;
    struct nlmsghdr *msg;

    rt_link_header(link, change, &ifi);
    msg = rt_event_msg(ns, type, NULL, &ifi, sizeof(ifi));
    rt_link_put(msg, link, 0);
    rt_send_event(ns, RTNLGRP_LINK, NULL, msg);
}

#define HDR sizeof(struct ifinfomsg)

const struct rt_op rt_link_ops[] = {
    { RTM_GETLINK, 0, 1, { .doit = get_link, .needs = RT_BIT(IFLA_IFNAME),
      .takes = RT_BIT(IFLA_EXT_MASK), .dump = dump_links, .tells_changes = true } },
    { RTM_GETLINK, AF_BRIDGE, HDR, { .dump = dump_nothing } },
    { RTM_NEWLINK, 0, HDR, { .doit = new_link, .needs = RT_BIT(IFLA_IFNAME) | RT_BIT(IFLA_LINKINFO),
      .takes = RT_BIT(IFLA_MTU) | RT_BIT(IFLA_TXQLEN) | RT_BIT(IFLA_ADDRESS) } },
    { RTM_SETLINK, 0, HDR, { .doit = set_link,
      .takes = RT_BIT(IFLA_MTU) | RT_BIT(IFLA_TXQLEN) | RT_BIT(IFLA_IFALIAS) | RT_BIT(IFLA_GROUP) } },
    { RTM_DELLINK, 0, HDR, { .doit = del_link, .needs = RT_BIT(IFLA_IFNAME) } },
    { 0 },
};
