/* scenario_dp.c - scenario commands for datapaths and their ports.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "sim/listing.h"
#include "sim/scenario_int.h"
#include "sim/upcall_watch.h"

static void put_u32(GByteArray *req, uint16_t type, uint32_t value)
{
    attr_put(req, type, &value, sizeof(value));
}

static void put_string(GByteArray *req, uint16_t type, const char *text)
{
    attr_put(req, type, text, strlen(text) + 1);
}

static int finish(struct scenario *scn, GByteArray *req, size_t msg, struct err *e)
{
    int r;

    local_end(req, msg);
    r = scn_call(scn, req, NULL, NULL, e);
    g_byte_array_free(req, TRUE);
    return r;
}

static void set_up(const struct scenario *scn, const char *name, bool is_up)
{
    struct device *d = device_by_name(scn->ns, name);

    if (d)
        device_set_flags(d, (device_flags(d) & ~(unsigned)IFF_UP) | (is_up ? IFF_UP : 0));
}

/* Takes "down", if it stands there. */
static bool take_down(struct scan *args)
{
    scan_blanks(args);
    return scan_word(args, "down");
}

int scn_dp_add(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    GByteArray *req;
    char name[IFNAMSIZ];
    bool is_down;
    size_t msg;
    int r;

    (void)out;
    if ((r = scn_word(args, "a name", name, sizeof(name), e)))
        return r;
    is_down = take_down(args);
    if ((r = scn_end(args, e)))
        return r;
    req = g_byte_array_new();
    msg = local_begin(&scn->nl, req, OVS_DATAPATH_FAMILY, OVS_DP_CMD_NEW, 0, 0);
    put_string(req, OVS_DP_ATTR_NAME, name);
    put_u32(req, OVS_DP_ATTR_UPCALL_PID, 0);
    put_u32(req, OVS_DP_ATTR_USER_FEATURES, OVS_DP_F_UNALIGNED | OVS_DP_F_VPORT_PIDS);
    r = finish(scn, req, msg, e);
    if (!r)
        set_up(scn, name, !is_down);
    return r;
}

int scn_dp_del(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct device *local = NULL;
    GByteArray *req;
    size_t msg;
    int r;

    (void)out;
    if ((r = scn_dp(scn, args, &local, e)) || (r = scn_end(args, e)))
        return r;
    req = g_byte_array_new();
    msg = local_begin(&scn->nl, req, OVS_DATAPATH_FAMILY, OVS_DP_CMD_DEL, 0, local->dev.ifindex);
    return finish(scn, req, msg, e);
}

struct port_args {
    struct device *local;
    char name[IFNAMSIZ];
    uint32_t type;              /* OVS_VPORT_TYPE_* */
    bool is_down, has_gbp;
    struct scn_number number[2];    /* NO, DST_PORT */
};

enum { NO, DST_PORT };

static const char *const port_types[] = {
    [OVS_VPORT_TYPE_NETDEV] = "netdev", [OVS_VPORT_TYPE_INTERNAL] = "internal",
    [OVS_VPORT_TYPE_GRE] = "gre",       [OVS_VPORT_TYPE_VXLAN] = "vxlan",
    [OVS_VPORT_TYPE_GENEVE] = "geneve",
};

static bool take_type(struct scan *args, uint32_t *type)
{
    struct scan at = *args;

    if (!scan_text(&at, "type="))
        return false;
    for (uint32_t i = OVS_VPORT_TYPE_NETDEV; i < G_N_ELEMENTS(port_types); i++) {
        if (scan_word(&at, port_types[i])) {
            *type = i;
            *args = at;
            return true;
        }
    }
    return false;
}

static int port_option(struct scan *args, struct port_args *p, struct err *e)
{
    scan_blanks(args);
    if (take_type(args, &p->type))
        return 0;
    if (scan_word(args, "gbp"))
        p->has_gbp = true;
    else if (take_down(args))
        p->is_down = true;
    else
        return scn_numbers(args, p->number, G_N_ELEMENTS(p->number), e);
    return 0;
}

static int port_args(struct scenario *scn, struct scan *args, struct port_args *p, struct err *e)
{
    const char *before = NULL;
    int r;

    *p = (struct port_args){
        .type = OVS_VPORT_TYPE_NETDEV,
        .number = { [NO] = { .name = "no", .max = UINT32_MAX },
                    [DST_PORT] = { .name = "dst_port", .max = UINT16_MAX } },
    };
    if ((r = scn_dp(scn, args, &p->local, e)) ||
        (r = scn_word(args, "a port's name", p->name, sizeof(p->name), e)))
        return r;
    while (!r && !scan_done(args) && args->at != before) {
        before = args->at;
        r = port_option(args, p, e);
    }
    return r ? r : scn_end(args, e);
}

static void put_tunnel_options(GByteArray *req, const struct port_args *p)
{
    uint16_t udp_port = (uint16_t)p->number[DST_PORT].value;
    size_t options, extension;

    if (!p->number[DST_PORT].is_given)
        return;
    options = attr_nest_begin(req, OVS_VPORT_ATTR_OPTIONS);
    attr_put(req, OVS_TUNNEL_ATTR_DST_PORT, &udp_port, sizeof(udp_port));
    if (p->has_gbp) {
        extension = attr_nest_begin(req, OVS_TUNNEL_ATTR_EXTENSION);
        attr_put(req, OVS_VXLAN_EXT_GBP, NULL, 0);
        attr_nest_end(req, extension);
    }
    attr_nest_end(req, options);
}

static int port_request(struct scenario *scn, const struct port_args *p, struct err *e)
{
    GByteArray *req = g_byte_array_new();
    size_t msg = local_begin(&scn->nl, req, OVS_VPORT_FAMILY, OVS_VPORT_CMD_NEW, 0,
                             p->local->dev.ifindex);

    put_u32(req, OVS_VPORT_ATTR_TYPE, p->type);
    put_string(req, OVS_VPORT_ATTR_NAME, p->name);
    put_u32(req, OVS_VPORT_ATTR_UPCALL_PID, 0);
    if (p->number[NO].is_given)
        put_u32(req, OVS_VPORT_ATTR_PORT_NO, (uint32_t)p->number[NO].value);
    put_tunnel_options(req, p);
    return finish(scn, req, msg, e);
}

int scn_port_add(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct port_args p;
    int r = port_args(scn, args, &p, e);

    (void)out;
    if (r)
        return r;
    if (p.type == OVS_VPORT_TYPE_NETDEV && !device_by_name(scn->ns, p.name) &&
        !device_add(scn->ns, p.name, NETDEV_VIRTUAL, 0, e))
        return -e->code;
    r = port_request(scn, &p, e);
    if (!r)
        set_up(scn, p.name, !p.is_down);
    return r;
}

int scn_port_del(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct device *local = NULL;
    char name[IFNAMSIZ];
    GByteArray *req;
    size_t msg;
    int r;

    (void)out;
    if ((r = scn_dp(scn, args, &local, e)) ||
        (r = scn_word(args, "a port's name", name, sizeof(name), e)) || (r = scn_end(args, e)))
        return r;
    req = g_byte_array_new();
    msg = local_begin(&scn->nl, req, OVS_VPORT_FAMILY, OVS_VPORT_CMD_DEL, 0, local->dev.ifindex);
    put_string(req, OVS_VPORT_ATTR_NAME, name);
    return finish(scn, req, msg, e);
}

static bool take_mode(struct scan *args, enum upcall_mode *mode)
{
    scan_blanks(args);
    for (unsigned i = 0; i < N_UPCALL_MODES; i++) {
        if (scan_word(args, upcall_mode_names[i])) {
            *mode = (enum upcall_mode)i;
            return true;
        }
    }
    return false;
}

int scn_upcall(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    enum upcall_mode mode = UPCALL_DROP;
    struct device *local = NULL;
    struct scan start = *args;
    int r;

    (void)out;
    /* "drop" may be a datapath's name too. */
    if (!take_mode(args, &mode) || !scan_done(args)) {
        *args = start;
        if ((r = scn_dp(scn, args, &local, e)))
            return r;
        if (!take_mode(args, &mode))
            return err_set(e, EINVAL, "column %zu: neither drop nor normal", scan_column(args));
        if ((r = scn_end(args, e)))
            return r;
    }
    if (!scn->upcalls)
        scn->upcalls = upcall_watch_new(scn->ns);
    r = upcall_watch_set(scn->upcalls, local ? local->dev.ifindex : 0, mode, e);
    scn->is_refused = r != 0;
    return r;
}

int scn_show(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    int r = scn_end(args, e);

    return r ? r : show_datapaths(&scn->nl, out, e);
}

static void take_stats(void *ctx, const struct nlmsghdr *msg)
{
    dp_listing_read(ctx, msg);
}

int scn_expect_stats(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct scn_number want[] = {
        { .name = "hit", .max = UINT64_MAX },      { .name = "missed", .max = UINT64_MAX },
        { .name = "lost", .max = UINT64_MAX },     { .name = "flows", .max = UINT64_MAX },
        { .name = "masks", .max = UINT64_MAX },    { .name = "mask-hit", .max = UINT64_MAX },
        { .name = "cache-hit", .max = UINT64_MAX },
    };
    struct dp_listing dp = { 0 };
    struct device *local = NULL;
    GByteArray *req;
    size_t msg;
    int r;

    (void)out;
    if ((r = scn_dp(scn, args, &local, e)) ||
        (r = scn_numbers(args, want, G_N_ELEMENTS(want), e)) || (r = scn_end(args, e)))
        return r;
    req = g_byte_array_new();
    msg = local_begin(&scn->nl, req, OVS_DATAPATH_FAMILY, OVS_DP_CMD_GET, 0, local->dev.ifindex);
    local_end(req, msg);
    r = scn_call(scn, req, take_stats, &dp, e);
    g_byte_array_free(req, TRUE);
    if (r)
        return r;
    return scn_compare(want,
                       (const uint64_t[]){ dp.stats.n_hit, dp.stats.n_missed, dp.stats.n_lost,
                                           dp.stats.n_flows, dp.megaflow.n_masks,
                                           dp.megaflow.n_mask_hit, dp.megaflow.n_cache_hit },
                       G_N_ELEMENTS(want), local->dev.name, e);
}
