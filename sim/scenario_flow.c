/* scenario_flow.c - scenario commands that change flows or execute a packet.
 *
 * Each sends what ovs-dpctl sends for the command of the same name.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/act.h"
#include "sim/scenario_int.h"

void scn_flow_init(struct scn_flow *f)
{
    f->key = g_byte_array_new();
    f->mask = g_byte_array_new();
    f->actions = g_byte_array_new();
}

void scn_flow_done(struct scn_flow *f)
{
    g_byte_array_free(f->key, TRUE);
    g_byte_array_free(f->mask, TRUE);
    g_byte_array_free(f->actions, TRUE);
}

int scn_flow_key(struct scan *args, struct scn_flow *f, const struct scn_names *names,
                 struct err *e)
{
    scan_blanks(args);
    return key_scan(args, f->key, f->mask, &names->text, e);
}

static int scan_actions(struct scan *args, struct scn_flow *f, const struct scn_names *names,
                        struct err *e)
{
    int r;

    scan_blanks(args);
    if (scan_done(args))
        return err_set(e, EINVAL, "column %zu: the actions are missing", scan_column(args));
    r = acts_scan(args, f->actions, &names->text, e);
    return r ? r : scn_end(args, e);
}

/* One flow request: which parts it reads from the line and sends. */
struct flow_request {
    uint8_t cmd;
    uint16_t flags;
    bool has_key, has_mask, has_actions;
};

static int send_flow(struct scenario *scn, int dp_ifindex, const struct flow_request *req,
                     const struct scn_flow *f, struct err *e)
{
    GByteArray *bytes = g_byte_array_new();
    size_t msg = local_begin(&scn->nl, bytes, OVS_FLOW_FAMILY, req->cmd, req->flags, dp_ifindex);
    int r;

    if (req->has_key)
        local_put_nest(bytes, OVS_FLOW_ATTR_KEY, f->key);
    if (req->has_mask && f->mask->len)
        local_put_nest(bytes, OVS_FLOW_ATTR_MASK, f->mask);
    if (req->has_actions)
        local_put_nest(bytes, OVS_FLOW_ATTR_ACTIONS, f->actions);
    local_end(bytes, msg);
    r = scn_call(scn, bytes, NULL, NULL, e);
    g_byte_array_free(bytes, TRUE);
    return r;
}

static int do_flow(struct scenario *scn, struct scan *args, const struct flow_request *req,
                   struct err *e)
{
    struct device *local = NULL;
    struct scn_names names;
    struct scn_flow f;
    int r = scn_dp(scn, args, &local, e);

    if (r)
        return r;
    scn_names_init(&names, scn, local->dev.ifindex);
    scn_flow_init(&f);
    if (req->has_key)
        r = scn_flow_key(args, &f, &names, e);
    if (!r)
        r = req->has_actions ? scan_actions(args, &f, &names, e) : scn_end(args, e);
    if (!r)
        r = send_flow(scn, local->dev.ifindex, req, &f, e);
    scn_flow_done(&f);
    return r;
}

int scn_flow_add(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    const struct flow_request req = { OVS_FLOW_CMD_NEW, NLM_F_CREATE, true, true, true };

    (void)out;
    return do_flow(scn, args, &req, e);
}

int scn_flow_mod(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    const struct flow_request req = { OVS_FLOW_CMD_SET, 0, true, true, true };

    (void)out;
    return do_flow(scn, args, &req, e);
}

int scn_flow_del(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    const struct flow_request req = { OVS_FLOW_CMD_DEL, 0, true, false, false };

    (void)out;
    return do_flow(scn, args, &req, e);
}

int scn_flow_flush(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    const struct flow_request req = { OVS_FLOW_CMD_DEL, 0, false, false, false };

    (void)out;
    return do_flow(scn, args, &req, e);
}

/* ---- execute --------------------------------------------------------------------------------- */

/* "in_port=p1", "in_port=1" or "in_port(1)": the packet's metadata. */
static int execute_key(struct scan *args, struct scn_flow *f, const struct scn_names *names,
                       struct err *e)
{
    char name[IFNAMSIZ];
    uint64_t number;
    uint32_t port_no;

    scan_blanks(args);
    if (!scan_text(args, "in_port="))
        return key_scan(args, f->key, f->mask, &names->text, e);
    if (scan_u64(args, UINT32_MAX, &number))
        port_no = (uint32_t)number;
    else if (!scan_name(args, name, sizeof(name)) ||
             !names->text.port_number(names->text.ctx, name, &port_no))
        return err_set(e, EINVAL, "column %zu: in_port= needs a port's number or name",
                       scan_column(args));
    attr_put(f->key, OVS_KEY_ATTR_IN_PORT, &port_no, sizeof(port_no));
    return 0;
}

static int send_execute(struct scenario *scn, int dp_ifindex, const struct scn_flow *f,
                        const GByteArray *frame, struct err *e)
{
    GByteArray *req = g_byte_array_new();
    size_t msg = local_begin(&scn->nl, req, OVS_PACKET_FAMILY, OVS_PACKET_CMD_EXECUTE, 0,
                             dp_ifindex);
    int r;

    attr_put(req, OVS_PACKET_ATTR_PACKET, frame->data, frame->len);
    local_put_nest(req, OVS_PACKET_ATTR_KEY, f->key);
    local_put_nest(req, OVS_PACKET_ATTR_ACTIONS, f->actions);
    local_end(req, msg);
    r = scn_call(scn, req, NULL, NULL, e);
    g_byte_array_free(req, TRUE);
    return r;
}

int scn_execute(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct device *local = NULL;
    struct scn_names names;
    struct scn_flow f;
    GByteArray *frame;
    int r = scn_dp(scn, args, &local, e);

    (void)out;
    if (r)
        return r;
    scn_names_init(&names, scn, local->dev.ifindex);
    scn_flow_init(&f);
    frame = g_byte_array_new();
    if (!(r = execute_key(args, &f, &names, e)) && !(r = scn_hex(args, frame, e)) &&
        !(r = scan_actions(args, &f, &names, e)))
        r = send_execute(scn, local->dev.ifindex, &f, frame, e);
    g_byte_array_free(frame, TRUE);
    scn_flow_done(&f);
    return r;
}
