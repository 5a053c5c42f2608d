/* grammar_message.c - one valid message: its header, and the attributes that its row needs and takes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "dp/datapath.h"
#include "fuzz/grammar_int.h"
#include "netlink/form.h"
#include "netlink/rt.h"

#define MOST_IN_LIST 3u
#define MOST_BYTES 16u              /* of what has no form, beyond the least */

/* ---- attributes -------------------------------------------------------------------------------------- */

static void append(GByteArray *out, const void *bytes, size_t len)
{
    g_byte_array_append(out, bytes, (guint)len);
}

static void append_drawn(const struct draw *d, size_t len, GByteArray *out)
{
    uint8_t bytes[256];

    draw_bytes(d, bytes, MIN(len, sizeof(bytes)));
    append(out, bytes, MIN(len, sizeof(bytes)));
}

static void nest_draw(const struct draw *d, const struct form *form, GByteArray *out)
{
    for (uint16_t type = 1; type <= form->max_attr; type++) {
        const struct policy *row = &form->rows[type];

        if (row->is_needed || (row->kind != POL_ANY && draw_one_in(d, 4)))
            attr_draw(d, type, row, out);
    }
}

/* A number that stands for another, or one of the form's own. */
static void value_draw(const struct draw *d, const struct form *form, GByteArray *out)
{
    if (form->role == ROLE_PORTID)
        append(out, &d->portid, sizeof(d->portid));
    else if (form->role == ROLE_IFINDEX)
        append(out, &d->ifindex, sizeof(d->ifindex));
    else
        append_drawn(d, form->member ? form->size : form->wire->size ? form->wire->size : MOST_BYTES, out);
}

/* False: the form does not say it all. */
static bool form_draw(const struct draw *d, const struct form *form, GByteArray *out)
{
    uint32_t n = form->is_list ? 1 + draw_below(d, MOST_IN_LIST) : 1;

    if (form->generate) {
        form->generate(d, out);
    } else if (form->rows) {
        nest_draw(d, form, out);
    } else if (form->each) {
        size_t nest = attr_nest_begin(out, (uint16_t)draw_below(d, 2));

        form_draw(d, form->each, out);
        attr_nest_end(out, nest);
    } else if (form->member || form->wire) {
        while (n--)
            value_draw(d, form, out);
    } else {
        return false;
    }
    return true;
}

static const uint8_t number_size[N_POLICY_KINDS] = {
    [POL_U8] = 1, [POL_U16] = 2, [POL_U32] = 4, [POL_U64] = 8, [POL_S32] = 4,
};

static void number_draw(const struct draw *d, const struct policy *row, GByteArray *out)
{
    uint32_t span = (uint32_t)MIN(row->max - row->min, UINT32_MAX);
    int64_t value = row->min + draw_number(d, span);

    if (row->has_range)
        append(out, &value, number_size[row->kind]);        /* the low bytes come first */
    else
        append_drawn(d, number_size[row->kind], out);
}

static void kind_draw(const struct draw *d, const struct policy *row, GByteArray *out)
{
    if (number_size[row->kind])
        number_draw(d, row, out);
    else if (row->kind == POL_STRING)
        append(out, d->name, strlen(d->name) + 1);
    else if (row->kind == POL_MIN_LEN)
        append_drawn(d, row->len + draw_below(d, MOST_BYTES), out);
    else if (row->kind != POL_FLAG && row->kind != POL_NESTED)
        append_drawn(d, draw_below(d, MOST_BYTES), out);
}

void attr_draw(const struct draw *d, uint16_t type, const struct policy *row, GByteArray *out)
{
    size_t attr = attr_nest_begin(out, type);

    if (!row->form || !form_draw(d, row->form, out))
        kind_draw(d, row, out);
    attr_nest_end(out, attr);
}

/* ---- what a message says of its flow ----------------------------------------------------------------- */

/* Parts that follow from the flow. */
enum part { PART_NONE, PART_KEY, PART_MASK, PART_ACTIONS, PART_FRAME, PART_UFID, N_PARTS };

/* By family and attribute. */
static const uint8_t parts[N_PROGRAM_FAMILIES][FAMILY_MAX_ATTR + 1] = {
    [PROGRAM_FLOW] = {
        [OVS_FLOW_ATTR_KEY] = PART_KEY, [OVS_FLOW_ATTR_MASK] = PART_MASK,
        [OVS_FLOW_ATTR_ACTIONS] = PART_ACTIONS, [OVS_FLOW_ATTR_UFID] = PART_UFID,
    },
    [PROGRAM_PACKET] = {
        [OVS_PACKET_ATTR_KEY] = PART_KEY, [OVS_PACKET_ATTR_ACTIONS] = PART_ACTIONS,
        [OVS_PACKET_ATTR_PACKET] = PART_FRAME,
    },
};

static void put_key(const struct draw *d, const struct grammar_flow *flow, GByteArray *out)
{
    flow_put_key(d, flow, out);
}

static void put_actions(const struct draw *d, const struct grammar_flow *flow, GByteArray *out)
{
    struct flow_key masked;

    flow_masked(flow, &masked);
    acts_generate(d, &masked, out);
}

static void put_frame(const struct draw *d, const struct grammar_flow *flow, GByteArray *out)
{
    frame_draw(d, &flow->key, out);
}

static void put_ufid(const struct draw *d, const struct grammar_flow *flow, GByteArray *out)
{
    (void)d;
    append(out, flow->ufid, flow->ufid_len);
}

static void (*const put_part[N_PARTS])(const struct draw *d, const struct grammar_flow *flow, GByteArray *out) = {
    [PART_KEY] = put_key, [PART_MASK] = flow_put_mask, [PART_ACTIONS] = put_actions, [PART_FRAME] = put_frame,
    [PART_UFID] = put_ufid,
};

/* A flow's identity is its own; the rest of what a message may have is there or not. */
static bool part_is_told(const struct draw *d, enum part part, const struct grammar_flow *flow)
{
    return part == PART_UFID ? flow->ufid_len : part == PART_MASK ? !flow->is_exact : draw_one_in(d, 2);
}

/* ---- messages ---------------------------------------------------------------------------------------- */

static const struct family *const families[N_PROGRAM_FAMILIES] = {
    [PROGRAM_DATAPATH] = &dp_datapath_family, [PROGRAM_VPORT] = &dp_vport_family, [PROGRAM_FLOW] = &dp_flow_family,
    [PROGRAM_PACKET] = &dp_packet_family,     [PROGRAM_METER] = &dp_meter_family, [PROGRAM_CT_LIMIT] = &dp_ct_limit_family,
};

const struct family *grammar_family(enum program_family family)
{
    return families[family];
}

static const struct genl_op *op_of(const struct family *f, uint8_t cmd)
{
    for (size_t i = 0; i < f->n_ops; i++) {
        if (f->op[i].cmd == cmd)
            return &f->op[i];
    }
    g_assert_not_reached();
}

static uint16_t draw_flags(const struct draw *d, const struct grammar_row *row)
{
    uint16_t flags = (uint16_t)(NLM_F_REQUEST | row->flags);

    if (draw_one_in(d, 2))
        flags |= NLM_F_ACK;
    if (draw_one_in(d, 4))
        flags |= NLM_F_ECHO;
    return flags;
}

static void genl_draw(const struct draw *d, const struct grammar_row *row, const struct grammar_flow *flow,
                      GByteArray *out)
{
    const struct family *f = families[row->family];
    const struct genl_op *op = op_of(f, row->cmd);
    const struct {
        struct nlmsghdr msg;
        struct genlmsghdr genl;
        struct ovs_header ovs;
    } h = {
        .msg = {.nlmsg_type = (uint16_t)PROGRAM_TYPE(row->family), .nlmsg_flags = draw_flags(d, row)},
        .genl = {.cmd = row->cmd, .version = f->version},
        .ovs = {.dp_ifindex = (int)PROGRAM_IFINDEX(0)},
    };

    append(out, &h, GENL_HEADERS);
    for (uint16_t type = 1; type <= f->max_attr && !(row->flags & NLM_F_DUMP); type++) {
        enum part part = parts[row->family][type];
        bool is_needed = op->needs >> type & 1;

        if (!is_needed && !(op->takes >> type & 1 && part_is_told(d, part, flow)))
            continue;
        if (part) {
            size_t attr = attr_nest_begin(out, type);

            put_part[part](d, flow, out);
            attr_nest_end(out, attr);
        } else {
            attr_draw(d, type, &f->policy[type], out);
        }
    }
}

static void rt_draw(const struct draw *d, const struct grammar_row *row, GByteArray *out)
{
    const struct msg_form *form = rt_form_of(row->rt_type);
    const struct genl_op *op = rt_op_of(row->rt_type);
    const struct nlmsghdr h = {.nlmsg_type = row->rt_type, .nlmsg_flags = draw_flags(d, row)};

    append(out, &h, sizeof(h));
    form_draw(d, &form->header, out);
    for (uint16_t type = 1; type <= form->max_attr && !(row->flags & NLM_F_DUMP); type++) {
        if (op->needs >> type & 1 || (op->takes >> type & 1 && draw_one_in(d, 4)))
            attr_draw(d, type, &form->rows[type], out);
    }
}

/* What the message is about: what is there, or, of a message that makes something, what is not. */
static struct draw draw_about(const struct draw *d, const struct grammar_row *row)
{
    static const char *const ports[] = {"p1", "p2", "p3"}, *const new_ports[] = {"p4", "p5", "p6", "p7"};
    static const char *const new_datapaths[] = {"d1", "d2", "d3"};
    struct draw about = *d;

    about.port_no = 1 + draw_below(d, PROGRAM_PORTS) + (row->is_new ? PROGRAM_PORTS : 0);
    about.ifindex = PROGRAM_IFINDEX(draw_one_in(d, 16) ? 0 : 1 + draw_below(d, PROGRAM_PORTS));
    about.ip_family = draw_one_in(d, 2) ? AF_INET : AF_INET6;
    if (row->who == PROGRAM_CLIENT && row->family == PROGRAM_DATAPATH)
        about.name = row->is_new ? DRAW_OF(d, new_datapaths) : "d0";
    else
        about.name = row->is_new ? DRAW_OF(d, new_ports) : DRAW_OF(d, ports);
    if (row->is_new && (row->rt_type == RTM_NEWLINK || row->rt_type == RTM_DELLINK))
        about.ifindex = 0;
    about.asks = (row->rt_type & 3) == RTM_GETLINK - RTM_BASE;
    return about;
}

void message_draw(const struct draw *d, enum grammar_kind kind, const struct grammar_flow *flow, GByteArray *out)
{
    const struct grammar_row *row = &grammar_rows[kind];
    const struct draw about = draw_about(d, row);
    guint start = out->len;
    uint32_t len;

    if (row->who == PROGRAM_ROUTE)
        rt_draw(&about, row, out);
    else
        genl_draw(&about, row, flow, out);
    len = out->len - start;
    memcpy(out->data + start, &len, sizeof(len));
}
