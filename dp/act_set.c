/* act_set.c - set, set_masked: checks the new values of a key attribute, stores them with a mask.
 *
 * How it works: what may be set, and when, is in the key attribute's own row; the table set_attrs
 * adds what that cannot say and the function that writes the packet (act_set_write.c). A set() is
 * stored as value and mask too, under a type of its own, because a dump has to show it as it came.
 * Catalogue 07, section 7.4.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/draw.h"
#include "dp/act_rows.h"
#include "dp/act_set_int.h"
#include "dp/fault.h"
#include "dp/key_hooks.h"
#include "netlink/attr.h"

/* ---- check ------------------------------------------------------------------------------- */

/* The attribute inside a SET or SET_MASKED. */
struct set_arg {
    uint16_t type;
    const struct key_attr *row;
    const uint8_t *value;
    const uint8_t *mask;        /* NULL: all of it */
    size_t len;                 /* of each */
};

static int set_eth_check(const struct act_scope *at, const struct set_arg *arg, struct err *e)
{
    (void)arg;
    if (!at->has_eth)
        return err_set(e, EINVAL, "set: no Ethernet header at this point");
    return 0;
}

static int set_mpls_check(const struct act_scope *at, const struct set_arg *arg, struct err *e)
{
    (void)at;
    if (arg->len != 4)
        return err_set(e, EINVAL, "set: mpls takes one entry, not %zu bytes", arg->len);
    return 0;
}

/* What the rows of key_attrs cannot say. */
struct set_attr {
    int (*check)(const struct act_scope *at, const struct set_arg *arg, struct err *e);
    set_write *apply;
    /* Of an attribute that takes no mask (KEY_SET_PLAIN): appends its stored form. */
    int (*store)(GByteArray *out, const struct nlattr *inner, struct err *e);
};

static const struct set_attr set_attrs[N_KEY_ATTRS] = {
    [OVS_KEY_ATTR_PRIORITY] = { NULL, set_priority_write },
    [OVS_KEY_ATTR_ETHERNET] = { set_eth_check, set_eth_write },
    [OVS_KEY_ATTR_IPV4] = { NULL, set_ip4_write },
    [OVS_KEY_ATTR_IPV6] = { NULL, set_ip6_write },
    [OVS_KEY_ATTR_TCP] = { NULL, set_tcp_write },
    [OVS_KEY_ATTR_UDP] = { NULL, set_udp_write },
    [OVS_KEY_ATTR_SKB_MARK] = { NULL, set_mark_write },
    [OVS_KEY_ATTR_TUNNEL] = { NULL, set_tunnel_write, key_tunnel_copy },
    [OVS_KEY_ATTR_SCTP] = { NULL, set_sctp_write },
    [OVS_KEY_ATTR_MPLS] = { set_mpls_check, set_mpls_write },
    /* Accepted, and an error when a packet comes. */
    [OVS_KEY_ATTR_CT_MARK] = { NULL, set_nothing_write },
    [OVS_KEY_ATTR_CT_LABELS] = { NULL, set_nothing_write },
};

/* Finds the one attribute in 'a' and its row. */
static int set_arg_get(const struct nlattr *a, bool is_masked, struct set_arg *arg, struct err *e)
{
    const struct nlattr *inner = mnl_attr_get_payload(a);
    size_t len = mnl_attr_get_payload_len(a);

    if (len < ATTR_HDR || inner->nla_len < ATTR_HDR || attr_align(inner->nla_len) != len)
        return err_set(e, EINVAL, "set: not exactly one attribute in %zu bytes", len);
    arg->type = mnl_attr_get_type(inner);
    if (arg->type >= N_KEY_ATTRS || !(key_attrs[arg->type].flags & KEY_SETTABLE))
        return err_set(e, EINVAL, "set: key attribute %u cannot be set", arg->type);
    arg->row = &key_attrs[arg->type];
    if (is_masked && arg->row->flags & KEY_SET_PLAIN)
        return err_set(e, EINVAL, "set: %s takes no mask", arg->row->name);
    arg->len = mnl_attr_get_payload_len(inner) / (is_masked ? 2u : 1u);
    if (arg->row->len >= 0 && arg->len != (size_t)arg->row->len)
        return err_set(e, EINVAL, "set: %s of %zu bytes", arg->row->name, arg->len);
    arg->value = mnl_attr_get_payload(inner);
    arg->mask = is_masked ? arg->value + arg->len : NULL;
    return 0;
}

/* Does the packet have what is to be set? The fragment's place does not matter here. */
static bool set_when_holds(const struct act_scope *at, const struct key_attr *row)
{
    const struct key_when *w = &row->when;

    if (row->flags & KEY_SET_ANY || !w->eth_type[0])
        return true;
    if (at->eth_type != w->eth_type[0] && (!w->eth_type[1] || at->eth_type != w->eth_type[1]))
        return false;
    return !w->ip_proto || w->ip_proto == at->key->ip_proto;
}

static bool is_within_mask(const struct set_arg *arg)
{
    for (size_t i = 0; arg->mask && i < arg->len; i++) {
        if (arg->value[i] & (uint8_t)~arg->mask[i])
            return false;
    }
    return true;
}

/* A value in the form that the key holds it in. */
union field_mem {
    uint64_t number;
    uint8_t bytes[16];
};

static bool is_fixed_as_is(const struct act_scope *at, const struct set_arg *arg,
                           const struct key_field *f)
{
    const uint8_t *now = (const uint8_t *)at->key + f->key_off;
    union field_mem given = {0};

    if (arg->mask)
        return bytes_are(arg->mask + f->wire_off, f->wire_size, 0);
    wire_load(f->wire, &given, f->key_size, arg->value + f->wire_off);
    return memcmp(&given, now, f->key_size) == 0;
}

static bool is_above(const struct key_field *f, const uint8_t *arg)
{
    union field_mem given = {0};

    wire_load(f->wire, &given, f->key_size, arg + f->wire_off);
    return mem_get(&given, f->key_size) > f->max;
}

/* A mask may not have bits either that no value can have. */
static bool is_too_large(const struct set_arg *arg, const struct key_field *f)
{
    return f->max && (is_above(f, arg->value) || (arg->mask && is_above(f, arg->mask)));
}

static int set_fields_check(const struct act_scope *at, const struct set_arg *arg, struct err *e)
{
    for (unsigned i = 0; i < arg->row->n_fields; i++) {
        const struct key_field *f = &arg->row->field[i];

        if (f->is_fixed && !is_fixed_as_is(at, arg, f))
            return err_set(e, EINVAL, "set: %s.%s cannot be changed", arg->row->name, f->name);
        if (is_too_large(arg, f))
            return err_set(e, EINVAL, "set: %s.%s is above %#x", arg->row->name, f->name, f->max);
    }
    return 0;
}

static int set_arg_check(const struct act_scope *at, const struct set_arg *arg, struct err *e)
{
    const struct set_attr *more = &set_attrs[arg->type];
    int error;

    if (!is_within_mask(arg))
        return err_set(e, EINVAL, "set: %s has bits outside its mask", arg->row->name);
    if (!set_when_holds(at, arg->row))
        return err_set(e, EINVAL, "set: not a packet with %s", arg->row->name);
    error = set_fields_check(at, arg, e);
    if (error)
        return error;
    return more->check ? more->check(at, arg, e) : 0;
}

/* ---- stored form --------------------------------------------------------------------------- */

/* A full mask, less the bits that a number's limit does not let it have (IPv6's label). */
static void set_mask_full(const struct set_arg *arg, uint8_t *mask)
{
    memset(mask, 0xff, arg->len);
    for (unsigned i = 0; i < arg->row->n_fields; i++) {
        const struct key_field *f = &arg->row->field[i];
        union field_mem max = {0};

        if (!f->max || f->is_fixed)
            continue;
        mem_put(&max, f->key_size, f->max);
        wire_store(f->wire, mask + f->wire_off, &max, f->key_size);
    }
}

static int set_plain_store(struct act_scope *at, const struct nlattr *a, const struct set_attr *more,
                           struct err *e)
{
    size_t nest = attr_nest_begin(at->out, OVS_ACTION_ATTR_SET);
    int error = more->store(at->out, mnl_attr_get_payload(a), e);

    if (!error)
        error = dp_refuses(at->fault, DP_FAULT_ACTS_TUNNEL, e);
    attr_nest_end(at->out, nest);
    return error;
}

static int set_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    struct set_arg arg;
    uint8_t both[80];           /* the longest, IPv6, is 40 bytes */
    size_t nest;

    if (set_arg_get(a, false, &arg, e) || set_arg_check(at, &arg, e))
        return -EINVAL;
    if (set_attrs[arg.type].store)
        return set_plain_store(at, a, &set_attrs[arg.type], e);
    g_assert(2 * arg.len <= sizeof(both));
    memcpy(both, arg.value, arg.len);
    set_mask_full(&arg, both + arg.len);
    nest = attr_nest_begin(at->out, ACT_SET_TO_MASKED);
    attr_put(at->out, arg.type, both, 2 * arg.len);
    attr_nest_end(at->out, nest);
    return 0;
}

static int set_masked_check(struct act_scope *at, const struct nlattr *a, struct err *e)
{
    struct set_arg arg;

    if (set_arg_get(a, true, &arg, e) || set_arg_check(at, &arg, e))
        return -EINVAL;
    attr_put(at->out, OVS_ACTION_ATTR_SET_MASKED, mnl_attr_get_payload(a),
             mnl_attr_get_payload_len(a));
    return 0;
}

static void set_to_masked_put(struct nlmsghdr *msg, const struct nlattr *stored)
{
    const struct nlattr *inner = mnl_attr_get_payload(stored);
    struct nlattr *nest = msg_nest_begin(msg, OVS_ACTION_ATTR_SET);

    mnl_attr_put(msg, mnl_attr_get_type(inner), mnl_attr_get_payload_len(inner) / 2u,
                 mnl_attr_get_payload(inner));
    mnl_attr_nest_end(msg, nest);
}

/* ---- run ----------------------------------------------------------------------------------- */

static int set_masked_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const struct nlattr *inner = mnl_attr_get_payload(a);
    const uint8_t *value = mnl_attr_get_payload(inner);
    bool is_metadata = key_attrs[mnl_attr_get_type(inner)].flags & KEY_SET_ANY;
    int error = is_metadata ? 0 : acts_writable(run);

    (void)is_last;
    if (error)
        return error;
    return set_attrs[mnl_attr_get_type(inner)].apply(run, value,
                                                     value + mnl_attr_get_payload_len(inner) / 2u);
}

/* A SET that is stored as it came has no mask. */
static int set_plain_run(struct act_run *run, const struct nlattr *a, bool is_last)
{
    const struct nlattr *inner = mnl_attr_get_payload(a);

    (void)is_last;
    return set_attrs[mnl_attr_get_type(inner)].apply(run, mnl_attr_get_payload(inner), NULL);
}

/* ---- drawn by lot --------------------------------------------------------------------------- */

/* One that may be set here; NULL: the draw was of another. */
static const struct key_attr *draw_settable(const struct act_scope *at, const struct draw *d, uint16_t *type)
{
    const struct key_attr *row;

    *type = (uint16_t)draw_below(d, N_KEY_ATTRS);
    row = &key_attrs[*type];
    if (!(row->flags & KEY_SETTABLE) || !set_when_holds(at, row))
        return NULL;
    return *type != OVS_KEY_ATTR_ETHERNET || at->has_eth ? row : NULL;
}

/* Appends the payload of one attribute; 'is_masked': a mask behind it, and the value within it. */
static void draw_set_arg(const struct act_scope *at, const struct draw *d, const struct key_attr *row,
                         bool is_masked, GByteArray *out)
{
    size_t len = row->len >= 0 ? (size_t)row->len : sizeof(uint32_t);
    uint8_t value[40], mask[40];

    draw_bytes(d, value, len);
    draw_bytes(d, mask, len);
    for (unsigned i = 0; i < row->n_fields; i++) {
        const struct key_field *f = &row->field[i];
        uint32_t number = draw_number(d, f->max);

        if (f->is_fixed)
            wire_store(f->wire, value + f->wire_off, (const uint8_t *)at->key + f->key_off, f->key_size);
        else if (f->max)
            wire_store(f->wire, value + f->wire_off, &number, sizeof(number));
        number = draw_number(d, f->max);
        if (f->is_fixed)
            memset(mask + f->wire_off, 0, f->wire_size);
        else if (f->max)
            wire_store(f->wire, mask + f->wire_off, &number, sizeof(number));
    }
    for (size_t i = 0; is_masked && i < len; i++)
        value[i] &= mask[i];
    g_byte_array_append(out, value, (guint)len);
    if (is_masked)
        g_byte_array_append(out, mask, (guint)len);
}

/* A tunnel's id alone, for IPv4 in bridge mode. */
static void draw_set_bridge(const struct draw *d, GByteArray *out)
{
    size_t nest = attr_nest_begin(out, OVS_KEY_ATTR_TUNNEL);
    uint64_t id;

    draw_bytes(d, &id, sizeof(id));
    attr_put(out, OVS_TUNNEL_KEY_ATTR_ID, &id, sizeof(id));
    attr_put(out, OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE, NULL, 0);
    attr_nest_end(out, nest);
}

static void draw_set_tunnel(const struct draw *d, GByteArray *out)
{
    uint8_t room[KEY_TUNNEL_ROOM] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *msg = mnl_nlmsg_put_header(room);
    struct flow_key key = {0};

    if (draw_one_in(d, 8)) {
        draw_set_bridge(d, out);
        return;
    }
    key_tunnel_generate(d, &key);
    key_tunnel_put(msg, &key, &key, false);
    g_byte_array_append(out, mnl_nlmsg_get_payload(msg), (guint)mnl_nlmsg_get_payload_len(msg));
}

static bool set_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint16_t type;
    const struct key_attr *row = draw_settable(at, d, &type);
    size_t nest;

    if (row && row->flags & KEY_SET_PLAIN) {
        draw_set_tunnel(d, out);
    } else if (row) {
        nest = attr_nest_begin(out, type);
        draw_set_arg(at, d, row, false, out);
        attr_nest_end(out, nest);
    }
    return row;
}

static bool set_masked_generate(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint16_t type;
    const struct key_attr *row = draw_settable(at, d, &type);
    size_t nest;

    if (!row || row->flags & KEY_SET_PLAIN)
        return false;
    nest = attr_nest_begin(out, type);
    draw_set_arg(at, d, row, true, out);
    attr_nest_end(out, nest);
    return true;
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* clang-format off */
const struct act act_set = {
    .uapi = "OVS_ACTION_ATTR_SET", .name = "set", .len = ACT_LEN_VAR,
    .check = set_check, .run = set_plain_run, .generate = set_generate,
    .format = act_set_format, .scan = act_set_scan,
};

const struct act act_set_masked = {
    .uapi = "OVS_ACTION_ATTR_SET_MASKED", .name = "set", .len = ACT_LEN_VAR,
    .check = set_masked_check, .run = set_masked_run, .generate = set_masked_generate,
    .format = act_set_format, .scan = act_set_scan,
};

/* Never sent by a client: what set() becomes. */
const struct act act_set_to_masked = {
    .name = "set", .len = ACT_LEN_VAR,
    .run = set_masked_run, .put = set_to_masked_put,
    .format = act_set_format, .scan = act_set_scan,
};
/* clang-format on */
