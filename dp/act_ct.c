/* act_ct.c - ct(): its attributes, checked and stored, and dumped again. Catalogue 09.1, 09.2.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/act_ct.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/draw.h"
#include "dp/act_rows.h"
#include "dp/eth_type.h"
#include "netlink/attr.h"

/* What one attribute says; 'has_commit' is the commit so far: NAT must stand behind it. */
struct ct_parse {
    struct act_scope *at;
    struct ct_args *args;
    const char *helper, *timeout;       /* names, NULL: none */
};

typedef int ct_attr_fn(struct ct_parse *in, const struct nlattr *a, struct err *e);

static int read_commit(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    (void)a;
    (void)e;
    in->args->commits = true;
    return 0;
}

static int read_force_commit(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    in->args->forces = true;
    return read_commit(in, a, e);
}

static int read_zone(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    (void)e;
    in->args->zone = mnl_attr_get_u16(a);
    return 0;
}

static int read_mark(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    const uint32_t *mark = mnl_attr_get_payload(a);

    if (!mark[1])
        return err_set(e, EINVAL, "ct: the mask of MARK is 0");
    in->args->mark = mark[0];
    in->args->mark_mask = mark[1];
    return 0;
}

static int read_labels(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    const uint8_t *labels = mnl_attr_get_payload(a);

    memcpy(in->args->labels, labels, 16);
    memcpy(in->args->labels_mask, labels + 16, 16);
    if (!ct_args_has_labels(in->args))
        return err_set(e, EINVAL, "ct: the mask of LABELS is 0");
    return 0;
}

static int read_name(const char **name, const struct nlattr *a, const char *of, struct err *e)
{
    *name = mnl_attr_get_payload(a);
    if (!memchr(*name, 0, mnl_attr_get_payload_len(a)))
        return err_set(e, EINVAL, "ct: the name in %s does not end", of);
    return 0;
}

static int read_helper(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    return read_name(&in->helper, a, "HELPER", e);
}

static int read_timeout(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    return read_name(&in->timeout, a, "TIMEOUT", e);
}

static int read_event_mask(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    (void)e;
    in->args->has_event_mask = true;
    in->args->event_mask = mnl_attr_get_u32(a);
    return 0;
}

static int read_nat(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    return act_ct_nat_check(a, in->args->commits, in->args->l3_type, &in->args->nat, e);
}

/* clang-format off */
static const struct {
    const char *name;
    uint16_t min_len, max_len;
    ct_attr_fn *read;
} ct_attrs[OVS_CT_ATTR_MAX + 1] = {
    [OVS_CT_ATTR_COMMIT] =       { "COMMIT",       0,  0,                   read_commit },
    [OVS_CT_ATTR_ZONE] =         { "ZONE",         2,  2,                   read_zone },
    [OVS_CT_ATTR_MARK] =         { "MARK",         8,  8,                   read_mark },
    [OVS_CT_ATTR_LABELS] =       { "LABELS",       32, 32,                  read_labels },
    [OVS_CT_ATTR_HELPER] =       { "HELPER",       1,  CT_HELPER_NAME_MAX,  read_helper },
    [OVS_CT_ATTR_NAT] =          { "NAT",          0,  UINT16_MAX,          read_nat },
    [OVS_CT_ATTR_FORCE_COMMIT] = { "FORCE_COMMIT", 0,  0,                   read_force_commit },
    [OVS_CT_ATTR_EVENTMASK] =    { "EVENTMASK",    4,  4,                   read_event_mask },
    [OVS_CT_ATTR_TIMEOUT] =      { "TIMEOUT",      1,  CT_TIMEOUT_NAME_MAX, read_timeout },
};
/* clang-format on */

static int read_attr(struct ct_parse *in, const struct nlattr *a, struct err *e)
{
    unsigned type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);

    if (type > OVS_CT_ATTR_MAX || !ct_attrs[type].read)
        return err_set(e, EINVAL, "ct: attribute %u is unknown", type);
    if (len < ct_attrs[type].min_len || len > ct_attrs[type].max_len)
        return err_set(e, EINVAL, "ct: %s of %u bytes, not %u to %u", ct_attrs[type].name, len,
                       ct_attrs[type].min_len, ct_attrs[type].max_len);
    return ct_attrs[type].read(in, a, e);
}

static int read_attrs(struct ct_parse *in, const struct nlattr *nest, struct err *e)
{
    const struct nlattr *a;
    int left, err;

    attr_for_each_nested(a, nest, left)
    {
        err = read_attr(in, a, e);
        if (err)
            return err;
    }
    if (left > 0)
        return err_set(e, EINVAL, "ct: %d bytes behind the last attribute", left);
    if (!in->args->commits && in->args->mark_mask)
        return err_set(e, EINVAL, "ct: MARK needs COMMIT");
    if (!in->args->commits && ct_args_has_labels(in->args))
        return err_set(e, EINVAL, "ct: LABELS needs COMMIT");
    return 0;
}

/* A policy that is not known is no error: the action does without. */
static void find_timeout(struct ct_parse *in, uint8_t l3)
{
    struct act_scope *at = in->at;
    struct ct_timeout *timeout;

    if (!in->timeout)
        return;
    in->args->has_timeout = true;
    g_strlcpy(in->args->timeout_name, in->timeout, CT_TIMEOUT_NAME_MAX);
    timeout = at->ct ? ct_timeout_find(at->ct, in->timeout, l3, at->key->ip_proto) : NULL;
    if (!timeout)
        return;
    memcpy(in->args->timeout, &timeout, sizeof(timeout));
    g_ptr_array_add(at->held, timeout);
}

static int find_helper(struct ct_parse *in, uint8_t l3, struct err *e)
{
    const struct ct_helper *helper;

    if (!in->helper)
        return 0;
    helper = ct_helper_find(in->helper, l3, in->at->key->ip_proto);
    if (!helper)
        return err_set(e, EINVAL, "ct: there is no helper \"%s\" for this flow", in->helper);
    memcpy(in->args->helper, &helper, sizeof(helper));
    return 0;
}

static int ct_check(struct act_scope *at, const struct nlattr *nest, struct err *e)
{
    struct ct_args args = {.l3_type = at->key->eth_type};
    struct ct_parse in = {.at = at, .args = &args};
    uint8_t l3 = args.l3_type == ETH_P_IP ? 4 : 6;
    int err;

    if (args.l3_type != ETH_P_IP && args.l3_type != ETH_P_IPV6)
        return err_set(e, EINVAL, "ct: the flow is neither IPv4 nor IPv6");
    err = read_attrs(&in, nest, e);
    if (!err)
        err = dp_refuses(at->fault, DP_FAULT_ACTS_CT, e);
    if (!err)
        err = find_helper(&in, l3, e);
    if (err)
        return err;
    find_timeout(&in, l3);
    attr_put(at->out, OVS_ACTION_ATTR_CT, &args, sizeof(args));
    return 0;
}

/* ---- drawn by lot ----------------------------------------------------------------------------------- */

/* Appends MARK or LABELS: a value and a mask that is not empty. */
static void draw_masked(const struct draw *d, uint16_t type, size_t len, GByteArray *out)
{
    uint8_t both[32];

    draw_bytes(d, both, 2 * len);
    both[2 * len - 1] |= 1;
    attr_put(out, type, both, 2 * len);
}

static void draw_commit(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    const struct ct_helper *helper = ct_helper_of_proto(at->key->ip_proto);

    attr_put(out, draw_one_in(d, 4) ? OVS_CT_ATTR_FORCE_COMMIT : OVS_CT_ATTR_COMMIT, NULL, 0);
    if (draw_one_in(d, 4))
        draw_masked(d, OVS_CT_ATTR_MARK, sizeof(uint32_t), out);
    if (draw_one_in(d, 4))
        draw_masked(d, OVS_CT_ATTR_LABELS, 16, out);
    if (draw_one_in(d, 8))
        attr_put(out, OVS_CT_ATTR_TIMEOUT, "policy", sizeof("policy"));
    if (helper && draw_one_in(d, 4))
        attr_put(out, OVS_CT_ATTR_HELPER, helper->name, strlen(helper->name) + 1);
}

static bool ct_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint16_t zone = (uint16_t)draw_number(d, UINT16_MAX), l3_type = at->key->eth_type;
    uint32_t events = draw_number(d, UINT32_MAX);
    bool commits = draw_one_in(d, 2);
    size_t nest;

    if (commits)
        draw_commit(at, d, out);
    if (draw_one_in(d, 2))
        attr_put(out, OVS_CT_ATTR_ZONE, &zone, sizeof(zone));
    if (draw_one_in(d, 4))
        attr_put(out, OVS_CT_ATTR_EVENTMASK, &events, sizeof(events));
    if (draw_one_in(d, 2)) {
        nest = attr_nest_begin(out, OVS_CT_ATTR_NAT);
        act_ct_nat_generate(d, commits, l3_type, out);
        attr_nest_end(out, nest);
    }
    return is_ip_type(l3_type);
}

static void ct_put(struct nlmsghdr *msg, const struct nlattr *stored)
{
    const struct ct_args *args = mnl_attr_get_payload(stored);
    const struct ct_helper *helper = ct_args_helper(args);
    struct nlattr *nest = msg_nest_begin(msg, OVS_ACTION_ATTR_CT);

    if (args->commits)
        mnl_attr_put(msg, args->forces ? OVS_CT_ATTR_FORCE_COMMIT : OVS_CT_ATTR_COMMIT, 0, NULL);
    mnl_attr_put_u16(msg, OVS_CT_ATTR_ZONE, args->zone);
    if (args->mark_mask)
        mnl_attr_put(msg, OVS_CT_ATTR_MARK, 8, &args->mark);
    if (ct_args_has_labels(args))
        mnl_attr_put(msg, OVS_CT_ATTR_LABELS, 32, args->labels);
    if (helper)
        mnl_attr_put_strz(msg, OVS_CT_ATTR_HELPER, helper->name);
    if (args->has_event_mask)
        mnl_attr_put_u32(msg, OVS_CT_ATTR_EVENTMASK, args->event_mask);
    if (args->has_timeout && args->timeout_name[0])
        mnl_attr_put_strz(msg, OVS_CT_ATTR_TIMEOUT, args->timeout_name);
    act_ct_nat_put(msg, &args->nat);
    mnl_attr_nest_end(msg, nest);
}

const struct act act_ct = {
    .uapi = "OVS_ACTION_ATTR_CT",
    .name = "ct",
    .len = ACT_LEN_VAR,
    .since = KVER(4, 3),
    .check = ct_check,
    .run = act_ct_run,
    .put = ct_put,
    .generate = ct_generate,
    .format = act_ct_format,
    .scan = act_ct_scan,
};
