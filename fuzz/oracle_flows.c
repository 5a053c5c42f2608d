/* oracle_flows.c - dump and put again is a fixed point; see oracle.h. SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/datapath.h"
#include "fuzz/oracle.h"
#include "fuzz/target.h"
#include "netlink/attr.h"
#include "sim/local.h"

#define HEADERS (NLMSG_HDRLEN + GENL_HDRLEN + sizeof(struct ovs_header))

/* The dumped flows, each as the attributes that a put would have. */
struct flow_dump {
    GPtrArray *flows;           /* of GByteArray */
    bool is_whole;              /* no flow came without its actions */
};

static void keep_flow(void *ctx, const struct nlmsghdr *msg)
{
    struct flow_dump *dump = ctx;
    GByteArray *flow = g_byte_array_new();
    bool has_actions = false;
    const struct nlattr *a;
    int left;

    attr_for_each(a, (const uint8_t *)msg + HEADERS, msg->nlmsg_len - HEADERS, left) {
        uint16_t type = mnl_attr_get_type(a);

        has_actions |= type == OVS_FLOW_ATTR_ACTIONS;
        if (type != OVS_FLOW_ATTR_STATS && type != OVS_FLOW_ATTR_USED && type != OVS_FLOW_ATTR_TCP_FLAGS)
            attr_put(flow, type, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
    }
    dump->is_whole &= has_actions;
    g_ptr_array_add(dump->flows, flow);
}

static void free_flow(void *flow)
{
    g_byte_array_unref(flow);
}

static int request(struct world *w, struct local *l, uint8_t cmd, uint16_t flags, const GByteArray *attrs,
                   struct flow_dump *dump, struct err *e)
{
    g_autoptr(GByteArray) req = g_byte_array_new();

    (void)local_begin(l, req, OVS_FLOW_FAMILY, cmd, flags, (int)w->numbers.ifindex[0]);
    if (attrs)
        g_byte_array_append(req, attrs->data, attrs->len);
    local_end(req, 0);
    return local_call(l, req, dump ? keep_flow : NULL, dump, e);
}

static struct flow_dump dump_flows(struct world *w, struct local *l)
{
    struct flow_dump dump = {g_ptr_array_new_with_free_func(free_flow), true};
    struct err e = {0};

    FUZZ_CHECK(!request(w, l, OVS_FLOW_CMD_GET, NLM_F_DUMP, NULL, &dump, &e), "flows cannot be dumped: %s", e.text);
    return dump;
}

/* A mask that leaves the port free is dumped as 0xffff0000, and any mask that is put makes it exact, in the kernel as well. */
static bool is_free_port(const struct nlattr *a)
{
    return mnl_attr_get_type(a) == OVS_KEY_ATTR_IN_PORT && !(uint16_t)mnl_attr_get_u32(a);
}

/* The flow as a client puts it. */
static GByteArray *to_put(const GByteArray *flow)
{
    GByteArray *put = g_byte_array_new();
    const struct nlattr *a, *inner;
    int left, inner_left;

    attr_for_each(a, flow->data, flow->len, left) {
        size_t nest;

        if (mnl_attr_get_type(a) != OVS_FLOW_ATTR_MASK) {
            attr_put(put, mnl_attr_get_type(a), mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
            continue;
        }
        nest = attr_nest_begin(put, OVS_FLOW_ATTR_MASK);
        attr_for_each_nested(inner, a, inner_left) {
            if (!is_free_port(inner))
                g_byte_array_append(put, (const void *)inner, (guint)attr_align(inner->nla_len));
        }
        attr_nest_end(put, nest);
    }
    return put;
}

static const struct nlattr *part(const GByteArray *flow, uint16_t type)
{
    static const struct nlattr none = {.nla_len = sizeof(none)};
    const struct nlattr *a = attr_find(flow->data, flow->len, type);

    return a ? a : &none;
}

static char *text_of(const GByteArray *flow)
{
    const struct nlattr *key = part(flow, OVS_FLOW_ATTR_KEY), *mask = part(flow, OVS_FLOW_ATTR_MASK);
    const struct nlattr *acts = part(flow, OVS_FLOW_ATTR_ACTIONS);
    GString *out = g_string_new(NULL);

    key_format(out, mnl_attr_get_payload(key), mnl_attr_get_payload_len(key), mnl_attr_get_payload(mask),
               mnl_attr_get_payload_len(mask), NULL);
    g_string_append(out, ", actions:");
    acts_format(out, mnl_attr_get_payload(acts), mnl_attr_get_payload_len(acts), NULL);
    return g_string_free(out, FALSE);
}

/* False: a flow with a UFID shows its masked key, which an earlier flow may match, or which is none: without an EtherType, say. */
static bool put_flows(struct world *w, struct local *l, const struct flow_dump *dump)
{
    for (guint i = 0; i < dump->flows->len; i++) {
        g_autoptr(GByteArray) flow = to_put(dump->flows->pdata[i]);
        struct err e = {0};
        int rc = request(w, l, OVS_FLOW_CMD_NEW, NLM_F_CREATE, flow, NULL, &e);

        if (rc && attr_find(flow->data, flow->len, OVS_FLOW_ATTR_UFID))
            return false;
        FUZZ_CHECK(!rc, "flow %u of a dump cannot be put: %s\n%s", i, e.text, text_of(dump->flows->pdata[i]));
    }
    return true;
}

static void compare(const struct flow_dump *a, const struct flow_dump *b)
{
    FUZZ_CHECK(a->flows->len == b->flows->len, "%u flows were put, %u are there", a->flows->len, b->flows->len);
    for (guint i = 0; i < a->flows->len; i++) {
        const GByteArray *x = a->flows->pdata[i], *y = b->flows->pdata[i];
        g_autofree char *was = text_of(x), *is = text_of(y);

        FUZZ_CHECK(x->len == y->len && !memcmp(x->data, y->data, x->len), "flow %u of a dump is another one once it was put:\n%s\n%s", i,
                   was, is);
    }
}

/* Is the attribute in the key, and some bit of it matched? */
static bool is_matched(unsigned type, const struct flow *f)
{
    const struct key_attr *row = &key_attrs[type];
    const uint8_t *mask = (const uint8_t *)&f->mask->mask.key;
    bool is = false;

    for (unsigned i = 0; i < row->n_fields; i++)
        is |= !bytes_are(mask + row->field[i].key_off, row->field[i].key_size, 0);
    return is && key_when_holds(&row->when, &f->key);
}

/* The mask of a connection's original tuple is not dumped if the masked protocol is 0, in the kernel as well. (ND lies in its
 * place.) */
static bool has_hidden_tuple(const struct flow *f)
{
    return !f->key.ct_orig_proto && !is_matched(OVS_KEY_ATTR_ND, f) &&
           (is_matched(OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, f) || is_matched(OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6, f));
}

/* Options of a tunnel that the mask has as another kind's are in the masked key without a kind: not dumped with it, in the kernel as well. */
static bool has_hidden_options(const struct flow *f)
{
    return f->key.tun_opts_len && !(f->key.tun.flags & (KEY_TUN_GENEVE | KEY_TUN_VXLAN | KEY_TUN_ERSPAN));
}

static bool shows_all(const struct table *t)
{
    for (const struct flow *f = t->first; f; f = f->next) {
        if (has_hidden_tuple(f) || has_hidden_options(f))
            return false;
    }
    return true;
}

void oracle_fixed_point(struct world *w)
{
    struct flow_dump before, after;
    struct local l;

    if (w->is_worn || !shows_all(&w->dp->table))        /* worn: there may be no d0, or not the meters and policies that flows name */
        return;
    local_init(&l, w->ns);
    before = dump_flows(w, &l);
    (void)request(w, &l, OVS_FLOW_CMD_DEL, 0, NULL, NULL, NULL);
    if (before.is_whole && put_flows(w, &l, &before)) {
        after = dump_flows(w, &l);
        compare(&before, &after);
        g_ptr_array_unref(after.flows);
    }
    g_ptr_array_unref(before.flows);
    local_done(&l);
}
