/* scenario_dump.c - scenario commands that print flows or compare them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/act.h"
#include "sim/scenario_int.h"

/* One flow of an answer, in text and numbers. */
struct flow_listing {
    GString *key, *actions;
    struct ovs_flow_stats stats;
    uint64_t used_ms;           /* 0: never */
    uint32_t ufid[4];
    bool has_ufid;
    uint8_t tcp_flags;
};

static bool read_bytes(void *to, size_t size, const struct nlattr *a)
{
    if (!a || mnl_attr_get_payload_len(a) < size)
        return false;
    memcpy(to, mnl_attr_get_payload(a), size);
    return true;
}

static void listing_read(struct flow_listing *f, const struct nlmsghdr *msg,
                         const struct scn_names *names)
{
    const struct nlattr *key = local_attr(msg, OVS_FLOW_ATTR_KEY);
    const struct nlattr *mask = local_attr(msg, OVS_FLOW_ATTR_MASK);
    const struct nlattr *actions = local_attr(msg, OVS_FLOW_ATTR_ACTIONS);

    *f = (struct flow_listing){ .key = g_string_new(NULL), .actions = g_string_new(NULL) };
    read_bytes(&f->stats, sizeof(f->stats), local_attr(msg, OVS_FLOW_ATTR_STATS));
    read_bytes(&f->used_ms, sizeof(f->used_ms), local_attr(msg, OVS_FLOW_ATTR_USED));
    read_bytes(&f->tcp_flags, sizeof(f->tcp_flags), local_attr(msg, OVS_FLOW_ATTR_TCP_FLAGS));
    f->has_ufid = read_bytes(f->ufid, sizeof(f->ufid), local_attr(msg, OVS_FLOW_ATTR_UFID));
    if (key)
        key_format(f->key, mnl_attr_get_payload(key), mnl_attr_get_payload_len(key),
                   mask ? mnl_attr_get_payload(mask) : NULL,
                   mask ? mnl_attr_get_payload_len(mask) : 0, &names->text);
    if (actions)
        acts_format(f->actions, mnl_attr_get_payload(actions), mnl_attr_get_payload_len(actions),
                    &names->text);
}

static void listing_done(struct flow_listing *f)
{
    g_string_free(f->key, TRUE);
    g_string_free(f->actions, TRUE);
}

static int dump_flows(struct scenario *scn, int dp_ifindex, local_answer_fn *fn, void *ctx,
                      struct err *e)
{
    GByteArray *req = g_byte_array_new();
    size_t msg = local_begin(&scn->nl, req, OVS_FLOW_FAMILY, OVS_FLOW_CMD_GET,
                             NLM_F_ACK | NLM_F_DUMP, dp_ifindex);
    int r;

    local_end(req, msg);
    r = scn_call(scn, req, fn, ctx, e);
    g_byte_array_free(req, TRUE);
    return r;
}

/* ---- dump-flows ------------------------------------------------------------------------------ */

struct dump_text {
    struct scenario *scn;
    struct scn_names names;
    GString *out;
    bool is_more;               /* -m */
};

/* In OVS's order. */
static void print_tcp_flags(GString *out, uint8_t flags)
{
    static const struct {
        uint8_t bit;
        char letter;
    } letters[] = {
        { 0x02, 'S' }, { 0x01, 'F' }, { 0x08, 'P' }, { 0x04, 'R' },
        { 0x20, 'U' }, { 0x10, '.' }, { 0x40, 'E' }, { 0x80, 'C' },
    };

    g_string_append(out, ", flags:");
    for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
        if (flags & letters[i].bit)
            g_string_append_c(out, letters[i].letter);
}

/* OVS takes an id for four numbers in host order. */
static void print_ufid(GString *out, const uint32_t *id)
{
    g_string_append_printf(out, "ufid:%08" PRIx32 "-%04" PRIx32 "-%04" PRIx32 "-%04" PRIx32
                                "-%04" PRIx32 "%08" PRIx32 ", ",
                           id[0], id[1] >> 16, id[1] & 0xffff, id[2] >> 16, id[2] & 0xffff, id[3]);
}

static void print_stats(GString *out, const struct flow_listing *f, uint64_t now_ms)
{
    uint64_t idle_ms = now_ms > f->used_ms ? now_ms - f->used_ms : 0;

    g_string_append_printf(out, ", packets:%" PRIu64 ", bytes:%" PRIu64 ", used:",
                           (uint64_t)f->stats.n_packets, (uint64_t)f->stats.n_bytes);
    if (f->used_ms)
        g_string_append_printf(out, "%" PRIu64 ".%03" PRIu64 "s", idle_ms / 1000, idle_ms % 1000);
    else
        g_string_append(out, "never");
    if (f->tcp_flags)
        print_tcp_flags(out, f->tcp_flags);
}

static void print_flow(void *ctx, const struct nlmsghdr *msg)
{
    struct dump_text *dump = ctx;
    struct flow_listing f;

    listing_read(&f, msg, &dump->names);
    if (dump->is_more && f.has_ufid)
        print_ufid(dump->out, f.ufid);
    g_string_append(dump->out, f.key->str);
    print_stats(dump->out, &f, dump->scn->sim->clock.now_ns / 1000000);
    g_string_append_printf(dump->out, "%s, actions:%s\n", dump->is_more ? ", dp:ovs" : "",
                           f.actions->str);
    listing_done(&f);
}

/* ovs-dpctl's options, behind the datapath: -m has names, too, unless told otherwise. */
static int dump_options(struct scan *args, struct dump_text *dump, struct err *e)
{
    bool has_names = false, has_no_names = false;

    do {
        scan_blanks(args);
        if (scan_word(args, "-m") || scan_word(args, "--more"))
            dump->is_more = true;
        else if (scan_word(args, "--names"))
            has_names = true;
        else if (scan_word(args, "--no-names"))
            has_no_names = true;
        else
            break;
    } while (!scan_done(args));
    if (has_no_names || !(has_names || dump->is_more))
        dump->names.text.port_name = NULL;
    dump->names.text.shows_wild = dump->is_more;
    return scn_end(args, e);
}

int scn_flow_dump(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct dump_text dump = { .scn = scn, .out = out };
    struct device *local = NULL;
    int r = scn_dp(scn, args, &local, e);

    if (r)
        return r;
    scn_names_init(&dump.names, scn, local->dev.ifindex);
    if ((r = dump_options(args, &dump, e)))
        return r;
    return dump_flows(scn, local->dev.ifindex, print_flow, &dump, e);
}

/* ---- expect-flow ----------------------------------------------------------------------------- */

struct flow_search {
    const struct scn_names *names;
    const char *key;            /* wanted, in dump form */
    struct flow_listing found;  /* key NULL: not yet */
    unsigned n_seen;
};

/* Is that an attribute that a dump shows even if nothing of it is matched? */
static bool is_noise(const struct nlattr *a, const GByteArray *masks)
{
    uint16_t type = mnl_attr_get_type(a);
    const struct nlattr *mask = attr_find(masks->data, masks->len, type);

    return mask && (type >= N_KEY_ATTRS || key_attrs[type].flags & KEY_TEXT_BYTES) &&
           bytes_are(mnl_attr_get_payload(mask), mnl_attr_get_payload_len(mask), 0);
}

/* The text that a dump shows for a key written in another way, without what says nothing. */
static char *normal_key(const struct scn_flow *f, const struct scn_names *names)
{
    g_autoptr(GByteArray) key = g_byte_array_new();
    GString *text = g_string_new(NULL);
    const struct nlattr *a;
    int left;

    attr_for_each(a, f->key->data, f->key->len, left) {
        if (!is_noise(a, f->mask))
            attr_put(key, mnl_attr_get_type(a), mnl_attr_get_payload(a),
                     mnl_attr_get_payload_len(a));
    }
    key_format(text, key->data, key->len, f->mask->data, f->mask->len, &names->text);
    return g_string_free(text, FALSE);
}

/* A dump has attributes the writer left out; written down and read again both have the same. */
static char *normal_text(const char *key, const struct scn_names *names)
{
    struct scn_flow f;
    struct scan in;
    char *text = NULL;

    scan_init(&in, key);
    scn_flow_init(&f);
    if (!scn_flow_key(&in, &f, names, NULL))
        text = normal_key(&f, names);
    scn_flow_done(&f);
    return text;
}

static void search_flow(void *ctx, const struct nlmsghdr *msg)
{
    struct flow_search *s = ctx;
    struct flow_listing f;
    char *text;

    s->n_seen++;
    listing_read(&f, msg, s->names);
    text = normal_text(f.key->str, s->names);
    if (!s->found.key && text && !strcmp(text, s->key))
        s->found = f;
    else
        listing_done(&f);
    g_free(text);
}

/* Checks "actions=TEXT", which ends the line. */
static int check_actions(struct scan *args, const struct flow_listing *f,
                         const struct scn_names *names, struct err *e)
{
    GByteArray *actions = g_byte_array_new();
    GString *want = g_string_new(NULL);
    int r = acts_scan(args, actions, &names->text, e);

    if (!r)
        r = scn_end(args, e);
    acts_format(want, actions->data, actions->len, &names->text);
    if (!r && strcmp(want->str, f->actions->str))
        r = err_set(e, EPROTO, "the flow has actions=%.80s, not %.80s", f->actions->str, want->str);
    g_byte_array_free(actions, TRUE);
    g_string_free(want, TRUE);
    return r;
}

static int check_flow(struct scan *args, const struct flow_listing *f,
                      const struct scn_names *names, struct err *e)
{
    struct scn_number want[] = {
        { .name = "packets", .max = UINT64_MAX },
        { .name = "bytes", .max = UINT64_MAX },
    };
    int r = scn_numbers(args, want, G_N_ELEMENTS(want), e);

    if (!r)
        r = scn_compare(want, (const uint64_t[]){ f->stats.n_packets, f->stats.n_bytes },
                        G_N_ELEMENTS(want), "the flow", e);
    if (r)
        return r;
    return scan_text(args, "actions=") ? check_actions(args, f, names, e) : scn_end(args, e);
}

static int find_flow(struct scenario *scn, int dp_ifindex, struct flow_search *s, struct err *e)
{
    int r = dump_flows(scn, dp_ifindex, search_flow, s, e);

    if (r || s->found.key)
        return r;
    return err_set(e, ENOENT, "none of the %u flows is %.150s", s->n_seen, s->key);
}

int scn_expect_flow(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct flow_search search = { 0 };
    struct device *local = NULL;
    struct scn_names names;
    struct scn_flow f;
    char *key = NULL;
    int r = scn_dp(scn, args, &local, e);

    (void)out;
    if (r)
        return r;
    scn_names_init(&names, scn, local->dev.ifindex);
    scn_flow_init(&f);
    r = scn_flow_key(args, &f, &names, e);
    if (!r) {
        key = normal_key(&f, &names);
        search.names = &names;
        search.key = key;
        r = find_flow(scn, local->dev.ifindex, &search, e);
    }
    if (!r)
        r = check_flow(args, &search.found, &names, e);
    if (search.found.key)
        listing_done(&search.found);
    g_free(key);
    scn_flow_done(&f);
    return r;
}
