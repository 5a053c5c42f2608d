/* act_text_ct.c - text of ct(): "ct(commit,zone=5,mark=0x1/0xff,nat(src=10.0.0.1-10.0.0.9:80-90,random))".
 *
 * How it works: ct(...) and nat(...) are both lists of parts, described by rows in the order in
 * which ovs-dpctl shows them and sends them. It has no word for EVENTMASK.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/act_text.h"
#include "dp/key_hooks.h"
#include "netlink/attr.h"

#define HELPER_MAX 16               /* bytes of names, with NUL */
#define TIMEOUT_MAX 32
#define VALUE_MAX 16                /* bytes of a label, of an address */
#define PARTS_MAX 8

struct part {
    const char *name;
    uint16_t type;
    uint8_t min_len, max_len;       /* of its payload */
    struct key_field field;         /* of its value, which a mask may follow */
    bool hides_zero;                /* not shown if all its bytes are zero */
    /* Shows what is behind the name; NULL: nothing. */
    void (*format)(GString *out, const struct part *part, const struct nlattr *nest);
    /* Takes that and appends the part's attributes. NULL: a flag. */
    int (*scan)(struct scan *in, const struct part *part, GByteArray *out, struct err *e);
};

struct parts {
    const char *name;
    size_t n;
    struct part part[PARTS_MAX];
};

static const struct nlattr *find(const struct nlattr *nest, uint16_t type)
{
    return attr_find(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), type);
}

static const void *payload(const struct nlattr *nest, const struct part *part)
{
    return mnl_attr_get_payload(find(nest, part->type));
}

/* ---- values: "=5", "=0x1/0xff", "=ftp" -------------------------------------------------------- */

static void value_format(GString *out, const struct part *part, const struct nlattr *nest)
{
    g_string_append_c(out, '=');
    field_format(out, &part->field, payload(nest, part), NULL);
}

static int value_scan(struct scan *in, const struct part *part, GByteArray *out, struct err *e)
{
    uint8_t value[VALUE_MAX];

    if (text_expect(in, "=", e) || field_scan(in, &part->field, value, NULL, e))
        return -EINVAL;
    if (!bytes_are(value, part->max_len, 0))
        attr_put(out, part->type, value, part->max_len);
    return 0;
}

static void masked_format(GString *out, const struct part *part, const struct nlattr *nest)
{
    const uint8_t *value = payload(nest, part);

    g_string_append_c(out, '=');
    field_format(out, &part->field, value, value + part->field.wire_size);
}

/* Always with its mask. */
static void mark_format(GString *out, const struct part *part, const struct nlattr *nest)
{
    const uint8_t *value = payload(nest, part);

    value_format(out, part, nest);
    g_string_append_c(out, '/');
    field_format(out, &part->field, value + part->field.wire_size, NULL);
}

/* A mask that is all zeros changes nothing: the part is not sent. */
static int masked_scan(struct scan *in, const struct part *part, GByteArray *out, struct err *e)
{
    size_t size = part->field.wire_size;
    uint8_t value[2 * VALUE_MAX];

    if (text_expect(in, "=", e) || field_scan(in, &part->field, value, value + size, e))
        return -EINVAL;
    if (!bytes_are(value + size, size, 0))
        attr_put(out, part->type, value, part->max_len);
    return 0;
}

static void name_format(GString *out, const struct part *part, const struct nlattr *nest)
{
    const struct nlattr *a = find(nest, part->type);

    g_string_append_printf(out, "=%.*s", (int)mnl_attr_get_payload_len(a),
                           (const char *)mnl_attr_get_payload(a));
}

static int name_scan(struct scan *in, const struct part *part, GByteArray *out, struct err *e)
{
    char name[TIMEOUT_MAX] = "";
    size_t len;

    if (text_expect(in, "=", e))
        return -EINVAL;
    len = strcspn(in->at, ",) \t");
    if (len >= part->max_len)
        return text_error(e, in, "expected a name of at most %d characters", part->max_len - 1);
    memcpy(name, in->at, len);
    in->at += len;
    attr_put(out, part->type, name, len + 1);
    return 0;
}

/* ---- ranges of NAT: "=10.0.0.1-10.0.0.9:80-90" ------------------------------------------------- */

struct range {
    const struct wire *wire;        /* of the addresses; NULL: none */
    size_t len;
    uint8_t min[VALUE_MAX], max[VALUE_MAX];       /* max of zeros: none */
    uint16_t min_port, max_port;    /* 0: none */
    bool has_port;
};

static uint16_t port_get(const struct nlattr *nest, uint16_t type)
{
    const struct nlattr *a = find(nest, type);

    return a && mnl_attr_get_payload_len(a) == sizeof(uint16_t) ? mnl_attr_get_u16(a) : 0;
}

/* Of addresses: false if their lengths are none, or differ. */
static bool range_get(const struct nlattr *nest, struct range *r)
{
    const struct nlattr *min = find(nest, OVS_NAT_ATTR_IP_MIN);
    const struct nlattr *max = find(nest, OVS_NAT_ATTR_IP_MAX);

    *r = (struct range){.len = min ? mnl_attr_get_payload_len(min) : 0,
                        .min_port = port_get(nest, OVS_NAT_ATTR_PROTO_MIN),
                        .max_port = port_get(nest, OVS_NAT_ATTR_PROTO_MAX),
                        .has_port = find(nest, OVS_NAT_ATTR_PROTO_MIN)};
    if (!min)
        return true;
    if ((r->len != 4 && r->len != 16) || (max && mnl_attr_get_payload_len(max) != r->len))
        return false;
    r->wire = r->len == 4 ? &wire_ip4 : &wire_ip6;
    memcpy(r->min, mnl_attr_get_payload(min), r->len);
    if (max)
        memcpy(r->max, mnl_attr_get_payload(max), r->len);
    return true;
}

static bool range_has_max(const struct range *r)
{
    return !bytes_are(r->max, r->len, 0) && memcmp(r->min, r->max, r->len) != 0;
}

/* What ovs-dpctl says instead of a range that it takes for wrong, or NULL. */
static const char *range_error(const struct range *r)
{
    if ((range_has_max(r) && memcmp(r->min, r->max, r->len) > 0) ||
        (r->max_port && r->min_port > r->max_port))
        return "(range error)";
    return NULL;
}

/* Brackets tell an IPv6 address from the port behind it. */
static void addr_format(GString *out, const struct range *r, const uint8_t *addr)
{
    bool has_brackets = r->wire == &wire_ip6 && r->min_port;

    g_string_append(out, has_brackets ? "[" : "");
    r->wire->print(out, addr, r->len);
    g_string_append(out, has_brackets ? "]" : "");
}

static void range_format(GString *out, const struct part *part, const struct nlattr *nest)
{
    struct range r;

    (void)part;
    if (!range_get(nest, &r) || !r.len)
        return;
    g_string_append_c(out, '=');
    addr_format(out, &r, r.min);
    if (range_has_max(&r)) {
        g_string_append_c(out, '-');
        addr_format(out, &r, r.max);
    }
    if (!r.min_port)
        return;
    g_string_append_printf(out, ":%u", r.min_port);
    if (r.max_port && r.max_port != r.min_port)
        g_string_append_printf(out, "-%u", r.max_port);
}

/* Takes an address; the first one says of which kind both are. */
static int addr_scan(struct scan *in, struct range *r, uint8_t *addr, struct err *e)
{
    bool has_brackets = scan_char(in, '[');

    if (!r->wire) {
        r->wire = in->at[strcspn(in->at, ".:,)")] == '.' ? &wire_ip4 : &wire_ip6;
        r->len = r->wire->size;
    }
    if (!r->wire->scan(in, addr, r->len))
        return text_error(e, in, "expected an %s address", r->len == 4 ? "IPv4" : "IPv6");
    return has_brackets ? text_expect(in, "]", e) : 0;
}

static int nat_port_scan(struct scan *in, uint16_t *port, struct err *e)
{
    uint64_t number;

    if (!scan_u64(in, UINT16_MAX, &number))
        return text_error(e, in, "expected a port of at most %d", UINT16_MAX);
    *port = (uint16_t)number;
    return 0;
}

/* Takes "=addr-addr:port-port". */
static int range_read(struct scan *in, struct range *r, struct err *e)
{
    struct scan start = *in;

    if (addr_scan(in, r, r->min, e) || (scan_char(in, '-') && addr_scan(in, r, r->max, e)))
        return -EINVAL;
    if (scan_char(in, ':') && (nat_port_scan(in, &r->min_port, e) ||
                               (scan_char(in, '-') && nat_port_scan(in, &r->max_port, e))))
        return -EINVAL;
    return range_error(r) ? text_error(e, &start, "the range ends before it begins") : 0;
}

static int range_scan(struct scan *in, const struct part *part, GByteArray *out, struct err *e)
{
    struct range r = {0};

    if (scan_char(in, '=') && range_read(in, &r, e))
        return -EINVAL;
    attr_put(out, part->type, NULL, 0);
    if (r.len)
        attr_put(out, OVS_NAT_ATTR_IP_MIN, r.min, r.len);
    if (!bytes_are(r.max, r.len, 0))
        attr_put(out, OVS_NAT_ATTR_IP_MAX, r.max, r.len);
    if (r.min_port)
        attr_put(out, OVS_NAT_ATTR_PROTO_MIN, &r.min_port, sizeof(r.min_port));
    if (r.max_port)
        attr_put(out, OVS_NAT_ATTR_PROTO_MAX, &r.max_port, sizeof(r.max_port));
    return 0;
}

/* ---- lists of parts ------------------------------------------------------------------------------ */

static bool parts_fit(const struct parts *parts, const struct nlattr *nest)
{
    for (const struct part *p = parts->part; p < parts->part + parts->n; p++) {
        const struct nlattr *a = find(nest, p->type);
        size_t len = a ? mnl_attr_get_payload_len(a) : p->min_len;

        if (len < p->min_len || len > p->max_len)
            return false;
    }
    return true;
}

static bool is_shown(const struct part *part, const struct nlattr *nest)
{
    const struct nlattr *a = find(nest, part->type);

    return a && !(part->hides_zero &&
                  bytes_are(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), 0));
}

/* "(part,part)", or nothing. */
static void parts_format(GString *out, const struct parts *parts, const struct nlattr *nest)
{
    const char *separator = "(";

    for (const struct part *p = parts->part; p < parts->part + parts->n; p++) {
        if (!is_shown(p, nest))
            continue;
        g_string_append_printf(out, "%s%s", separator, p->name);
        if (p->format)
            p->format(out, p, nest);
        separator = ",";
    }
    g_string_append(out, *separator == ',' ? ")" : "");
}

static int part_scan(struct scan *in, const struct parts *parts, GByteArray *found[],
                     struct err *e)
{
    for (size_t i = 0; i < parts->n; i++) {
        const struct part *p = &parts->part[i];

        if (!scan_word(in, p->name))
            continue;
        g_byte_array_set_size(found[i], 0);     /* the last one counts */
        if (p->scan)
            return p->scan(in, p, found[i], e);
        attr_put(found[i], p->type, NULL, 0);
        return 0;
    }
    return text_error(e, in, "expected a part of %s", parts->name);
}

/* Takes that into one list of attributes for each row. */
static int parts_scan(struct scan *in, const struct parts *parts, GByteArray *found[],
                      struct err *e)
{
    if (!scan_char(in, '(') || scan_char(in, ')'))
        return 0;
    do {
        scan_blanks(in);
        if (part_scan(in, parts, found, e))
            return -EINVAL;
    } while (scan_char(in, ','));
    return text_expect(in, ")", e);
}

/* Appends a nest with the parts in the order of their rows. The first two exclude each other. */
static int nest_scan(struct scan *in, const struct parts *parts, uint16_t type, GByteArray *out,
                     struct err *e)
{
    struct scan start = *in;
    size_t nest = attr_nest_begin(out, type);
    GByteArray *found[PARTS_MAX];
    int err;

    for (size_t i = 0; i < parts->n; i++)
        found[i] = g_byte_array_new();
    err = parts_scan(in, parts, found, e);
    if (!err && found[0]->len && found[1]->len)
        err = text_error(e, &start, "%s cannot be both %s and %s", parts->name,
                         parts->part[0].name, parts->part[1].name);
    for (size_t i = 0; i < parts->n; i++) {
        g_byte_array_append(out, found[i]->data, found[i]->len);
        g_byte_array_unref(found[i]);
    }
    attr_nest_end(out, nest);
    return err;
}

/* ---- rows ----------------------------------------------------------------------------------------- */

/* clang-format off */
#define FLAG(n, t) { .name = n, .type = t }
#define VALUE(n, t, w, size, times)                                                                \
    .name = n, .type = t, .min_len = (size) * (times), .max_len = (size) * (times), .hides_zero = true, \
    .field = { .name = n, .wire = &w, .wire_size = size, .key_size = size }
#define NAME(n, t, most)                                                                           \
    { .name = n, .type = t, .min_len = 1, .max_len = most, .format = name_format, .scan = name_scan }
#define RANGE(n, t) { .name = n, .type = t, .format = range_format, .scan = range_scan }

static const struct parts nat_parts = { "nat", 5, {
    RANGE("src", OVS_NAT_ATTR_SRC),
    RANGE("dst", OVS_NAT_ATTR_DST),
    FLAG("persistent", OVS_NAT_ATTR_PERSISTENT),
    FLAG("hash",       OVS_NAT_ATTR_PROTO_HASH),
    FLAG("random",     OVS_NAT_ATTR_PROTO_RANDOM),
} };

static void nat_format(GString *out, const struct part *part, const struct nlattr *nest);
static int nat_scan(struct scan *in, const struct part *part, GByteArray *out, struct err *e);

static const struct parts ct_parts = { "ct", 8, {
    FLAG("commit",       OVS_CT_ATTR_COMMIT),
    FLAG("force_commit", OVS_CT_ATTR_FORCE_COMMIT),
    { VALUE("zone",  OVS_CT_ATTR_ZONE,   wire_u16,        2, 1), .format = value_format,  .scan = value_scan },
    { VALUE("mark",  OVS_CT_ATTR_MARK,   wire_u32x,       4, 2), .format = mark_format,   .scan = masked_scan },
    { VALUE("label", OVS_CT_ATTR_LABELS, wire_ct_labels, 16, 2), .format = masked_format, .scan = masked_scan },
    NAME("helper",       OVS_CT_ATTR_HELPER, HELPER_MAX),
    NAME("timeout",      OVS_CT_ATTR_TIMEOUT, TIMEOUT_MAX),
    { .name = "nat", .type = OVS_CT_ATTR_NAT, .max_len = UINT8_MAX, .format = nat_format, .scan = nat_scan },
} };
/* clang-format on */

static bool nat_has_type(const struct nlattr *nat)
{
    return find(nat, OVS_NAT_ATTR_SRC) || find(nat, OVS_NAT_ATTR_DST);
}

static bool nat_has_option(const struct nlattr *nat)
{
    for (uint16_t type = OVS_NAT_ATTR_IP_MIN; type <= OVS_NAT_ATTR_PROTO_RANDOM; type++)
        if (find(nat, type))
            return true;
    return false;
}

/* What ovs-dpctl says instead of parts that cannot be together, or NULL. */
static const char *nat_error(const struct nlattr *nat, const struct range *r)
{
    if (!nat_has_type(nat))
        return nat_has_option(nat) ? "(error: options allowed only with \"src\" or \"dst\")" : NULL;
    if (find(nat, OVS_NAT_ATTR_SRC) && find(nat, OVS_NAT_ATTR_DST))
        return "(error: Only one of \"src\" or \"dst\" may be present.)";
    if (!r->len && r->has_port)
        return "(error: proto but no IP.)";
    if ((!r->len && find(nat, OVS_NAT_ATTR_IP_MAX)) || (!r->has_port && find(nat, OVS_NAT_ATTR_PROTO_MAX)))
        return "(error: range max without min.)";
    return range_error(r);
}

static void nat_format(GString *out, const struct part *part, const struct nlattr *nest)
{
    const struct nlattr *nat = find(nest, part->type);
    struct range r;
    const char *error;

    if (!range_get(nat, &r))
        return;
    error = nat_error(nat, &r);
    if (error)
        g_string_append(out, error);
    else
        parts_format(out, &nat_parts, nat);
}

/* Without src or dst nothing else is sent. */
static int nat_scan(struct scan *in, const struct part *part, GByteArray *out, struct err *e)
{
    if (nest_scan(in, &nat_parts, part->type, out, e))
        return -EINVAL;
    if (!nat_has_type((const struct nlattr *)out->data)) {
        g_byte_array_set_size(out, 0);
        attr_put(out, part->type, NULL, 0);
    }
    return 0;
}

static bool nat_fits(const struct nlattr *ct)
{
    const struct nlattr *nat = find(ct, OVS_CT_ATTR_NAT);
    struct range r;

    return !nat || (parts_fit(&nat_parts, nat) && range_get(nat, &r));
}

void act_ct_format(GString *out, const struct nlattr *a, const struct key_text *names)
{
    (void)names;
    if (!parts_fit(&ct_parts, a) || !nat_fits(a)) {
        act_raw_format(out, a);
        return;
    }
    g_string_append(out, ct_parts.name);
    parts_format(out, &ct_parts, a);
}

int act_ct_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)
{
    (void)names;
    return text_expect(in, ct_parts.name, e)
               ? -EINVAL
               : nest_scan(in, &ct_parts, OVS_ACTION_ATTR_CT, out, e);
}
