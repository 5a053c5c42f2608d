/* world.c - see world.h. SPDX-License-Identifier: Apache-2.0 */
#include "bench/world.h"

#include <errno.h>
#include <linux/openvswitch.h>
#include <stdarg.h>
#include <string.h>

#include "bench/bench.h"
#include "dp/act.h"
#include "netlink/attr.h"
#include "sim/device.h"
#include "sim/scenario.h"

int world_do(struct sim *sim, const char *fmt, ...)
{
    g_autofree char *line = NULL;
    GString *out = g_string_new(NULL);
    struct err e = { 0 };
    va_list ap;
    int r;

    va_start(ap, fmt);
    line = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    r = scenario_do(sim, line, out, &e);
    g_string_free(out, TRUE);
    if (r)
        (void)bench_fail("%s: %s", line, e.text);
    return r;
}

struct sim *world_new(void)
{
    struct sim *sim = sim_new(NULL);

    if (!world_do(sim, "dp br0; port br0 p1; port br0 p2"))
        return sim;
    sim_free(sim);
    return NULL;
}

struct flow_target world_target(struct sim *sim)
{
    return (struct flow_target){
        .family = netlink_family_id(sim->nl, netlink_family_by_name(sim->nl, OVS_FLOW_FAMILY)),
        .dp_ifindex = device_by_name(sim_root_ns(sim), "br0")->dev.ifindex,
    };
}

/* ---- requests ---------------------------------------------------------------------------------- */

static void put_headers(GByteArray *out, const struct flow_target *to)
{
    const struct {
        struct nlmsghdr msg;
        struct genlmsghdr genl;
        struct ovs_header ovs;
    } h = {
        .msg = { .nlmsg_type = to->family,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
        .genl = { .cmd = OVS_FLOW_CMD_NEW, .version = OVS_FLOW_VERSION },
        .ovs = { .dp_ifindex = to->dp_ifindex },
    };

    g_byte_array_append(out, (const guint8 *)&h, sizeof(h));
}

/* The text form, read into the three nests of a request. */
struct parts {
    GByteArray *key, *mask, *actions;
};

static int scan_parts(struct parts *p, const char *key, const char *actions)
{
    struct err e = { 0 };
    struct scan in;

    scan_init(&in, key);
    if (!key_scan(&in, p->key, p->mask, NULL, &e)) {
        scan_init(&in, actions);
        (void)acts_scan(&in, p->actions, NULL, &e);
    }
    if (e.code)
        (void)bench_fail("flow %s %s: %s", key, actions, e.text);
    return -e.code;
}

int flow_request(GByteArray *out, const struct flow_target *to, const char *key,
                 const char *actions)
{
    struct parts p = { g_byte_array_new(), g_byte_array_new(), g_byte_array_new() };
    int r = scan_parts(&p, key, actions);
    size_t start = out->len;
    uint32_t len;

    put_headers(out, to);
    attr_put(out, OVS_FLOW_ATTR_KEY, p.key->data, p.key->len);
    attr_put(out, OVS_FLOW_ATTR_MASK, p.mask->data, p.mask->len);
    attr_put(out, OVS_FLOW_ATTR_ACTIONS, p.actions->data, p.actions->len);
    len = (uint32_t)(out->len - start);
    memcpy(out->data + start, &len, sizeof(len));
    g_byte_array_unref(p.key);
    g_byte_array_unref(p.mask);
    g_byte_array_unref(p.actions);
    return r;
}

int flow_request_nth(GByteArray *out, const struct flow_target *to, unsigned i)
{
    char key[160];

    g_snprintf(key, sizeof(key),
               "in_port(1),eth(),eth_type(0x0800),ipv4(dst=10.%u.%u.%u,frag=no)", i >> 16 & 255,
               i >> 8 & 255, i & 255);
    return flow_request(out, to, key, "2");
}

GPtrArray *flow_requests(const struct flow_target *to, unsigned n)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

    for (unsigned i = 0; i < n; i++) {
        GByteArray *request = g_byte_array_new();

        g_ptr_array_add(all, request);
        if (flow_request_nth(request, to, i)) {
            g_ptr_array_unref(all);
            return NULL;
        }
    }
    return all;
}

int flow_put(struct sock *s, const GByteArray *request)
{
    int error = 0, code = -EPROTO;
    struct dgram *d;

    (void)sock_send(s, request->data, request->len);
    d = sock_recv(s, &error);
    if (d && d->len >= ACK_LEN)
        memcpy(&code, d->data + sizeof(struct nlmsghdr), sizeof(code));
    g_free(d);
    if (code)
        (void)bench_fail("a flow was refused: %s", g_strerror(-code));
    return code;
}
