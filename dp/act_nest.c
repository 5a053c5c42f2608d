/* act_nest.c - actions that hold lists of actions: sample, clone, check_pkt_len.
 *
 * How it works: the stored form of each starts with a struct that holds what the check found
 * out: a list that is last, or only outputs, may run in place (keeps_key). Catalogue 07.1 to 07.5.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/draw.h"
#include "dp/act_rows.h"
#include "dp/datapath.h"
#include "netlink/attr.h"

/* May the list run on the original key? It may if nothing in it touches key or packet. */
static bool keeps_key(const void *attrs, size_t len)
{
    const struct nlattr *a;
    int left;

    attr_for_each(a, attrs, len, left)
    {
        unsigned type = mnl_attr_get_type(a);

        if (type >= N_ACTS || !act_table[type] || !(act_table[type]->flags & ACT_KEEPS_KEY))
            return false;
    }
    return true;
}

/* Appends a list's stored form under 'type', checked one level deeper. */
static int put_list(struct act_scope *at, uint16_t type, const struct nlattr *list, struct err *e)
{
    size_t nest = attr_nest_begin(at->out, type);
    int err = acts_check_nested(at, mnl_attr_get_payload(list), mnl_attr_get_payload_len(list), e);

    return err ? err : acts_nest_end(at, nest, e);
}

/* Appends a drawn list under 'type'. */
static void draw_list(const struct act_scope *at, const struct draw *d, uint16_t type, GByteArray *out)
{
    size_t nest = attr_nest_begin(out, type);

    acts_generate_nested(at, d, out);
    attr_nest_end(out, nest);
}

static bool is_list(const struct nlattr *a)
{
    return !mnl_attr_get_payload_len(a) || mnl_attr_get_payload_len(a) >= ATTR_HDR;
}

/* ---- sample ----------------------------------------------------------------------------------- */

/* Payload of a stored SAMPLE; the list's attribute follows. */
struct sample_arg {
    uint32_t probability;       /* of 2^32 - 1, which is "always" */
};

static int sample_parse(const struct nlattr *nest, const struct nlattr **in, struct err *e)
{
    const struct nlattr *a;
    int left;

    attr_for_each_nested(a, nest, left)
    {
        unsigned type = mnl_attr_get_type(a);

        if (!type || type > OVS_SAMPLE_ATTR_MAX || in[type])
            return err_set(e, EINVAL, "sample: attribute %u is unknown or given twice", type);
        in[type] = a;
    }
    if (left > 0)
        return err_set(e, EINVAL, "sample: %d bytes behind the last attribute", left);
    a = in[OVS_SAMPLE_ATTR_PROBABILITY];
    if (!a || mnl_attr_get_payload_len(a) != sizeof(uint32_t))
        return err_set(e, EINVAL, "sample: PROBABILITY is missing or not 4 bytes");
    a = in[OVS_SAMPLE_ATTR_ACTIONS];
    if (!a || !is_list(a))
        return err_set(e, EINVAL, "sample: ACTIONS is missing or damaged");
    return 0;
}

static int sample_check(struct act_scope *at, const struct nlattr *nest, struct err *e)
{
    const struct nlattr *in[OVS_SAMPLE_ATTR_MAX + 1] = {NULL};
    struct sample_arg arg;
    size_t stored;
    int err = sample_parse(nest, in, e);

    if (err)
        return err;
    arg.probability = mnl_attr_get_u32(in[OVS_SAMPLE_ATTR_PROBABILITY]);
    stored = attr_nest_begin(at->out, OVS_ACTION_ATTR_SAMPLE);
    g_byte_array_append(at->out, (const uint8_t *)&arg, sizeof(arg));
    err = put_list(at, OVS_SAMPLE_ATTR_ACTIONS, in[OVS_SAMPLE_ATTR_ACTIONS], e);
    return err ? err : acts_nest_end(at, stored, e);
}

static bool sample_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint32_t probability = draw_number(d, UINT32_MAX);

    attr_put(out, OVS_SAMPLE_ATTR_PROBABILITY, &probability, sizeof(probability));
    draw_list(at, d, OVS_SAMPLE_ATTR_ACTIONS, out);
    return true;
}

static const struct nlattr *sample_list(const struct nlattr *stored)
{
    return (const void *)((const struct sample_arg *)mnl_attr_get_payload(stored) + 1);
}

static int sample_run(struct act_run *run, const struct nlattr *stored, bool is_last)
{
    const struct sample_arg *arg = mnl_attr_get_payload(stored);
    const struct nlattr *list = sample_list(stored);
    struct dp_world *w = dp_world_of(run->dp);
    const void *attrs = mnl_attr_get_payload(list);
    size_t len = mnl_attr_get_payload_len(list);

    if (arg->probability != UINT32_MAX &&
        (!arg->probability || w->env->random(w->env->ctx) > arg->probability)) {
        if (is_last)
            dp_drop(w, pkt_take(&run->pkt), DROP_SAMPLE);
        return 0;
    }
    return acts_run_nested(run, attrs, len, is_last, is_last || keeps_key(attrs, len));
}

static void sample_put(struct nlmsghdr *msg, const struct nlattr *stored)
{
    const struct sample_arg *arg = mnl_attr_get_payload(stored);
    const struct nlattr *list = sample_list(stored);
    struct nlattr *nest = msg_nest_begin(msg, OVS_ACTION_ATTR_SAMPLE);

    mnl_attr_put_u32(msg, OVS_SAMPLE_ATTR_PROBABILITY, arg->probability);
    acts_put(msg, OVS_SAMPLE_ATTR_ACTIONS, mnl_attr_get_payload(list),
             mnl_attr_get_payload_len(list));
    mnl_attr_nest_end(msg, nest);
}

const struct act act_sample = {
    .uapi = "OVS_ACTION_ATTR_SAMPLE",
    .name = "sample",
    .len = ACT_LEN_VAR,
    .check = sample_check,
    .run = sample_run,
    .put = sample_put,
    .generate = sample_generate,
    .format = act_sample_format,
    .scan = act_sample_scan,
};

/* ---- clone ------------------------------------------------------------------------------------- */

static int clone_check(struct act_scope *at, const struct nlattr *nest, struct err *e)
{
    return put_list(at, OVS_ACTION_ATTR_CLONE, nest, e);
}

static bool clone_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    acts_generate_nested(at, d, out);
    return true;
}

static int clone_run(struct act_run *run, const struct nlattr *list, bool is_last)
{
    const void *attrs = mnl_attr_get_payload(list);
    size_t len = mnl_attr_get_payload_len(list);

    return acts_run_nested(run, attrs, len, is_last, is_last || keeps_key(attrs, len));
}

static void clone_put(struct nlmsghdr *msg, const struct nlattr *list)
{
    acts_put(msg, OVS_ACTION_ATTR_CLONE, mnl_attr_get_payload(list),
             mnl_attr_get_payload_len(list));
}

const struct act act_clone = {
    .uapi = "OVS_ACTION_ATTR_CLONE",
    .name = "clone",
    .len = ACT_LEN_VAR,
    .since = KVER(4, 12),
    .check = clone_check,
    .run = clone_run,
    .put = clone_put,
    .generate = clone_generate,
    .format = act_clone_format,
    .scan = act_clone_scan,
};

/* ---- check_pkt_len ------------------------------------------------------------------------------- */

static const struct policy cpl_policy[OVS_CHECK_PKT_LEN_ATTR_MAX + 1] = {
    [OVS_CHECK_PKT_LEN_ATTR_PKT_LEN] = {POL_U16},
    [OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER] = {POL_NESTED},
    [OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL] = {POL_NESTED},
};

/* The kernel parses this nest strictly, each attribute for itself: no unknown types, no trailing bytes. */
static int cpl_parse(const struct nlattr *nest, const struct nlattr **in, struct err *e)
{
    const struct nlattr *a;
    int left;

    memset(in, 0, (OVS_CHECK_PKT_LEN_ATTR_MAX + 1) * sizeof(*in));
    attr_for_each_nested(a, nest, left)
    {
        unsigned type = mnl_attr_get_type(a);
        int err;

        if (!type || type > OVS_CHECK_PKT_LEN_ATTR_MAX)
            return err_set(e, EINVAL, "check_pkt_len: attribute %u is unknown", type);
        err = policy_check(&cpl_policy[type], a, nest, NULL);
        if (err)
            return err_set(e, -err, "check_pkt_len: attribute %u has a wrong length", type);
        in[type] = a;
    }
    if (left > 0)
        return err_set(e, EINVAL, "check_pkt_len: %d bytes behind the last attribute", left);
    return 0;
}

static int cpl_check(struct act_scope *at, const struct nlattr *nest, struct err *e)
{
    const struct nlattr *in[OVS_CHECK_PKT_LEN_ATTR_MAX + 1], *len, *greater, *less;
    size_t stored;
    int err = cpl_parse(nest, in, e);

    if (err)
        return err;
    len = in[OVS_CHECK_PKT_LEN_ATTR_PKT_LEN];
    greater = in[OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER];
    less = in[OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL];
    if (!len || !mnl_attr_get_u16(len) || !greater || !less)
        return err_set(e, EINVAL, "check_pkt_len: PKT_LEN or one of the lists is missing");
    stored = attr_nest_begin(at->out, OVS_ACTION_ATTR_CHECK_PKT_LEN);
    attr_put(at->out, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, mnl_attr_get_payload(len), sizeof(uint16_t));
    err = put_list(at, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, less, e);
    if (!err)
        err = put_list(at, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, greater, e);
    return err ? err : acts_nest_end(at, stored, e);
}

static bool cpl_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint16_t len = (uint16_t)(1 + draw_number(d, UINT16_MAX - 1));

    attr_put(out, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, &len, sizeof(len));
    draw_list(at, d, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, out);
    draw_list(at, d, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, out);
    return true;
}

static int cpl_run(struct act_run *run, const struct nlattr *stored, bool is_last)
{
    const void *in = mnl_attr_get_payload(stored);
    size_t in_len = mnl_attr_get_payload_len(stored);
    const struct pkt *p = run->pkt;
    uint32_t len = p->mru ? (uint32_t)p->mru + p->mac_len : p->len;
    uint16_t limit = mnl_attr_get_u16(attr_find(in, in_len, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN));
    const struct nlattr *list =
        attr_find(in, in_len, len <= limit ? OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL
                                           : OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER);
    const void *attrs = mnl_attr_get_payload(list);

    return acts_run_nested(run, attrs, mnl_attr_get_payload_len(list), is_last,
                           is_last || keeps_key(attrs, mnl_attr_get_payload_len(list)));
}

static void cpl_put(struct nlmsghdr *msg, const struct nlattr *stored)
{
    struct nlattr *nest = msg_nest_begin(msg, OVS_ACTION_ATTR_CHECK_PKT_LEN);
    const struct nlattr *a;
    int left;

    attr_for_each_nested(a, stored, left)
    {
        if (mnl_attr_get_type(a) == OVS_CHECK_PKT_LEN_ATTR_PKT_LEN)
            mnl_attr_put_u16(msg, mnl_attr_get_type(a), mnl_attr_get_u16(a));
        else
            acts_put(msg, mnl_attr_get_type(a), mnl_attr_get_payload(a),
                     mnl_attr_get_payload_len(a));
    }
    mnl_attr_nest_end(msg, nest);
}

const struct act act_check_pkt_len = {
    .uapi = "OVS_ACTION_ATTR_CHECK_PKT_LEN",
    .name = "check_pkt_len",
    .len = ACT_LEN_VAR,
    .since = KVER(5, 2),
    .check = cpl_check,
    .run = cpl_run,
    .put = cpl_put,
    .generate = cpl_generate,
    .format = act_check_pkt_len_format,
    .scan = act_check_pkt_len_scan,
};
