/* act_misc.c - trunc, ct_clear, dec_ttl.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/openvswitch.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/draw.h"
#include "dp/act_ct.h"
#include "dp/act_rows.h"
#include "dp/datapath.h"
#include "dp/extract_int.h"
#include "netlink/attr.h"

/* ---- trunc ----------------------------------------------------------------------------------- */

static int trunc_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    uint32_t len = mnl_attr_get_u32(a);

    if (len < ETH_HLEN)
        return err_set(e, EINVAL, "trunc: %u is less than an Ethernet header", len);
    attr_put(at->out, OVS_ACTION_ATTR_TRUNC, &len, sizeof(len));
    return 0;
}

static bool trunc_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint32_t len = ETH_HLEN + draw_number(d, UINT32_MAX - ETH_HLEN);

    (void)at;
    g_byte_array_append(out, (const uint8_t *)&len, sizeof(len));
    return true;
}

static int trunc_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    (void)is_last;
    run->pkt->max_len = mnl_attr_get_u32(a);
    return 0;
}

/* ---- ct_clear -------------------------------------------------------------------------------- */

static int ct_clear_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    (void)a;
    (void)is_last;
    act_ct_forget(run->pkt, run->key);
    return 0;
}

/* ---- dec_ttl --------------------------------------------------------------------------------- */

/* The one ACTION in a dec_ttl; types that are not known are passed over. */
static int dec_ttl_action(const struct nlattr *a, const struct nlattr **action, struct err *e)
{
    const struct nlattr *inner;
    int left;

    *action = NULL;
    attr_for_each_nested(inner, a, left)
    {
        unsigned type = mnl_attr_get_type(inner);

        if (type > OVS_DEC_TTL_ATTR_ACTION)
            continue;
        if (!type || *action)
            return err_set(e, EINVAL, "dec_ttl: attribute %u is invalid or there twice", type);
        *action = inner;
    }
    if (left > 0)
        return err_set(e, EINVAL, "dec_ttl: %d bytes behind the last attribute", left);
    if (!*action)
        return err_set(e, EINVAL, "dec_ttl: no actions for a TTL that ends");
    return 0;
}

static int dec_ttl_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    const struct nlattr *action;
    size_t outer, inner;
    int error = dec_ttl_action(a, &action, e);

    if (error)
        return error;
    outer = attr_nest_begin(at->out, OVS_ACTION_ATTR_DEC_TTL);
    inner = attr_nest_begin(at->out, OVS_DEC_TTL_ATTR_ACTION);
    error = acts_check_nested(at, mnl_attr_get_payload(action), mnl_attr_get_payload_len(action),
                              e);
    if (!error)
        error = acts_nest_end(at, inner, e);
    return error ? error : acts_nest_end(at, outer, e);
}

static bool dec_ttl_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    size_t nest = attr_nest_begin(out, OVS_DEC_TTL_ATTR_ACTION);

    acts_generate_nested(at, d, out);
    attr_nest_end(out, nest);
    return true;
}

static void dec_ttl_put(struct nlmsghdr *msg, const struct nlattr *stored)
{
    const struct nlattr *action = mnl_attr_get_payload(stored);
    struct nlattr *nest = msg_nest_begin(msg, OVS_ACTION_ATTR_DEC_TTL);

    acts_put(msg, OVS_DEC_TTL_ATTR_ACTION, mnl_attr_get_payload(action),
             mnl_attr_get_payload_len(action));
    mnl_attr_nest_end(msg, nest);
}

/* Takes one hop off. -EHOSTUNREACH: there is none left. */
static int dec_ip4(uint8_t *ip, uint8_t *key_ttl)
{
    uint8_t old[2] = { ip[8], ip[9] };

    if (ip[8] <= 1)
        return -EHOSTUNREACH;
    *key_ttl = --ip[8];
    csum_replace(ip + 10, old, ip + 8, sizeof(old));
    return 0;
}

static int dec_ip6(uint8_t *ip, uint8_t *key_ttl)
{
    if (ip[7] <= 1)
        return -EHOSTUNREACH;
    *key_ttl = --ip[7];
    return 0;
}

/* By the packet's own type, so nothing happens behind an inner VLAN tag or a label. */
static int dec_ttl(const struct pkt *p, uint8_t *key_ttl)
{
    uint8_t *ip = p->data + p->l3_off;
    uint32_t left = pkt_left(p, p->l3_off);

    if (p->protocol == ETH_P_IP)
        return left < 20 ? -ENOMEM : dec_ip4(ip, key_ttl);
    if (p->protocol == ETH_P_IPV6)
        return left < 40 ? -ENOMEM : dec_ip6(ip, key_ttl);
    return 0;
}

/* The list ends here: its packet takes the nested actions instead, if there are any. */
static int dec_ttl_expired(struct act_run *run, const struct nlattr *a)
{
    const struct nlattr *action = mnl_attr_get_payload(a);
    size_t len = mnl_attr_get_payload_len(action);

    run->is_over = true;
    if (len)
        return acts_run_nested(run, mnl_attr_get_payload(action), len, true, true);
    dp_drop(dp_world_of(run->dp), pkt_take(&run->pkt), DROP_IP_TTL);
    return 0;
}

static int dec_ttl_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    int error = acts_writable(run);

    (void)is_last;
    if (!error)
        error = dec_ttl(run->pkt, &run->key->ip_ttl);
    return error == -EHOSTUNREACH ? dec_ttl_expired(run, a) : error;
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* clang-format off */
static const struct key_field trunc_fields[] = {
    { .name = "", .wire = &wire_u32, .wire_off = 0, .wire_size = 4, .key_size = 4 },
};

const struct act act_trunc = {
    .uapi = "OVS_ACTION_ATTR_TRUNC", .name = "trunc", .len = sizeof(struct ovs_action_trunc),
    .flags = ACT_KEEPS_KEY, .since = KVER(4, 8),
    .field = trunc_fields, .n_fields = G_N_ELEMENTS(trunc_fields),
    .check = trunc_check, .run = trunc_run, .generate = trunc_generate,
};

const struct act act_ct_clear = {
    .uapi = "OVS_ACTION_ATTR_CT_CLEAR", .name = "ct_clear", .len = 0, .since = KVER(4, 15),
    .run = ct_clear_run,
};

const struct act act_dec_ttl = {
    .uapi = "OVS_ACTION_ATTR_DEC_TTL", .name = "dec_ttl", .len = ACT_LEN_VAR, .since = KVER(5, 7),
    .check = dec_ttl_check, .run = dec_ttl_run, .put = dec_ttl_put, .generate = dec_ttl_generate,
    .format = act_dec_ttl_format, .scan = act_dec_ttl_scan,
};
/* clang-format on */
