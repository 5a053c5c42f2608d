/* tunnel_check.c - which tunnel devices one namespace cannot have together.
 *
 * When it is made: two that the same packet would have to go to. When it comes up: two that do not
 * share the socket of their UDP port. Seen on Linux 6.1.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "sim/tunnel_int.h"

#define IP4 1u
#define IP6 2u

static unsigned families(const struct netdev_tunnel *t, const struct tunnel_dev *own)
{
    if (t->is_external)
        return IP4 | IP6;
    return own->own.tun_proto == 6 ? IP6 : IP4;
}

/* What vxlan devices on one socket must agree in. */
static bool has_same_socket(const struct netdev_tunnel *a, const struct netdev_tunnel *b)
{
    return a->kind == b->kind &&
           (a->kind != TUNNEL_VXLAN ||
            (a->is_external == b->is_external && a->has_gbp == b->has_gbp &&
             a->takes_zero_csum6 == b->takes_zero_csum6));
}

/* ---- made ---------------------------------------------------------------------------------------- */

struct candidate {
    const struct netdev_tunnel *t;
    const struct tunnel_dev *own;       /* NULL: external mode */
};

static bool is_same_end(const struct flow_key *a, const struct flow_key *b)
{
    return a->tun_proto == b->tun_proto &&
           !memcmp(tunnel_remote(a), tunnel_remote(b), rt_ip_len(tunnel_family(a)));
}

static bool is_same_source(const struct flow_key *a, const struct flow_key *b)
{
    return !memcmp(tunnel_local(a), tunnel_local(b), rt_ip_len(tunnel_family(a)));
}

static int check_vxlan(const struct device *d, const struct candidate *c, struct err *e)
{
    bool is_external = c->t->is_external;

    if (!has_same_socket(&d->dev.tunnel, c->t) ||
        (!is_external && (d->tunnel->own.tun_proto != c->own->own.tun_proto ||
                          d->tunnel->own.tun.id != c->own->own.tun.id)))
        return 0;
    return rt_refuse(e, EEXIST, "A VXLAN device with the specified VNI already exists.");
}

static int check_geneve(const struct device *d, const struct candidate *c, struct err *e)
{
    if (d->dev.tunnel.is_external != c->t->is_external)
        return rt_refuse(e, EPERM, c->t->is_external
            ? "There can be only one externally controlled device on a destination port."
            : "There already exists an externally controlled device on this destination port.");
    if (!c->t->is_external && (d->tunnel->own.tun.id != c->own->own.tun.id ||
                               !is_same_end(&d->tunnel->own, &c->own->own)))
        return 0;
    return err_set(e, EBUSY, "%s is such a tunnel already", d->dev.name);
}

static int check_gre(const struct device *d, const struct candidate *c, struct err *e)
{
    const struct tunnel_dev *a = d->tunnel, *b = c->own;

    if (d->dev.tunnel.is_external != c->t->is_external)
        return 0;
    if (!c->t->is_external &&
        (!is_same_end(&a->own, &b->own) || !is_same_source(&a->own, &b->own) ||
         a->link != b->link || (a->gre_in ^ b->gre_in) & GRE_HAS_KEY || a->key_in != b->key_in))
        return 0;
    return err_set(e, EEXIST, "%s is such a tunnel already", d->dev.name);
}

static int check_pair(const struct device *d, const struct candidate *c, struct err *e)
{
    if (d->dev.tunnel.kind != c->t->kind || d->dev.tunnel.udp_port != c->t->udp_port)
        return 0;
    if (c->t->kind == TUNNEL_VXLAN)
        return check_vxlan(d, c, e);
    return c->t->kind == TUNNEL_GENEVE ? check_geneve(d, c, e) : check_gre(d, c, e);
}

static int check_new(const struct sim_ns *ns, const struct candidate *c, struct err *e)
{
    for (guint i = 0; i < ns->devices->len; i++) {
        int rc = check_pair(g_ptr_array_index(ns->devices, i), c, e);

        if (rc)
            return rc;
    }
    return 0;
}

/* Kinds that carry no Ethernet are told apart by what they were made of. */
static bool is_same_value(const struct device *d, const struct rt_link_change *c, uint16_t type)
{
    const struct rt_value *x = type ? rt_value(d->kind, d->data, type) : NULL;
    const struct rt_value *y = type ? rt_value(d->kind, c->data, type) : NULL;

    return !x || !y || (!memcmp(x->bytes, y->bytes, sizeof(x->bytes)));
}

static bool is_given(const struct rt_kind *kind, const struct rt_value *data)
{
    const struct rt_value *v =
        kind->external_type ? rt_value(kind, data, kind->external_type) : NULL;

    return v && v->is_set;
}

static int check_values(const struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    const struct rt_kind *kind = c->kind;

    for (guint i = 0; i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);

        if (d->kind == kind && is_given(kind, d->data) == is_given(kind, c->data) &&
            is_same_value(d, c, kind->id_type) && is_same_value(d, c, kind->local_type) &&
            is_same_value(d, c, kind->remote_type))
            return err_set(e, EEXIST, "%s is such a tunnel already", d->dev.name);
    }
    return 0;
}

static const char *external_name(const struct rt_kind *kind)
{
    return kind->external_of ? kind->external_of : kind->name;
}

/* Kinds that share their one device in external mode. */
static int check_external(const struct sim_ns *ns, const struct device *wanted, struct err *e)
{
    for (guint i = 0; device_is_external(wanted) && i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);

        if (device_is_external(d) && d->kind != wanted->kind &&
            !strcmp(external_name(d->kind), external_name(wanted->kind)))
            return err_set(e, EEXIST, "%s is such a tunnel already", d->dev.name);
    }
    return 0;
}

int tunnel_check_link(const struct sim_ns *ns, const struct rt_link_change *c, struct err *e)
{
    struct device wanted = { .kind = c->kind };
    struct candidate candidate = { .t = &wanted.dev.tunnel };
    int rc;

    memcpy(wanted.data, c->data, sizeof(wanted.data));
    tunnel_dev_new(&wanted);
    candidate.own = wanted.tunnel;
    rc = check_external(ns, &wanted, e);
    if (!rc)
        rc = wanted.tunnel ? check_new(ns, &candidate, e) : check_values(ns, c, e);
    tunnel_dev_free(wanted.tunnel);
    return rc;
}

/* ---- up ------------------------------------------------------------------------------------------ */

static int check_socket(const struct sim_ns *ns, const struct device *self,
                        const struct netdev_tunnel *t, unsigned wanted, struct err *e)
{
    for (guint i = 0; t->udp_port && i < ns->devices->len; i++) {
        const struct device *d = g_ptr_array_index(ns->devices, i);
        const struct netdev_tunnel *other = &d->dev.tunnel;

        if (d != self && d->dev.is_up && other->udp_port == t->udp_port &&
            families(other, d->tunnel) & wanted && !has_same_socket(other, t))
            return err_set(e, EADDRINUSE, "%s has UDP port %u", d->dev.name, t->udp_port);
    }
    return 0;
}

int tunnel_check_up(const struct device *d, struct err *e)
{
    const struct netdev_tunnel *t = &d->dev.tunnel;

    if (!t->kind || d->dev.is_up)
        return 0;
    return check_socket(d->ns, d, t, families(t, d->tunnel), e);
}

int tunnel_check_port(const struct sim_ns *ns, const struct netdev_tunnel *t, struct err *e)
{
    const struct candidate candidate = { .t = t };
    struct err own = { 0 };
    int rc = check_new(ns, &candidate, &own);

    if (!rc)
        rc = check_socket(ns, NULL, t, IP4 | IP6, &own);
    return rc ? err_set(e, -rc, "%s", own.text) : 0;
}
