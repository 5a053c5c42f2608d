/* nl_event.c - tells connections' events to the members of netfilter's groups.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/nl.h"
#include "dp/datapath.h"

#define NEW_EVENTS (1u << IPCT_NEW | 1u << IPCT_RELATED)

/* What kind of event it is: group, message, flags. */
struct kind {
    uint32_t group;
    uint8_t msg;
    uint16_t flags;
};

static struct kind kind_of(uint32_t events)
{
    if (events & 1u << IPCT_DESTROY)
        return (struct kind){ NFNLGRP_CONNTRACK_DESTROY, IPCTNL_MSG_CT_DELETE, 0 };
    if (events & NEW_EVENTS)
        return (struct kind){ NFNLGRP_CONNTRACK_NEW, IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL };
    return (struct kind){ NFNLGRP_CONNTRACK_UPDATE, IPCTNL_MSG_CT_NEW, 0 };
}

bool ct_nl_is_wanted(const struct dp_ns *ns, const struct req *cause)
{
    return ns->net->n_memberships[NETLINK_NETFILTER] ||
           (cause && cause->msg->nlmsg_flags & NLM_F_ECHO);
}

void ct_nl_tell(struct ct_conn *c, uint32_t events, struct req *cause)
{
    struct dp_ns *ns = c->table->event_ctx;
    struct kind kind = kind_of(events);
    struct nlmsghdr *msg;

    if (!c->has_events || !(events & c->event_mask) || !ct_nl_is_wanted(ns, cause))
        return;
    if (dp_fails(ns->world->env->fault, DP_FAULT_CT_EVENT)) {
        nf_event_error(ns->net, kind.group, dp_fault_points[DP_FAULT_CT_EVENT].error);
        return;
    }
    msg = nf_event(ns->net, NF_TYPE(NFNL_SUBSYS_CTNETLINK, kind.msg),
                   ct_nl_family(&c->dir[CT_ORIG].tuple), cause);
    msg->nlmsg_flags = kind.flags;
    ct_nl_put_event(msg, c, events);
    nf_send_event(ns->net, kind.group, msg, cause);
}

struct req *ct_nl_cause(const struct dp_ns *ns, unsigned event)
{
    return ns->ct_cause && ns->ct_cause_event == event ? ns->ct_cause : NULL;
}

static void on_event(void *ctx, struct ct_conn *c, uint32_t events)
{
    bool is_last = events & 1u << IPCT_DESTROY;

    ct_nl_tell(c, events, is_last ? ct_nl_cause(ctx, CT_CAUSE_DESTROY) : NULL);
}

void ct_nl_delete(struct ct_conn *c, struct req *cause)
{
    struct dp_ns *ns = c->table->event_ctx;

    ns->ct_cause = cause;
    ns->ct_cause_event = CT_CAUSE_DESTROY;
    ct_conn_delete(c);
    ns->ct_cause = NULL;
}

void ct_nl_listen(struct dp_ns *ns)
{
    ns->ct->event = on_event;
    ns->ct->expect_event = ct_nl_on_expect;
    ns->ct->event_ctx = ns;
    ns->ct->n_listeners = &ns->net->n_memberships[NETLINK_NETFILTER];
}

void ct_nl_start(struct netlink *nl)
{
    nf_add_subsys(nl, &ct_nl_conns);
    nf_add_subsys(nl, &ct_nl_expects);
    nf_add_subsys(nl, &ct_nl_timeouts);
}
