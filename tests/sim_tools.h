/* sim_tools.h - for tests of the datapath through netlink: a simulation, requests, answers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIM_TOOLS_H
#define TESTS_SIM_TOOLS_H

#include <errno.h>
#include <linux/openvswitch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dp/act.h"
#include "dp/datapath.h"
#include "sim/device.h"
#include "sim/local.h"
#include "sim/scenario.h"

/* A datapath br0 with ports p1 (1) and p2 (2), and a client. */
struct lab {
    struct sim *sim;
    struct sim_ns *ns;
    struct local client;
    int dp_ifindex;             /* goes into requests */
    GByteArray *request;        /* under construction */
    GPtrArray *answers;         /* to the last request, of struct nlmsghdr */
    struct err e;               /* of the last request */
};

/* Runs scenario lines; they must succeed. */
static inline void sim_do(struct sim *sim, const char *line)
{
    GString *out = g_string_new(NULL);
    struct err e = {0};

    if (scenario_do(sim, line, out, &e))
        fail_msg("%s: %s", line, e.text);
    g_string_free(out, TRUE);
}

static inline void lab_do(struct lab *lab, const char *line)
{
    sim_do(lab->sim, line);
}

static inline int lab_open(void **state)
{
    struct lab *lab = g_new0(struct lab, 1);

    lab->sim = sim_new(NULL);
    lab->ns = sim_root_ns(lab->sim);
    lab->request = g_byte_array_new();
    lab->answers = g_ptr_array_new_with_free_func(g_free);
    lab_do(lab, "dp br0");
    lab_do(lab, "port br0 p1");
    lab_do(lab, "port br0 p2");
    local_init(&lab->client, lab->ns);
    lab->dp_ifindex = device_by_name(lab->ns, "br0")->dev.ifindex;
    *state = lab;
    return 0;
}

static inline int lab_close(void **state)
{
    struct lab *lab = *state;

    local_done(&lab->client);
    assert_int_equal(lab->sim->dp->pool.n_live, lab->sim->dp->account.n_held);
    sim_free(lab->sim);
    g_byte_array_unref(lab->request);
    g_ptr_array_unref(lab->answers);
    g_free(lab);
    return 0;
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)

static inline struct datapath *lab_dp(const struct lab *lab)
{
    return datapath_by_name(lab->ns->dp, "br0");
}

/* ---- requests -------------------------------------------------------------------------------- */

static inline void lab_keep(void *ctx, const struct nlmsghdr *msg)
{
    g_ptr_array_add(ctx, g_memdup2(msg, msg->nlmsg_len));
}

static inline void lab_begin(struct lab *lab, const char *family, uint8_t cmd, uint16_t flags)
{
    g_byte_array_set_size(lab->request, 0);
    (void)local_begin(&lab->client, lab->request, family, cmd, flags, lab->dp_ifindex);
}

/* Sends what is under construction: 0 or -errno as answered; answers are kept. */
static inline int lab_call(struct lab *lab)
{
    local_end(lab->request, 0);
    g_ptr_array_set_size(lab->answers, 0);
    return local_call(&lab->client, lab->request, lab_keep, lab->answers, &lab->e);
}

static inline const struct nlmsghdr *lab_answer(const struct lab *lab)
{
    assert_int_equal(lab->answers->len, 1);
    return lab->answers->pdata[0];
}

static inline uint8_t genl_cmd(const struct nlmsghdr *msg)
{
    return ((const struct genlmsghdr *)mnl_nlmsg_get_payload(msg))->cmd;
}

/* Appends a key and, unless 'mask_type' is 0, its mask from ovs-dpctl's text. */
static inline void put_key_text(GByteArray *out, uint16_t key_type, uint16_t mask_type,
                                const char *text)
{
    g_autoptr(GByteArray) key = g_byte_array_new();
    g_autoptr(GByteArray) mask = g_byte_array_new();
    struct err e = {0};
    struct scan in;

    scan_init(&in, text);
    if (key_scan(&in, key, mask, NULL, &e))
        fail_msg("%s: %s", text, e.text);
    local_put_nest(out, key_type, key);
    if (mask_type)
        local_put_nest(out, mask_type, mask);
}

static inline void put_acts_text(GByteArray *out, uint16_t type, const char *text)
{
    g_autoptr(GByteArray) acts = g_byte_array_new();
    struct err e = {0};
    struct scan in;

    scan_init(&in, text);
    if (acts_scan(&in, acts, NULL, &e))
        fail_msg("%s: %s", text, e.text);
    local_put_nest(out, type, acts);
}

/* What a flow request says; what is NULL or 0 is left out. */
struct flow_text {
    const char *key, *acts;
    bool has_no_mask;
    const char *ufid;
    size_t ufid_len;
    uint32_t ufid_flags;
    bool clear;
};

static inline int lab_flow(struct lab *lab, uint8_t cmd, uint16_t flags, struct flow_text f)
{
    lab_begin(lab, OVS_FLOW_FAMILY, cmd, flags);
    if (f.key)
        put_key_text(lab->request, OVS_FLOW_ATTR_KEY, f.has_no_mask ? 0 : OVS_FLOW_ATTR_MASK,
                     f.key);
    if (f.acts)
        put_acts_text(lab->request, OVS_FLOW_ATTR_ACTIONS, f.acts);
    if (f.ufid)
        attr_put(lab->request, OVS_FLOW_ATTR_UFID, f.ufid, f.ufid_len);
    if (f.ufid_flags)
        attr_put(lab->request, OVS_FLOW_ATTR_UFID_FLAGS, &f.ufid_flags, sizeof(uint32_t));
    if (f.clear)
        attr_put(lab->request, OVS_FLOW_ATTR_CLEAR, NULL, 0);
    return lab_call(lab);
}

#define FLOW(...) ((struct flow_text){__VA_ARGS__})

/* ---- answers --------------------------------------------------------------------------------- */

/* Takes one datagram that must be there; the caller frees it. */
static inline struct dgram *take(struct sock *s)
{
    int error;
    struct dgram *d = sock_recv(s, &error);

    assert_int_equal(error, 0);
    assert_non_null(d);
    return d;
}

static inline void take_none(struct sock *s)
{
    int error;

    assert_null(sock_recv(s, &error));
    assert_int_equal(error, 0);
}

static inline const struct nlmsghdr *dgram_msg(const struct dgram *d)
{
    return (const void *)d->data;
}

/* The types of a message's attributes in order: "9 1 2"; valid until the next call. */
static inline const char *attr_types(const struct nlmsghdr *msg)
{
    static char text[256];
    size_t headers = NLMSG_HDRLEN + GENL_HDRLEN + sizeof(struct ovs_header);
    const struct nlattr *a;
    int left, n = 0;

    text[0] = '\0';
    attr_for_each(a, (const uint8_t *)msg + headers, msg->nlmsg_len - headers, left)
        n += g_snprintf(text + n, sizeof(text) - (size_t)n, "%s%u", n ? " " : "",
                        mnl_attr_get_type(a));
    return text;
}

/* The text of the ACTIONS in a flow message; the caller frees it. */
static inline char *acts_text(const struct nlmsghdr *msg, uint16_t type)
{
    const struct nlattr *acts = local_attr(msg, type);
    GString *out = g_string_new(NULL);

    if (acts)
        acts_format(out, mnl_attr_get_payload(acts), mnl_attr_get_payload_len(acts), NULL);
    return g_string_free(out, FALSE);
}

static inline void assert_acts(const struct nlmsghdr *msg, const char *text)
{
    g_autofree char *is = acts_text(msg, OVS_FLOW_ATTR_ACTIONS);

    assert_string_equal(is, text);
}

static inline uint64_t flow_packets(const struct nlmsghdr *msg)
{
    const struct nlattr *a = local_attr(msg, OVS_FLOW_ATTR_STATS);
    struct ovs_flow_stats stats = {0};

    if (a)
        memcpy(&stats, mnl_attr_get_payload(a), sizeof(stats));
    return stats.n_packets;
}

#endif
