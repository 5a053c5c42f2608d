/* ctrl.c - see ctrl.h. SPDX-License-Identifier: Apache-2.0 */
#include "netlink/ctrl.h"

#include <errno.h>

#include "netlink/attr.h"
#include "netlink/form.h"
#include "netlink/reply.h"
#include "netlink/server.h"

/* --- GETFAMILY ------------------------------------------------------------------------------ */

static uint32_t op_flags(const struct family *f, const struct genl_op *op)
{
    uint16_t max_attr;

    return op->flags | (op->doit ? GENL_CMD_CAP_DO : 0u) | (op->dump ? GENL_CMD_CAP_DUMP : 0u) |
           (op_policy(f, op, &max_attr) ? GENL_CMD_CAP_HASPOL : 0u);
}

static void put_ops(struct nlmsghdr *msg, const struct family *f)
{
    struct nlattr *ops = msg_nest_begin(msg, CTRL_ATTR_OPS), *nest;

    for (size_t i = 0; i < f->n_ops; i++) {
        nest = msg_nest_begin(msg, (uint16_t)(i + 1));
        mnl_attr_put_u32(msg, CTRL_ATTR_OP_ID, f->op[i].cmd);
        mnl_attr_put_u32(msg, CTRL_ATTR_OP_FLAGS, op_flags(f, &f->op[i]));
        mnl_attr_nest_end(msg, nest);
    }
    mnl_attr_nest_end(msg, ops);
}

static void put_group(struct nlmsghdr *msg, uint32_t id, const char *name)
{
    struct nlattr *groups = msg_nest_begin(msg, CTRL_ATTR_MCAST_GROUPS);
    struct nlattr *nest = msg_nest_begin(msg, 1);

    mnl_attr_put_u32(msg, CTRL_ATTR_MCAST_GRP_ID, id);
    mnl_attr_put_strz(msg, CTRL_ATTR_MCAST_GRP_NAME, name);
    mnl_attr_nest_end(msg, nest);
    mnl_attr_nest_end(msg, groups);
}

static void put_family(struct nlmsghdr *msg, const struct netlink *nl, const struct family *f)
{
    mnl_attr_put_strz(msg, CTRL_ATTR_FAMILY_NAME, f->name);
    mnl_attr_put_u16(msg, CTRL_ATTR_FAMILY_ID, netlink_family_id(nl, f));
    mnl_attr_put_u32(msg, CTRL_ATTR_VERSION, f->version);
    mnl_attr_put_u32(msg, CTRL_ATTR_HDRSIZE, f->hdrsize);
    mnl_attr_put_u32(msg, CTRL_ATTR_MAXATTR, f->max_attr);
    if (f->n_ops)
        put_ops(msg, f);
    if (f->group)
        put_group(msg, netlink_group_id(nl, f), f->group);
}

static const struct family *by_id(const struct netlink *nl, const struct nlattr *id)
{
    return netlink_family_by_id(nl, mnl_attr_get_u16(id));
}

/* If a request has both, the name decides. */
static int getfamily(struct req *req, struct err *e)
{
    const struct netlink *nl = req->sock->ns->nl;
    const struct nlattr *id = req->attr[CTRL_ATTR_FAMILY_ID];
    const struct nlattr *name = req->attr[CTRL_ATTR_FAMILY_NAME];
    const struct family *f = NULL;
    struct nlmsghdr *msg;
    int rc;

    if (!id && !name)
        return err_set(e, EINVAL, "GETFAMILY: neither FAMILY_ID nor FAMILY_NAME");
    f = name ? netlink_family_by_name(nl, mnl_attr_get_str(name)) : by_id(nl, id);
    if (!f)
        return err_set(e, ENOENT, "GETFAMILY: no such family");
    rc = netlink_refuses(nl, NETLINK_FAULT_CTRL_REPLY, e);
    if (rc)
        return rc;
    msg = reply_new(req, CTRL_CMD_NEWFAMILY, NULL);
    put_family(msg, nl, f);
    return reply_send(req, msg);
}

static int getfamily_dump(struct dump *d, struct err *e)
{
    const struct netlink *nl = d->req.sock->ns->nl;
    struct nlmsghdr *msg;

    (void)e;
    for (; d->pos < netlink_n_families(nl); d->pos++) {
        msg = dump_msg(d, CTRL_CMD_NEWFAMILY, NULL);
        put_family(msg, nl, netlink_family_at(nl, d->pos));
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

/* --- GETPOLICY ------------------------------------------------------------------------------ */

struct rows {
    const struct policy *row;
    uint16_t max_attr;
};

/* First the commands with the index of their policy, then each policy row by row. */
struct policy_walk {
    const struct family *family;
    size_t op, op_end;          /* next command */
    GArray *policies;           /* of struct rows, without repetition */
    guint policy;               /* next row */
    uint16_t attr;
};

static guint index_of(const struct policy_walk *w, const struct policy *row, uint16_t max_attr)
{
    guint i = 0;

    for (; i < w->policies->len; i++) {
        const struct rows *rows = &g_array_index(w->policies, struct rows, i);

        if (rows->row == row && rows->max_attr == max_attr)
            break;
    }
    return i;
}

static void collect(struct policy_walk *w)
{
    for (size_t i = w->op; i < w->op_end; i++) {
        struct rows rows;

        rows.row = op_policy(w->family, &w->family->op[i], &rows.max_attr);
        if (rows.row && index_of(w, rows.row, rows.max_attr) == w->policies->len)
            g_array_append_val(w->policies, rows);
    }
}

static void walk_free(struct policy_walk *w)
{
    g_array_unref(w->policies);
    g_free(w);
}

static struct policy_walk *walk_new(const struct family *f)
{
    struct policy_walk *w = g_new0(struct policy_walk, 1);

    w->family = f;
    w->op_end = f->n_ops;
    w->policies = g_array_new(FALSE, FALSE, sizeof(struct rows));
    return w;
}

/* Limits the walk to the command the request names. */
static int choose_op(struct policy_walk *w, const struct req *req, struct err *e)
{
    const struct nlattr *wanted = req->attr[CTRL_ATTR_OP];

    for (size_t i = 0; wanted && i < w->op_end; i++)
        if (w->family->op[i].cmd == mnl_attr_get_u32(wanted)) {
            w->op = i;
            w->op_end = i + 1;
            return 0;
        }
    if (!wanted)
        return 0;
    err_set(e, ENOENT, "GETPOLICY: the family has no such command");
    e->has_offset = true;
    e->offset = (uint32_t)((const uint8_t *)wanted - (const uint8_t *)req->msg);
    return -ENOENT;
}

static int getpolicy_begin(struct dump *d, struct err *e)
{
    const struct netlink *nl = d->req.sock->ns->nl;
    const struct nlattr *id = d->req.attr[CTRL_ATTR_FAMILY_ID];
    const struct nlattr *name = d->req.attr[CTRL_ATTR_FAMILY_NAME];
    const struct family *f;
    struct policy_walk *w;
    int rc;

    if (!id && !name)
        return err_set(e, EINVAL, "GETPOLICY: neither FAMILY_ID nor FAMILY_NAME");
    f = id ? by_id(nl, id) : netlink_family_by_name(nl, mnl_attr_get_str(name));
    if (!f)
        return err_set(e, ENOENT, "GETPOLICY: no such family");
    w = walk_new(f);
    rc = choose_op(w, &d->req, e);
    collect(w);
    if (!rc && !w->policies->len)
        rc = err_set(e, ENODATA, "GETPOLICY: nothing has a policy");
    if (rc)
        walk_free(w);
    else
        d->state = w;
    return rc;
}

static struct nlmsghdr *policy_msg(struct dump *d)
{
    const struct policy_walk *w = d->state;
    struct nlmsghdr *msg = dump_msg(d, CTRL_CMD_GETPOLICY, NULL);

    mnl_attr_put_u16(msg, CTRL_ATTR_FAMILY_ID, netlink_family_id(d->req.sock->ns->nl, w->family));
    return msg;
}

static bool put_op(struct dump *d, const struct genl_op *op)
{
    const struct policy_walk *w = d->state;
    struct nlmsghdr *msg = policy_msg(d);
    struct nlattr *policy, *command;
    uint16_t max_attr;
    const struct policy *rows = op_policy(w->family, op, &max_attr);
    bool in_dump = op->dump && op->strict_dump;

    if (!rows || (!op->doit && !in_dump))
        return true;                    /* nothing to show */
    policy = mnl_attr_nest_start(msg, CTRL_ATTR_OP_POLICY);
    command = mnl_attr_nest_start(msg, op->cmd);
    if (op->doit)
        mnl_attr_put_u32(msg, CTRL_ATTR_POLICY_DO, index_of(w, rows, max_attr));
    if (in_dump)
        mnl_attr_put_u32(msg, CTRL_ATTR_POLICY_DUMP, index_of(w, rows, max_attr));
    mnl_attr_nest_end(msg, command);
    mnl_attr_nest_end(msg, policy);
    return dump_commit(d, msg);
}

/* Rows without a type are left out. */
static bool put_row(struct dump *d, const struct policy *row)
{
    const struct policy_walk *w = d->state;
    struct nlmsghdr *msg = policy_msg(d);
    struct nlattr *nest[3];

    nest[0] = mnl_attr_nest_start(msg, CTRL_ATTR_POLICY);
    nest[1] = mnl_attr_nest_start(msg, (uint16_t)w->policy);
    nest[2] = mnl_attr_nest_start(msg, w->attr);
    if (!policy_put(msg, row))
        return true;
    for (int i = 2; i >= 0; i--)
        mnl_attr_nest_end(msg, nest[i]);
    return dump_commit(d, msg);
}

static bool put_rows(struct dump *d, const struct rows *rows)
{
    struct policy_walk *w = d->state;

    for (; w->attr <= rows->max_attr; w->attr++)
        if (!put_row(d, &rows->row[w->attr]))
            return false;
    w->attr = 0;
    return true;
}

static int getpolicy_dump(struct dump *d, struct err *e)
{
    struct policy_walk *w = d->state;

    (void)e;
    for (; w->op < w->op_end; w->op++)
        if (!put_op(d, &w->family->op[w->op]))
            return 1;
    for (; w->policy < w->policies->len; w->policy++)
        if (!put_rows(d, &g_array_index(w->policies, struct rows, w->policy)))
            return 1;
    return 0;
}

static void getpolicy_done(struct dump *d)
{
    walk_free(d->state);
}

/* --- the family ----------------------------------------------------------------------------- */

#define NAME_LEN_MAX 15

static const struct form family_form = { .role = ROLE_FAMILY };
static const struct policy getfamily_policy[CTRL_ATTR_FAMILY_NAME + 1] = {
    ATTR(CTRL_ATTR_FAMILY_ID, .kind = POL_U16),
    ATTR(CTRL_ATTR_FAMILY_NAME, .kind = POL_STRING, .len = NAME_LEN_MAX),
};

static const struct policy getpolicy_policy[CTRL_ATTR_OP + 1] = {
    ATTR(CTRL_ATTR_FAMILY_ID, .kind = POL_U16),
    ATTR(CTRL_ATTR_FAMILY_NAME, .kind = POL_STRING, .len = NAME_LEN_MAX),
    ATTR(CTRL_ATTR_OP, .kind = POL_U32),
};

/* Of all that its messages hold, answers included. */
static const struct policy op_policy_rows[] = {
    ATTR(CTRL_ATTR_POLICY_DO, .kind = POL_U32),
    ATTR(CTRL_ATTR_POLICY_DUMP, .kind = POL_U32),
};
static const struct policy op_rows[] = {
    ATTR(CTRL_ATTR_OP_ID, .kind = POL_U32),
    ATTR(CTRL_ATTR_OP_FLAGS, .kind = POL_U32),
};
static const struct form group_id_form = { .role = ROLE_GROUP };
static const struct policy group_rows[] = {
    ATTR(CTRL_ATTR_MCAST_GRP_NAME, .kind = POL_STRING),
    ATTR(CTRL_ATTR_MCAST_GRP_ID, .kind = POL_U32, .form = &group_id_form),
};
static const struct form op_form = { FORM_ROWS(op_rows) }, ops_form = { .each = &op_form };
static const struct form group_form = { FORM_ROWS(group_rows) }, groups_form = { .each = &group_form };
static const struct form op_policy_form = { FORM_ROWS(op_policy_rows) };
static const struct form op_policies_form = { .each = &op_policy_form };
static const struct form policy_form = { .each = &form_policy };
static const struct form policies_form = { .each = &policy_form };
static const struct policy ctrl_rows[] = {
    ATTR(CTRL_ATTR_FAMILY_ID, .kind = POL_U16, .form = &family_form),
    ATTR(CTRL_ATTR_FAMILY_NAME, .kind = POL_STRING),
    ATTR(CTRL_ATTR_VERSION, .kind = POL_U32),
    ATTR(CTRL_ATTR_HDRSIZE, .kind = POL_U32),
    ATTR(CTRL_ATTR_MAXATTR, .kind = POL_U32),
    ATTR(CTRL_ATTR_OPS, .kind = POL_NESTED, .form = &ops_form),
    ATTR(CTRL_ATTR_MCAST_GROUPS, .kind = POL_NESTED, .form = &groups_form),
    ATTR(CTRL_ATTR_POLICY, .form = &policies_form),
    ATTR(CTRL_ATTR_OP_POLICY, .form = &op_policies_form),
    ATTR(CTRL_ATTR_OP, .kind = POL_U32),
};
#define CMD(name) [name] = #name
static const char *const ctrl_cmds[] = {
    CMD(CTRL_CMD_NEWFAMILY), CMD(CTRL_CMD_DELFAMILY), CMD(CTRL_CMD_GETFAMILY),
    CMD(CTRL_CMD_NEWMCAST_GRP), CMD(CTRL_CMD_DELMCAST_GRP), CMD(CTRL_CMD_GETPOLICY),
};
static const struct msg_form ctrl_form = {
    .msg = ctrl_cmds, .n_msgs = G_N_ELEMENTS(ctrl_cmds),
    .rows = ctrl_rows, .max_attr = G_N_ELEMENTS(ctrl_rows) - 1,
};

static const struct genl_op ops[] = {
    {
        .cmd = CTRL_CMD_GETFAMILY,
        .policy = getfamily_policy,
        .max_attr = CTRL_ATTR_FAMILY_NAME,
        .doit = getfamily,
        .dump = getfamily_dump,
    },
    {
        .cmd = CTRL_CMD_GETPOLICY,
        .policy = getpolicy_policy,
        .max_attr = CTRL_ATTR_OP,
        .dump = getpolicy_dump,
        .dump_done = getpolicy_done,
        .dump_begin = getpolicy_begin,
        .strict_dump = true,
    },
};

const struct family ctrl_family = {
    .name = "nlctrl",
    .version = 2,
    .op = ops,
    .n_ops = G_N_ELEMENTS(ops),
    .group = "notify",
    .n_legacy_cmds = CTRL_CMD_GETPOLICY + 1,
    .form = &ctrl_form,
};
