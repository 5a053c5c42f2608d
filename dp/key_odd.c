/* key_odd.c - hooks of IN_PORT, MPLS and NSH: key attributes that rows of plain fields cannot describe.
 *
 * Catalogue 04, sections 4.2, 4.7, 4.8, 4.9. TUNNEL has a file of its own, key_odd_tunnel.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <netinet/in.h>
#include <string.h>

#include "dp/key_hooks.h"
#include "netlink/attr.h"

#define PUT(m, member, value, is_mask)                                                            \
    match_put(m, offsetof(struct flow_key, member), &(value), sizeof((m)->key->member), is_mask)

/* ---- IN_PORT: 32 bits on the wire, 16 in the key, 65535 means "none" ------------------------ */

int key_port_get(struct match *m, const struct nlattr *a, bool is_mask, struct err *e)
{
    uint32_t wire = mnl_attr_get_u32(a);
    uint16_t port = is_mask ? 0xffff : (uint16_t)wire;

    if (!is_mask && wire >= KEY_MAX_PORTS)
        return err_set(e, EINVAL, "Port %u exceeds max allowable %u", wire, KEY_MAX_PORTS);
    PUT(m, in_port, port, is_mask);
    return 0;
}

void key_port_put(struct nlmsghdr *msg, const struct flow_key *decide, const struct flow_key *out,
                  bool is_mask)
{
    uint32_t upper = is_mask ? 0xffff0000u : 0;

    if (decide->in_port != KEY_MAX_PORTS)
        mnl_attr_put_u32(msg, OVS_KEY_ATTR_IN_PORT, out->in_port | upper);
    else if (is_mask && out->in_port == 0xffff)
        mnl_attr_put_u32(msg, OVS_KEY_ATTR_IN_PORT, 0xffffffffu);
}

/* ---- MPLS: one to three label stack entries -------------------------------------------------- */

int key_mpls_get(struct match *m, const struct nlattr *a, bool is_mask, struct err *e)
{
    unsigned len = mnl_attr_get_payload_len(a), n = len / 4;
    uint32_t count_mask;

    if (!len || len % 4 || n > KEY_N_MPLS)
        return err_set(e, EINVAL, "mpls: %u bytes are not 1 to 3 label stack entries", len);
    count_mask = (1u << n) - 1;
    match_put(m, offsetof(struct flow_key, mpls.lse), mnl_attr_get_payload(a), len, is_mask);
    PUT(m, mpls.n_lse_mask, count_mask, is_mask);
    return 0;
}

void key_mpls_put(struct nlmsghdr *msg, const struct flow_key *decide, const struct flow_key *out,
                  bool is_mask)
{
    unsigned n = (unsigned)__builtin_popcount(decide->mpls.n_lse_mask & ((1u << KEY_N_MPLS) - 1));

    (void)is_mask;
    mnl_attr_put(msg, OVS_KEY_ATTR_MPLS, sizeof(out->mpls.lse[0]) * n, out->mpls.lse);
}

/* ---- NSH: base header and, for MD type 1, its context ---------------------------------------- */

#define NSH_MD1 1

static const struct {
    int len;                /* -1: variable */
} nsh_attr[] = {
    [OVS_NSH_KEY_ATTR_BASE] = {sizeof(struct ovs_nsh_key_base)},
    [OVS_NSH_KEY_ATTR_MD1] = {sizeof(struct ovs_nsh_key_md1)},
    [OVS_NSH_KEY_ATTR_MD2] = {-1},
};

static int nsh_attr_check(const struct nlattr *a, struct err *e)
{
    unsigned type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);

    if (type >= G_N_ELEMENTS(nsh_attr))
        return err_set(e, EINVAL, "nsh attr %u is out of range max %u", type,
                       OVS_NSH_KEY_ATTR_MAX);
    if (nsh_attr[type].len >= 0 && len != (unsigned)nsh_attr[type].len)
        return err_set(e, EINVAL, "nsh attr %u has unexpected len %u expected %d", type, len,
                       nsh_attr[type].len);
    if (!type)
        return err_set(e, EINVAL, "Unknown nsh attribute %u", type);
    if (type == OVS_NSH_KEY_ATTR_MD2)
        return err_set(e, EINVAL, "nsh: MD type 2 cannot be matched");
    return 0;
}

static void nsh_base_get(struct match *m, const struct nlattr *a, bool is_mask)
{
    const struct ovs_nsh_key_base *base = mnl_attr_get_payload(a);
    uint32_t path_hdr = ntohl(base->path_hdr);

    PUT(m, nsh.flags, base->flags, is_mask);
    PUT(m, nsh.ttl, base->ttl, is_mask);
    PUT(m, nsh.mdtype, base->mdtype, is_mask);
    PUT(m, nsh.np, base->np, is_mask);
    PUT(m, nsh.path_hdr, path_hdr, is_mask);
}

int key_nsh_get(struct match *m, const struct nlattr *nest, bool is_mask, struct err *e)
{
    const struct nlattr *a;
    bool has_md1 = false;
    int left;

    attr_for_each_nested(a, nest, left)
    {
        int err = nsh_attr_check(a, e);

        if (err)
            return err;
        if (mnl_attr_get_type(a) == OVS_NSH_KEY_ATTR_BASE)
            nsh_base_get(m, a, is_mask);
        if (mnl_attr_get_type(a) == OVS_NSH_KEY_ATTR_MD1) {
            has_md1 = true;
            match_put(m, offsetof(struct flow_key, nsh.context), mnl_attr_get_payload(a), 16,
                      is_mask);
        }
    }
    if (left > 0)
        return err_set(e, EINVAL, "nsh: unknown bytes behind the last attribute");
    if (has_md1 && !is_mask && m->key->nsh.mdtype != NSH_MD1)
        return err_set(e, EINVAL, "nsh attribute has unmatched MD type %u.", m->key->nsh.mdtype);
    return 0;
}

void key_nsh_put(struct nlmsghdr *msg, const struct flow_key *decide, const struct flow_key *out,
                 bool is_mask)
{
    struct ovs_nsh_key_base base = {
        .flags = out->nsh.flags,
        .ttl = out->nsh.ttl,
        .mdtype = out->nsh.mdtype,
        .np = out->nsh.np,
        .path_hdr = htonl(out->nsh.path_hdr),
    };
    struct nlattr *nest = msg_nest_begin(msg, OVS_KEY_ATTR_NSH);

    mnl_attr_put(msg, OVS_NSH_KEY_ATTR_BASE, sizeof(base), &base);
    if (is_mask || decide->nsh.mdtype == NSH_MD1)
        mnl_attr_put(msg, OVS_NSH_KEY_ATTR_MD1, sizeof(out->nsh.context), out->nsh.context);
    mnl_attr_nest_end(msg, nest);
}
