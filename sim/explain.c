/* explain.c - see explain.h.
 *
 * How it works: a way is a line of the trace that is not indented and begins one, and all indented lines
 * behind it. Each line is put into words by the row of the function that it names. Packets are counted
 * as they come, by themselves and for each device.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/scan.h"
#include "dp/drop.h"
#include "sim/key_fields.h"

#define NS_PER_S UINT64_C(1000000000)

/* One line of the trace taken apart; strings point into a copy. */
struct line {
    uint64_t time_ns;
    const char *time;
    unsigned depth;             /* of indentation */
    const char *func, *text;
};

struct explain {
    const struct explain_query *q;
    GString *out;
    GHashTable *counts;         /* packets received, by device */
    uint64_t n_packets;         /* that have come */
    unsigned n_told;
    GString *way;               /* the one under way, in words */
    bool is_open, is_wanted;
};

/* ---- lines ----------------------------------------------------------------------------------- */

/* Takes "0.000123000   FUNC TEXT" apart; false: it is no step, but a command's output, say. */
static bool read_line(char *text, struct line *l)
{
    size_t n_digits = strspn(text, "0123456789"), n_more;
    char *at = text + n_digits;

    if (!n_digits || *at != '.')
        return false;
    n_more = strspn(at + 1, "0123456789");
    if (n_more != 9 || at[10] != ' ')
        return false;
    at[10] = '\0';
    l->time = text;
    l->time_ns = g_ascii_strtoull(text, NULL, 10) * NS_PER_S + g_ascii_strtoull(at + 1, NULL, 10);
    at += 11;
    l->depth = (unsigned)strspn(at, " ") / 2;
    at += strspn(at, " ");
    l->func = at;
    at += strcspn(at, " ");
    l->text = *at ? at + 1 : at;
    *at = '\0';
    return true;
}

static void tell(struct explain *x, const struct line *l, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void tell(struct explain *x, const struct line *l, const char *what, const char *fmt, ...)
{
    va_list ap;

    g_string_append_printf(x->way, "%*s%-9s ", (int)MAX(l->depth, 1) * 2, "", what);
    va_start(ap, fmt);
    g_string_append_vprintf(x->way, fmt, ap);
    va_end(ap);
    g_string_append_c(x->way, '\n');
}

/* ---- packets come ---------------------------------------------------------------------------- */

static uint64_t count(struct explain *x, const char *device)
{
    uint64_t *n = g_hash_table_lookup(x->counts, device);

    if (!n) {
        n = g_new0(uint64_t, 1);
        g_hash_table_insert(x->counts, g_strdup(device), n);
    }
    return ++*n;
}

/* The query names the 'number'th packet of 'name'. */
static void note(struct explain *x, const char *name, uint64_t number)
{
    x->is_wanted = x->is_wanted || (x->q->name && !strcmp(x->q->name, name) &&
                                    (!x->q->number || x->q->number == number));
}

static void note_arrival(struct explain *x, const struct line *l)
{
    const struct explain_query *q = x->q;

    if (l->depth)
        return;
    x->n_packets++;
    x->is_wanted = !q->name && (!q->number || q->number == x->n_packets) &&
                   (!q->has_time || q->time_ns == l->time_ns);
    g_string_append_printf(x->way, "packet %" PRIu64 " at %s\n", x->n_packets, l->time);
}

/* "br0 port 1 (p1) len 60" */
static void on_receive(struct explain *x, const struct line *l)
{
    const char *open = strrchr(l->text, '('), *close = strrchr(l->text, ')');
    g_autofree char *device = open && close > open ? g_strndup(open + 1, (gsize)(close - open - 1))
                                                   : g_strdup("?");
    uint64_t n = count(x, device);

    note_arrival(x, l);
    note(x, device, n);
    tell(x, l, "received", "%s, as %s:%" PRIu64, l->text, device, n);
}

/* "p1 len 60", or "len 60" */
static void on_no_port(struct explain *x, const struct line *l)
{
    g_autofree char *device = g_strndup(l->text, strcspn(l->text, " "));
    bool has_device = strcmp(device, "len") != 0;
    uint64_t n = has_device ? count(x, device) : 0;

    note_arrival(x, l);
    if (!has_device) {
        tell(x, l, "received", "%s, by no device", l->text);
        return;
    }
    note(x, device, n);
    tell(x, l, "received", "%s, as %s:%" PRIu64, l->text, device, n);
}

static void on_execute(struct explain *x, const struct line *l)
{
    note_arrival(x, l);
    tell(x, l, "executed", "for a client, %s", l->text);
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* What a mask looks at: the names of a flow's fields. */
static void tell_mask(struct explain *x, const struct line *l, const char *flow)
{
    GPtrArray *fields = key_fields_new();
    GString *names = g_string_new(NULL);

    key_fields_take_apart(fields, flow);
    for (guint i = 0; i < fields->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               ((struct named_value *)g_ptr_array_index(fields, i))->name);
    tell(x, l, "mask", "%s", names->str);
    g_string_free(names, TRUE);
    g_ptr_array_free(fields, TRUE);
}

/* "WANTS but HAS": two keys under the same mask. */
static void tell_nearest(struct explain *x, const struct line *l, const char *text)
{
    const char *but = strstr(text, " but ");
    g_autofree char *flow = but ? g_strndup(text, (gsize)(but - text)) : g_strdup(text);
    GPtrArray *wants = key_fields_new(), *has = key_fields_new();

    tell(x, l, "nearest", "%s", flow);
    key_fields_take_apart(wants, flow);
    key_fields_take_apart(has, but ? but + strlen(" but ") : "");
    for (guint i = 0; i < wants->len; i++) {
        const struct named_value *f = g_ptr_array_index(wants, i);
        const char *value = key_fields_value(has, f->name);

        if (!value || strcmp(value, f->value))
            tell(x, l, "", "which wants %s %s, not %s", f->name, *f->value ? f->value : "there",
                 value ? value : "without");
    }
    g_ptr_array_free(wants, TRUE);
    g_ptr_array_free(has, TRUE);
}

/* "hit masks tried 2 (cached) KEY", "miss masks tried 2 KEY", "nearest FLOW but KEY" */
static void on_lookup(struct explain *x, const struct line *l)
{
    bool is_hit, is_cached;
    struct scan in;
    uint64_t n = 0;

    scan_init(&in, l->text);
    if (scan_text(&in, "nearest ")) {
        tell_nearest(x, l, in.at);
        return;
    }
    is_hit = scan_text(&in, "hit ");
    (void)(is_hit || scan_text(&in, "miss "));
    (void)(scan_text(&in, "masks tried ") && scan_u64(&in, UINT32_MAX, &n));
    is_cached = scan_text(&in, " (cached)");
    scan_blanks(&in);
    tell(x, l, "key", "%s", in.at);
    tell(x, l, is_hit ? "hit" : "miss", "%" PRIu64 " mask%s tried%s", n, n == 1 ? "" : "s",
         is_cached ? ", the first one by the cache" : "");
}

/* "FLOW, actions:ACTIONS" */
static void on_flow(struct explain *x, const struct line *l)
{
    const char *actions = strstr(l->text, ", actions:");
    g_autofree char *flow = actions ? g_strndup(l->text, (gsize)(actions - l->text)) : NULL;

    if (!flow) {
        tell(x, l, "refused", "%s", l->text);
        return;
    }
    tell(x, l, "flow", "%s", flow);
    tell_mask(x, l, flow);
    tell(x, l, "actions", "%s", actions + strlen(", actions:"));
}

static void on_action(struct explain *x, const struct line *l)
{
    tell(x, l, "action", "%s", l->text);
}

static void on_output(struct explain *x, const struct line *l)
{
    tell(x, l, "output", "%s", l->text);
}

/* "p2.pcap packet 3" */
static void on_recorded(struct explain *x, const struct line *l)
{
    g_autofree char *name = g_strndup(l->text, strcspn(l->text, " "));
    const char *number = strrchr(l->text, ' ');

    note(x, name, number ? g_ascii_strtoull(number + 1, NULL, 10) : 0);
    tell(x, l, "recorded", "as %s:%s", name, number ? number + 1 : "?");
}

/* "miss", "miss lost ENOTCONN", "action lost ENOBUFS" */
static void on_upcall(struct explain *x, const struct line *l)
{
    const char *why = strstr(l->text, " lost ");
    g_autofree char *kind = g_strndup(l->text, strcspn(l->text, " "));

    tell(x, l, "upcall", "%s, %s%s", kind, why ? "lost: " : "a client has it",
         why ? why + strlen(" lost ") : "");
}

/* "REASON len 60" */
static void on_drop(struct explain *x, const struct line *l)
{
    const char *len = g_strrstr(l->text, " len ");

    for (unsigned i = 0; len && i < N_DROP_REASONS; i++) {
        const struct drop_row *row = &drop_rows[i];

        if (strlen(row->name) == (size_t)(len - l->text) && g_str_has_prefix(l->text, row->name)) {
            tell(x, l, "dropped", "%s (%s)", row->words, row->name);
            return;
        }
    }
    tell(x, l, "dropped", "%s", l->text);
}

static const struct row {
    const char *func;
    void (*put)(struct explain *x, const struct line *l);
    bool is_arrival;
} rows[] = {
    { "ovs_vport_receive", on_receive, true },
    { "netif_receive_skb", on_no_port, true },
    { "ovs_packet_cmd_execute", on_execute, true },
    { "ovs_flow_tbl_lookup", on_lookup },
    { "ovs_execute_actions", on_flow },
    { "do_execute_actions", on_action },
    { "do_output", on_output },
    { "recorded", on_recorded },
    { "ovs_dp_upcall", on_upcall },
    { "kfree_skb", on_drop },
};

static const struct row *find_row(const char *func)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (!strcmp(rows[i].func, func))
            return &rows[i];
    return NULL;
}

/* ---- ways ------------------------------------------------------------------------------------ */

static void close_way(struct explain *x)
{
    if (x->is_open && x->is_wanted) {
        g_string_append(x->out, x->way->str);
        x->n_told++;
    }
    g_string_truncate(x->way, 0);
    x->is_open = false;
}

static void take_line(struct explain *x, char *text)
{
    const struct row *row;
    struct line l;

    if (!read_line(text, &l))
        return;
    row = find_row(l.func);
    if (!l.depth) {
        close_way(x);
        x->is_open = row && row->is_arrival;
    }
    if (!x->is_open)
        return;
    if (row)
        row->put(x, &l);
    else
        tell(x, &l, "", "%s %s", l.func, l.text);
}

unsigned explain_trace(const char *trace, const struct explain_query *q, GString *out)
{
    struct explain x = { .q = q, .out = out, .way = g_string_new(NULL) };
    char **lines = g_strsplit(trace, "\n", -1);

    x.counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (char **line = lines; *line; line++)
        take_line(&x, *line);
    close_way(&x);
    g_strfreev(lines);
    g_hash_table_unref(x.counts);
    g_string_free(x.way, TRUE);
    return x.n_told;
}

int explain_parse(char *text, struct explain_query *q, struct err *e)
{
    char *colon = strrchr(text, ':');
    struct scan in;

    *q = (struct explain_query){ 0 };
    scan_init(&in, colon ? colon + 1 : text);
    if ((colon == text) || !scan_u64(&in, UINT64_MAX, &q->number) || !q->number || *in.at)
        return err_set(e, EINVAL, "%s: not a packet as 3, p1:3 or p2.pcap:3", text);
    if (colon) {
        *colon = '\0';
        q->name = text;
    }
    return 0;
}
