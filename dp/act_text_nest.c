/* act_text_nest.c - text of the actions that hold attributes or further lists.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/act_text.h"
#include "netlink/attr.h"

static const struct nlattr *part(const struct nlattr *nest, uint16_t type)
{
    return attr_find(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), type);
}

/* The part of that type if its payload has 'len' bytes. */
static const struct nlattr *part_of_len(const struct nlattr *nest, uint16_t type, size_t len)
{
    const struct nlattr *a = part(nest, type);

    return a && mnl_attr_get_payload_len(a) == len ? a : NULL;
}

/* "HEAD" list ")" */
static void list_format(GString *out, const char *head, const struct nlattr *nest,
                        const struct key_text *names)
{
    g_string_append(out, head);
    acts_format(out, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), names);
    g_string_append_c(out, ')');
}

/* Takes that, and appends the list as a nest of 'type'. */
static int list_scan(struct scan *in, const char *head, uint16_t type, GByteArray *out,
                     const struct key_text *names, struct err *e)
{
    struct scan start = *in;
    size_t nest = attr_nest_begin(out, type);

    if (text_expect(in, head, e) || acts_scan(in, out, names, e) || text_expect(in, ")", e))
        return -EINVAL;
    if (out->len - nest > LIST_MAX)
        return text_error(e, &start, "longer than an attribute can be");
    attr_nest_end(out, nest);
    return 0;
}

/* Closes the nest of an action whose parts are all within LIST_MAX. */
static int nest_close(struct scan *in, GByteArray *out, size_t nest, struct err *e)
{
    if (out->len - nest > LIST_MAX)
        return text_error(e, in, "longer than an attribute can be");
    attr_nest_end(out, nest);
    return 0;
}

/* ---- userspace ------------------------------------------------------------------------------ */

void act_userspace_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const struct nlattr *pid = part_of_len(a, OVS_USERSPACE_ATTR_PID, sizeof(uint32_t));
    const struct nlattr *userdata = part(a, OVS_USERSPACE_ATTR_USERDATA);
    const struct nlattr *tun_port =
        part_of_len(a, OVS_USERSPACE_ATTR_EGRESS_TUN_PORT, sizeof(uint32_t));

    if (!pid) {
        act_raw_format(out, a);
        return;
    }
    g_string_append_printf(out, "userspace(pid=%" PRIu32, mnl_attr_get_u32(pid));
    if (userdata) {
        g_string_append_c(out, ',');
        userdata_format(out, mnl_attr_get_payload(userdata), mnl_attr_get_payload_len(userdata),
                        names);
    }
    if (part(a, OVS_USERSPACE_ATTR_ACTIONS))
        g_string_append(out, ",actions");
    if (tun_port) {
        g_string_append(out, ",tunnel_out_port=");
        port_format(out, mnl_attr_get_u32(tun_port), names);
    }
    g_string_append_c(out, ')');
}

/* Parts as they are in the text; added in the order of their types, as ovs-dpctl does. */
struct userspace_text {
    uint32_t pid, tun_port;
    bool has_pid, has_userdata, has_tun_port, has_actions;
    GByteArray *userdata;
};

static int pid_scan(struct scan *in, struct userspace_text *t, struct err *e)
{
    uint64_t pid;

    if (!scan_u64(in, UINT32_MAX, &pid))
        return text_error(e, in, "expected a port id");
    t->pid = (uint32_t)pid;
    t->has_pid = true;
    return 0;
}

static int userspace_part_scan(struct scan *in, struct userspace_text *t,
                               const struct key_text *names, struct err *e)
{
    if (scan_text(in, "pid="))
        return pid_scan(in, t, e);
    if (scan_text(in, "tunnel_out_port=")) {
        t->has_tun_port = true;
        return port_scan(in, &t->tun_port, names, e);
    }
    if (scan_word(in, "actions")) {
        t->has_actions = true;
        return 0;
    }
    t->has_userdata = true;
    g_byte_array_set_size(t->userdata, 0);
    return userdata_scan(in, t->userdata, names, e);
}

static int userspace_parts_scan(struct scan *in, struct userspace_text *t,
                                const struct key_text *names, struct err *e)
{
    if (text_expect(in, "userspace(", e))
        return -EINVAL;
    if (scan_char(in, ')'))
        return 0;
    do {
        scan_blanks(in);
        if (userspace_part_scan(in, t, names, e))
            return -EINVAL;
    } while (scan_char(in, ','));
    if (t->userdata->len > LIST_MAX)
        return text_error(e, in, "longer than an attribute can be");
    return text_expect(in, ")", e);
}

/* Without a pid the attribute is missing, for the kernel to refuse. */
int act_userspace_scan(struct scan *in, GByteArray *out, const struct key_text *names,
                       struct err *e)
{
    g_autoptr(GByteArray) userdata = g_byte_array_new();
    struct userspace_text t = {.userdata = userdata};
    size_t nest = attr_nest_begin(out, OVS_ACTION_ATTR_USERSPACE);

    if (userspace_parts_scan(in, &t, names, e))
        return -EINVAL;
    if (t.has_pid)
        attr_put(out, OVS_USERSPACE_ATTR_PID, &t.pid, sizeof(t.pid));
    if (t.has_userdata)
        attr_put(out, OVS_USERSPACE_ATTR_USERDATA, userdata->data, userdata->len);
    if (t.has_tun_port)
        attr_put(out, OVS_USERSPACE_ATTR_EGRESS_TUN_PORT, &t.tun_port, sizeof(t.tun_port));
    if (t.has_actions)
        attr_put(out, OVS_USERSPACE_ATTR_ACTIONS, NULL, 0);
    return nest_close(in, out, nest, e);
}

/* ---- set ------------------------------------------------------------------------------------ */

/* It has no masked form. */
static bool is_nest(uint16_t type)
{
    return type < N_KEY_ATTRS && key_attrs[type].len == KEY_LEN_NESTED;
}

/* Splits a payload of value and mask into two attributes. What stays as it is is never shown. */
static void masked_format(GString *out, const struct nlattr *a)
{
    g_autoptr(GByteArray) value = g_byte_array_new();
    g_autoptr(GByteArray) mask = g_byte_array_new();
    size_t half = mnl_attr_get_payload_len(a) / 2;
    const uint8_t *p = mnl_attr_get_payload(a);

    attr_put(value, mnl_attr_get_type(a), p, half);
    attr_put(mask, mnl_attr_get_type(a), p + half, half);
    key_attr_format(out, (const struct nlattr *)value->data, (const struct nlattr *)mask->data,
                    NULL);
}

void act_set_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    size_t len = mnl_attr_get_payload_len(a);
    const struct nlattr *field = mnl_attr_get_payload(a);
    bool is_masked = mnl_attr_get_type(a) != OVS_ACTION_ATTR_SET;

    if (!mnl_attr_ok(field, (int)len) || attr_align(field->nla_len) != attr_align(len) ||
        (is_masked && (mnl_attr_get_payload_len(field) % 2 || is_nest(mnl_attr_get_type(field))))) {
        act_raw_format(out, a);
        return;
    }
    g_string_append(out, "set(");
    if (is_masked)
        masked_format(out, field);
    else
        key_attr_format(out, field, NULL, names);
    g_string_append_c(out, ')');
}

/* Appends SET, or SET_MASKED where the text leaves bits as they are. */
static void set_append(GByteArray *out, const struct nlattr *value, const struct nlattr *mask)
{
    size_t len = mnl_attr_get_payload_len(value), nest;
    bool is_masked = mnl_attr_get_payload_len(mask) == len && !key_attr_is_exact(mask);
    g_autoptr(GByteArray) both = g_byte_array_new();

    g_byte_array_append(both, mnl_attr_get_payload(value), (guint)len);
    if (is_masked)
        g_byte_array_append(both, mnl_attr_get_payload(mask), (guint)len);
    nest = attr_nest_begin(out, is_masked ? OVS_ACTION_ATTR_SET_MASKED : OVS_ACTION_ATTR_SET);
    attr_put(out, mnl_attr_get_type(value), both->data, both->len);
    attr_nest_end(out, nest);
}

int act_set_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    g_autoptr(GByteArray) value = g_byte_array_new();
    g_autoptr(GByteArray) mask = g_byte_array_new();
    struct scan start = *in;
    const struct nlattr *a;

    if (text_expect(in, "set(", e) || key_attr_scan(in, value, mask, names, e) ||
        text_expect(in, ")", e))
        return -EINVAL;
    if (!value->len) {                          /* what a key leaves out where it is zero: EtherType, of 802.2 */
        g_byte_array_append(value, mask->data, mask->len);
        memset(value->data + sizeof(*a), 0, value->len - sizeof(*a));
    }
    a = (const struct nlattr *)value->data;
    if (value->len + mask->len > LIST_MAX)
        return text_error(e, &start, "longer than an attribute can be");
    if (is_nest(mnl_attr_get_type(a))) {        /* as unmasked */
        g_byte_array_set_size(mask, 0);
        attr_put(mask, mnl_attr_get_type(a), NULL, 0);
    }
    set_append(out, a, (const struct nlattr *)mask->data);
    return 0;
}

/* ---- sample --------------------------------------------------------------------------------- */

void act_sample_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const struct nlattr *probability =
        part_of_len(a, OVS_SAMPLE_ATTR_PROBABILITY, sizeof(uint32_t));
    const struct nlattr *actions = part(a, OVS_SAMPLE_ATTR_ACTIONS);
    char percent[G_ASCII_DTOSTR_BUF_SIZE];

    if (!probability || !actions) {
        act_raw_format(out, a);
        return;
    }
    g_ascii_formatd(percent, sizeof(percent), "%.1f",
                    100.0 * mnl_attr_get_u32(probability) / UINT32_MAX);
    g_string_append_printf(out, "sample(sample=%s%%", percent);
    list_format(out, ",actions(", actions, names);
    g_string_append_c(out, ')');
}

static int percent_scan(struct scan *in, uint32_t *probability, struct err *e)
{
    size_t len = strspn(in->at, "0123456789.");
    char text[32] = "", *end = text;
    double percent = 0;

    if (len < sizeof(text)) {
        memcpy(text, in->at, len);
        percent = g_ascii_strtod(text, &end);
    }
    if (!len || len >= sizeof(text) || *end || percent > 100)
        return text_error(e, in, "expected a percentage");
    in->at += len;
    *probability = (uint32_t)(percent / 100 * UINT32_MAX + 0.5);
    return 0;
}

int act_sample_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    size_t nest = attr_nest_begin(out, OVS_ACTION_ATTR_SAMPLE);
    uint32_t probability;

    if (text_expect(in, "sample(sample=", e) || percent_scan(in, &probability, e) ||
        text_expect(in, "%", e))
        return -EINVAL;
    attr_put(out, OVS_SAMPLE_ATTR_PROBABILITY, &probability, sizeof(probability));
    if (list_scan(in, ",actions(", OVS_SAMPLE_ATTR_ACTIONS, out, names, e) ||
        text_expect(in, ")", e))
        return -EINVAL;
    return nest_close(in, out, nest, e);
}

/* ---- clone ---------------------------------------------------------------------------------- */

void act_clone_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    list_format(out, "clone(", a, names);
}

int act_clone_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    return list_scan(in, "clone(", OVS_ACTION_ATTR_CLONE, out, names, e);
}

/* ---- check_pkt_len -------------------------------------------------------------------------- */

void act_check_pkt_len_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const struct nlattr *size = part_of_len(a, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, sizeof(uint16_t));
    const struct nlattr *gt = part(a, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER);
    const struct nlattr *le = part(a, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL);

    if (!size || !gt || !le) {
        act_raw_format(out, a);
        return;
    }
    g_string_append_printf(out, "check_pkt_len(size=%u", mnl_attr_get_u16(size));
    list_format(out, ",gt(", gt, names);
    list_format(out, ",le(", le, names);
    g_string_append_c(out, ')');
}

int act_check_pkt_len_scan(struct scan *in, GByteArray *out, const struct key_text *names,
                           struct err *e)
{
    size_t nest = attr_nest_begin(out, OVS_ACTION_ATTR_CHECK_PKT_LEN);
    uint64_t size;

    if (text_expect(in, "check_pkt_len(size=", e))
        return -EINVAL;
    if (!scan_u64(in, UINT16_MAX, &size))
        return text_error(e, in, "expected a length of at most 65535");
    attr_put(out, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, &(uint16_t){(uint16_t)size}, sizeof(uint16_t));
    if (list_scan(in, ",gt(", OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, out, names, e) ||
        list_scan(in, ",le(", OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, out, names, e) ||
        text_expect(in, ")", e))
        return -EINVAL;
    return nest_close(in, out, nest, e);
}

/* ---- dec_ttl: ovs-dpctl 3.1 has no word for it; these are later versions' -------------------- */

void act_dec_ttl_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    const struct nlattr *actions = part(a, OVS_DEC_TTL_ATTR_ACTION);

    if (!actions) {
        act_raw_format(out, a);
        return;
    }
    list_format(out, "dec_ttl(le_1(", actions, names);
    g_string_append_c(out, ')');
}

int act_dec_ttl_scan(struct scan *in, GByteArray *out, const struct key_text *names,
                     struct err *e)
{
    size_t nest = attr_nest_begin(out, OVS_ACTION_ATTR_DEC_TTL);

    if (text_expect(in, "dec_ttl(", e) ||
        list_scan(in, "le_1(", OVS_DEC_TTL_ATTR_ACTION, out, names, e) ||
        text_expect(in, ")", e))
        return -EINVAL;
    return nest_close(in, out, nest, e);
}
