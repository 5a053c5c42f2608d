/* trace.c - steps of packets as lines of text, in the words of ovs-dpctl.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "dp/datapath.h"
#include "netlink/attr.h"

#define MOST_FLOWS 256          /* of a table in which the nearest one is looked for */

static void put_line(const struct dp_world *w, enum dp_trace_what what, const char *func,
                     const char *fmt, va_list ap)
{
    g_autofree char *text = g_strdup_vprintf(fmt, ap);

    w->env->trace(w->env->ctx, what, func, text);
}

void trace(const struct dp_world *w, const char *func, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(w, DP_TRACE_STEP, func, fmt, ap);
    va_end(ap);
}

void trace_begin(const struct dp_world *w, const char *func, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(w, DP_TRACE_BEGIN, func, fmt, ap);
    va_end(ap);
}

void trace_end(const struct dp_world *w)
{
    if (tracing(w))
        w->env->trace(w->env->ctx, DP_TRACE_END, "", "");
}

/* ---- text ------------------------------------------------------------------------------------ */

static struct nlmsghdr *message(const struct dp_world *w)
{
    return msg_new(w->nl, &dp_flow_family, OVS_FLOW_CMD_GET, &(int){0});
}

static const struct nlattr *first_attr(const struct nlmsghdr *msg)
{
    return mnl_nlmsg_get_payload_offset(msg, GENL_HDRLEN + sizeof(struct ovs_header));
}

/* A key, and what of it the mask (NULL: all) leaves. */
static char *key_as_text(const struct dp_world *w, const struct flow_key *key,
                         const struct flow_key *mask)
{
    struct nlmsghdr *msg = message(w);
    GString *text = g_string_new(NULL);
    const struct nlattr *a = first_attr(msg), *b;

    key_put(msg, OVS_FLOW_ATTR_KEY, key, key, false);
    b = mnl_nlmsg_get_payload_tail(msg);
    if (mask)
        key_put(msg, OVS_FLOW_ATTR_MASK, key, mask, true);
    key_format(text, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a),
               mask ? mnl_attr_get_payload(b) : NULL, mask ? mnl_attr_get_payload_len(b) : 0, NULL);
    return g_string_free(text, FALSE);
}

static char *acts_as_text(const struct dp_world *w, const void *stored, size_t len)
{
    struct nlmsghdr *msg = message(w);
    GString *text = g_string_new(NULL);
    const struct nlattr *a = first_attr(msg);

    acts_put(msg, OVS_FLOW_ATTR_ACTIONS, stored, len);
    acts_format(text, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), NULL);
    return g_string_free(text, FALSE);
}

/* ---- misses ---------------------------------------------------------------------------------- */

/* In how many bytes a packet's key is not what the flow wants. */
static unsigned distance(const struct flow *f, const struct flow_key *key, struct flow_key *masked)
{
    const uint8_t *a = (const uint8_t *)masked, *b = (const uint8_t *)&f->key;
    unsigned n = 0;

    key_apply_mask(masked, key, &f->mask->mask, true);
    for (size_t i = 0; i < sizeof(f->key); i++)
        n += a[i] != b[i];
    return n;
}

/* The flow that the packet nearly matched, and what the packet has in the place of that. */
static void trace_nearest(const struct datapath *dp, const struct flow_key *key)
{
    const struct dp_world *w = dp_world_of(dp);
    const struct flow *nearest = NULL;
    unsigned least = UINT_MAX;
    struct flow_key masked;
    g_autofree char *wants = NULL;
    g_autofree char *has = NULL;

    if (dp->table.n_flows > MOST_FLOWS)
        return;
    for (const struct flow *f = dp->table.first; f; f = f->next) {
        unsigned n = distance(f, key, &masked);

        nearest = n < least ? f : nearest;
        least = MIN(least, n);
    }
    if (!nearest)
        return;
    (void)distance(nearest, key, &masked);
    wants = key_as_text(w, &nearest->key, &nearest->mask->mask.key);
    has = key_as_text(w, &masked, &nearest->mask->mask.key);
    trace(w, "ovs_flow_tbl_lookup", "nearest %s but %s", wants, has);
}

/* ---- steps ----------------------------------------------------------------------------------- */

void trace_lookup(const struct datapath *dp, const struct flow *f, const struct flow_key *key,
                  const struct table_probe *probe)
{
    const struct dp_world *w = dp_world_of(dp);
    g_autofree char *text = key_as_text(w, key, NULL);

    trace(w, "ovs_flow_tbl_lookup", "%s masks tried %u%s %s", f ? "hit" : "miss",
          probe->n_mask_hit, probe->n_cache_hit ? " (cached)" : "", text);
    if (!f && w->env->traces_misses)
        trace_nearest(dp, key);
}

void trace_flow(const struct dp_world *w, const struct flow *f)
{
    g_autofree char *key = key_as_text(w, &f->key, &f->mask->mask.key);
    g_autofree char *acts = acts_as_text(w, f->acts->data, f->acts->len);

    trace(w, "ovs_execute_actions", "%s, actions:%s", key, acts);
}

void trace_action(const struct dp_world *w, const struct nlattr *stored)
{
    g_autofree char *text = acts_as_text(w, stored, stored->nla_len);

    trace(w, "do_execute_actions", "%s", text);
}
