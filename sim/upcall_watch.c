/* upcall_watch.c - see upcall_watch.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/upcall_watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/openvswitch.h>

#include "sim/listing.h"

struct upcall_watch {
    struct sim_ns *ns;
    struct local news;          /* notifications arrive here */
    struct local out;
    GPtrArray *handlers;        /* of struct upcall_handler, one for a datapath */
    bool has_default;
    enum upcall_mode default_mode;
    uint64_t event;             /* of the clock, 0: nothing to read */
};

static struct upcall_handler *handler_of(const struct upcall_watch *w, int dp_ifindex)
{
    for (guint i = 0; i < w->handlers->len; i++) {
        struct upcall_handler *h = g_ptr_array_index(w->handlers, i);

        if (upcall_handler_dp(h) == dp_ifindex)
            return h;
    }
    return NULL;
}

static int add_handler(struct upcall_watch *w, int dp_ifindex, enum upcall_mode mode,
                       bool takes_all, struct err *e)
{
    struct upcall_handler *h = upcall_handler_new(w->ns, dp_ifindex, mode, takes_all, e);

    if (!h)
        return -e->code;
    g_ptr_array_remove(w->handlers, handler_of(w, dp_ifindex));
    g_ptr_array_add(w->handlers, h);
    return 0;
}

/* ---- notifications --------------------------------------------------------------------------- */

static void read_dp(struct upcall_watch *w, const struct nlmsghdr *msg, uint8_t cmd)
{
    int dp_ifindex = local_dp_ifindex(msg);
    struct upcall_handler *h = handler_of(w, dp_ifindex);
    struct err ignored;

    if (cmd == OVS_DP_CMD_DEL)
        g_ptr_array_remove(w->handlers, h);
    if (cmd == OVS_DP_CMD_SET && h)
        upcall_handler_take_dispatch(h, msg);
    /* It may have gone again already. */
    if (cmd == OVS_DP_CMD_NEW && w->has_default)
        (void)add_handler(w, dp_ifindex, w->default_mode, false, &ignored);
}

static void read_port(struct upcall_watch *w, const struct nlmsghdr *msg, uint8_t cmd)
{
    struct upcall_handler *h = handler_of(w, local_dp_ifindex(msg));

    if (cmd == OVS_VPORT_CMD_NEW && h && !local_u32(msg, OVS_VPORT_ATTR_UPCALL_PID, 0))
        (void)upcall_handler_take_port(h, local_u32(msg, OVS_VPORT_ATTR_PORT_NO, 0), NULL);
}

static void read_news(void *ctx)
{
    struct upcall_watch *w = ctx;
    struct netlink *nl = w->ns->sim->nl;
    uint16_t dp = netlink_family_id(nl, netlink_family_by_name(nl, OVS_DATAPATH_FAMILY));
    struct dgram *d;
    int error;

    w->event = 0;
    while ((d = sock_recv(w->news.sock, &error)) || error) {
        const struct nlmsghdr *msg = d ? (const void *)d->data : NULL;
        const struct genlmsghdr *genl = d ? mnl_nlmsg_get_payload(msg) : NULL;

        if (d)
            (msg->nlmsg_type == dp ? read_dp : read_port)(w, msg, genl->cmd);
        g_free(d);
    }
}

static void on_readable(struct sock *s)
{
    struct upcall_watch *w = s->transport;
    struct clock *c = &w->ns->sim->clock;

    if (!w->event)
        w->event = clock_add(c, c->now_ns, read_news, w);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void join(struct upcall_watch *w, const char *family)
{
    struct netlink *nl = w->ns->sim->nl;

    (void)sock_join(w->news.sock, netlink_group_id(nl, netlink_family_by_name(nl, family)));
}

struct upcall_watch *upcall_watch_new(struct sim_ns *ns)
{
    struct upcall_watch *w = g_new0(struct upcall_watch, 1);

    w->ns = ns;
    local_init(&w->news, ns);
    local_init(&w->out, ns);
    w->handlers = g_ptr_array_new_with_free_func((GDestroyNotify)upcall_handler_free);
    w->news.sock->transport = w;
    w->news.sock->readable = on_readable;
    join(w, OVS_DATAPATH_FAMILY);
    join(w, OVS_VPORT_FAMILY);
    return w;
}

void upcall_watch_free(struct upcall_watch *w)
{
    if (!w)
        return;
    if (w->event)
        clock_cancel(&w->ns->sim->clock, w->event);
    g_ptr_array_free(w->handlers, TRUE);
    local_done(&w->news);
    local_done(&w->out);
    g_free(w);
}

static int set_all(struct upcall_watch *w, enum upcall_mode mode, struct err *e)
{
    GArray *dps = list_datapaths(&w->out, e);
    int r = dps ? 0 : -e->code;

    w->has_default = true;
    w->default_mode = mode;
    for (guint i = 0; !r && i < dps->len; i++)
        r = add_handler(w, g_array_index(dps, struct dp_listing, i).ifindex, mode, false, e);
    g_clear_pointer(&dps, g_array_unref);
    return r;
}

int upcall_watch_set(struct upcall_watch *w, int dp_ifindex, enum upcall_mode mode, struct err *e)
{
    return dp_ifindex ? add_handler(w, dp_ifindex, mode, true, e) : set_all(w, mode, e);
}
