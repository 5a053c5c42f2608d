/* act_check.c - checks a client's action list and stores it; writes stored lists back.
 *
 * Catalogue 07.1. A list nested in an action is checked by the action's row, one level deeper.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "dp/act_rows.h"
#include "dp/ct/timeout.h"
#include "dp/datapath.h"
#include "dp/eth_type.h"
#include "netlink/attr.h"

static bool is_tagged(const struct flow_key *key)
{
    return key->vlan.tci & KEY_TCI_PRESENT;
}

static uint32_t n_labels(const struct flow_key *key)
{
    return (uint32_t)__builtin_popcount(key->mpls.n_lse_mask);
}

const struct act *act_client_row(const struct profile *profile, unsigned type)
{
    const struct act *row = type < ACT_SET_TO_MASKED ? act_table[type] : NULL;

    return row && profile_has(profile, row->since, row->until) ? row : NULL;
}

int act_check_one(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    unsigned type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);
    const struct act *row = act_client_row(at->profile, type);

    if (!row)
        return err_set(e, EINVAL, "action %u is unknown", type);
    if (row->len >= 0 && len != (unsigned)row->len)
        return err_set(e, EINVAL, "%s: %u bytes instead of %d", row->uapi, len, row->len);
    if (row->check)
        return row->check(at, a, e);
    attr_put(at->out, (uint16_t)type, mnl_attr_get_payload(a), len);
    return 0;
}

static int acts_check_level(struct act_scope *at, const void *attrs, size_t len, struct err *e)
{
    const struct nlattr *a;
    int left, err;

    if (at->depth > ACT_MAX_DEPTH)
        return err_set(e, EOVERFLOW, "actions are nested deeper than %d", ACT_MAX_DEPTH);
    attr_for_each(a, attrs, len, left)
    {
        err = act_check_one(at, a, e);
        if (err)
            return err;
    }
    if (left > 0)
        return err_set(e, EINVAL, "%d bytes behind the last action", left);
    return 0;
}

struct act_scope act_scope_inner(const struct act_scope *at)
{
    struct act_scope inner = *at;   /* what happens inside is not known outside */

    inner.depth++;
    inner.has_eth = at->key->mac_proto == KEY_MAC_ETH;  /* Linux 6.1 forgets push_eth and pop_eth here */
    return inner;
}

int acts_check_nested(const struct act_scope *at, const void *attrs, size_t len, struct err *e)
{
    struct act_scope inner = act_scope_inner(at);

    return acts_check_level(&inner, attrs, len, e);
}

int acts_nest_end(const struct act_scope *at, size_t nest, struct err *e)
{
    size_t len = at->out->len - nest;

    if (len > UINT16_MAX)
        return err_set(e, EMSGSIZE, "a nested list is %zu bytes after translation", len);
    attr_nest_end(at->out, nest);
    return 0;
}

static void put_timeout(void *timeout)
{
    ct_timeout_put(timeout);
}

void act_list_free(struct act_list *list)
{
    if (!list)
        return;
    g_clear_pointer(&list->held, g_ptr_array_unref);
    g_free(list);
}

struct act_scope act_scope_of(const struct profile *profile, const struct flow_key *key, GByteArray *out)
{
    return (struct act_scope){
        .profile = profile,
        .key = key,
        .eth_type = key->eth_type,
        .is_tagged = is_tagged(key),
        .has_eth = key->mac_proto == KEY_MAC_ETH,
        .n_mpls = is_mpls_type(key->eth_type) ? n_labels(key) : 0,
        .out = out,
    };
}

int acts_check(const struct dp_ns *ns, const struct flow_key *key, const void *attrs, size_t len,
               struct act_list **list, struct err *e)
{
    GByteArray *out = g_byte_array_set_size(ns->world->checked, 0);
    g_autoptr(GPtrArray) held = g_ptr_array_new_with_free_func(put_timeout);
    struct act_scope at = act_scope_of(ns->world->profile, key, out);
    int err;

    at.ct = ns->ct;
    at.fault = ns->world->env->fault;
    at.held = held;
    err = dp_refuses(at.fault, DP_FAULT_ACTS_ALLOC, e);
    if (!err)
        err = acts_check_level(&at, attrs, len, e);
    if (!err && out->len > len)
        err = dp_refuses(at.fault, DP_FAULT_ACTS_GROW, e);
    if (err) {
        (void)err_prefix(e, "actions");     /* 'e' may be NULL, and does not know the error then */
        return err;
    }
    *list = g_malloc(sizeof(**list) + out->len);
    (*list)->held = held->len ? g_steal_pointer(&held) : NULL;
    (*list)->len = out->len;
    (*list)->room = (uint32_t)len;
    if (out->len)
        memcpy((*list)->data, out->data, out->len);
    return 0;
}

void acts_put(struct nlmsghdr *msg, uint16_t nest_type, const void *attrs, size_t len)
{
    struct nlattr *nest = msg_nest_begin(msg, nest_type);
    const struct nlattr *a;
    int left;

    attr_for_each(a, attrs, len, left)
    {
        const struct act *row = act_table[mnl_attr_get_type(a)];

        if (row->put)
            row->put(msg, a);
        else
            mnl_attr_put(msg, mnl_attr_get_type(a), mnl_attr_get_payload_len(a),
                         mnl_attr_get_payload(a));
    }
    mnl_attr_nest_end(msg, nest);
}
