/* golden_flows.c - see golden_flows.h.
 *
 * How it works: the flow file becomes a scenario, each flow a command at the number of its line.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sim/golden_flows.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "base/scan.h"
#include "dp/act.h"
#include "netlink/attr.h"
#include "sim/folder.h"
#include "sim/scenario.h"

#define DP "br0"
#define MOST_TAGS 2

struct port {
    char name[IFNAMSIZ];
    uint32_t number;
};

struct flow_test {
    const char *path;           /* of the flow file */
    GArray *ports;              /* of struct port */
    struct key_text names;      /* notes every port that is read or written */
};

/* ---- files ----------------------------------------------------------------------------------- */

static bool is_flow_file(const char *name)
{
    return !strcmp(name, "flows.txt") || g_str_has_suffix(name, ".flows");
}

static bool is_capture(const char *name)
{
    return g_str_has_suffix(name, ".pcap");
}

/* The names in a folder that 'is_it' is true of. */
static GPtrArray *choose(const char *folder, bool (*is_it)(const char *name))
{
    GPtrArray *names = folder_list(folder);

    for (guint i = names->len; i-- > 0;)
        if (!is_it(g_ptr_array_index(names, i)))
            g_ptr_array_remove_index(names, i);
    return names;
}

bool golden_flows_is_test(const char *folder)
{
    GPtrArray *flows = choose(folder, is_flow_file), *captures = choose(folder, is_capture);
    bool is_test = flows->len && captures->len;

    g_ptr_array_free(flows, TRUE);
    g_ptr_array_free(captures, TRUE);
    return is_test;
}

/* ---- ports ----------------------------------------------------------------------------------- */

static const struct port *port_by_name(const struct flow_test *t, const char *name)
{
    for (guint i = 0; i < t->ports->len; i++) {
        const struct port *p = &g_array_index(t->ports, struct port, i);

        if (!strcmp(p->name, name))
            return p;
    }
    return NULL;
}

static const struct port *port_by_number(const struct flow_test *t, uint32_t number)
{
    for (guint i = 0; i < t->ports->len; i++) {
        const struct port *p = &g_array_index(t->ports, struct port, i);

        if (p->number == number)
            return p;
    }
    return NULL;
}

/* The number at the end of a name if it is free, otherwise the first free one. */
static uint32_t choose_number(const struct flow_test *t, const char *name)
{
    const char *digits = name + strlen(name);
    uint32_t number;

    while (digits > name && g_ascii_isdigit(digits[-1]))
        digits--;
    number = (uint32_t)g_ascii_strtoull(digits, NULL, 10);
    if (number && number < KEY_MAX_PORTS && !port_by_number(t, number))
        return number;
    for (number = 1; port_by_number(t, number); number++)
        continue;
    return number;
}

static bool note_name(void *ctx, const char *name, uint32_t *number)
{
    struct flow_test *t = ctx;
    const struct port *known = port_by_name(t, name);
    struct port new = { .number = 0 };

    if (!known && strcmp(name, DP)) {
        g_strlcpy(new.name, name, sizeof(new.name));
        new.number = choose_number(t, name);
        g_array_append_val(t->ports, new);
    }
    *number = known ? known->number : new.number;
    return true;
}

static const char *note_number(void *ctx, uint32_t number)
{
    struct flow_test *t = ctx;
    struct port new = { .number = number };

    if (number && number < KEY_MAX_PORTS && !port_by_number(t, number)) {
        g_snprintf(new.name, sizeof(new.name), "p%u", number);
        g_array_append_val(t->ports, new);
    }
    return NULL;
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    const struct port *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

/* ---- a line of the flow file ----------------------------------------------------------------- */

/* Takes what dump-flows puts before the key: "ufid:01234567-..., ". */
static void skip_ufid(struct scan *in)
{
    if (!scan_text(in, "ufid:"))
        return;
    in->at += strcspn(in->at, " ");
    scan_blanks(in);
}

/* The attributes behind the last tag: those in the innermost ENCAP. Returns how deep that is. */
static unsigned behind_tags(const GByteArray *attrs, const void **list, size_t *len)
{
    const struct nlattr *encap;
    unsigned depth = 0;

    *list = attrs->data;
    *len = attrs->len;
    while (depth < MOST_TAGS && (encap = attr_find(*list, *len, OVS_KEY_ATTR_ENCAP))) {
        *list = mnl_attr_get_payload(encap);
        *len = mnl_attr_get_payload_len(encap);
        depth++;
    }
    return depth;
}

/* What of a key's attributes could be read. */
static void read_key(struct flow_key *key, const GByteArray *attrs)
{
    g_autoptr(GByteArray) list = g_byte_array_new();
    size_t nest = attr_nest_begin(list, OVS_FLOW_ATTR_KEY);
    struct match m = { .key = key };

    g_byte_array_append(list, attrs->data, attrs->len);
    attr_nest_end(list, nest);
    (void)match_parse(&m, (const struct nlattr *)list->data, NULL, false, NULL);
}

/* A key's text with what dumps leave out because nothing of it is matched, and the datapath wants to hear: ",arp()". */
static char *whole_key(const char *text, size_t len, const GByteArray *attrs)
{
    GString *whole = g_string_new_len(text, (gssize)len);
    struct flow_key key;
    const void *list;
    size_t list_len;
    unsigned depth = behind_tags(attrs, &list, &list_len);

    read_key(&key, attrs);
    g_string_truncate(whole, len - MIN(len, depth));
    for (unsigned i = 0; i < N_KEY_ATTRS; i++) {
        const struct key_attr *row = &key_attrs[i];

        if (row->flags & KEY_REQUIRED && key_when_holds(&row->when, &key) &&
            !attr_find(list, list_len, (uint16_t)i))
            g_string_append_printf(whole, ",%s()", row->name);
    }
    g_string_append_len(whole, "))", (gssize)depth);
    return g_string_free(whole, FALSE);
}

/* Takes what stands between the key and its actions. */
static int find_actions(struct scan *in, struct err *e)
{
    const char *actions = strstr(in->at, "actions:");

    scan_blanks(in);
    if (*in->at == ',' && !actions)
        return err_set(e, EINVAL, "column %zu: \", actions:\" is missing", scan_column(in));
    if (*in->at == ',')
        in->at = actions + strlen("actions:");
    return scan_done(in) ? err_set(e, EINVAL, "column %zu: the actions are missing", scan_column(in)) : 0;
}

/* Reads a line: *key and *actions are the parts of its text, new strings; NULL if there is no flow in it. */
static int read_flow(struct flow_test *t, const char *line, char **key, char **actions, struct err *e)
{
    g_autoptr(GByteArray) attrs = g_byte_array_new();
    g_autoptr(GByteArray) mask = g_byte_array_new();
    g_autoptr(GByteArray) acts = g_byte_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    const char *start;
    struct scan in;
    int r;

    scan_init(&in, line);
    scan_blanks(&in);
    if (!*in.at || *in.at == '#')
        return 0;
    skip_ufid(&in);
    start = in.at;
    if ((r = key_scan(&in, attrs, mask, &t->names, e)))
        return r;
    *key = whole_key(start, (size_t)(in.at - start), attrs);
    if ((r = find_actions(&in, e)))
        return r;
    *actions = g_strdup(in.at);
    if ((r = acts_scan(&in, acts, &t->names, e)))
        return r;
    /* Writing them names the ports that only have a number, also those deep in nested lists. */
    key_format(text, attrs->data, attrs->len, mask->data, mask->len, &t->names);
    acts_format(text, acts->data, acts->len, &t->names);
    return scan_done(&in) ? 0 : err_set(e, EINVAL, "column %zu: \"%.20s\" is too much", scan_column(&in), in.at);
}

/* Turns the file's lines into commands. */
static int read_flows(struct flow_test *t, char **lines, struct err *e)
{
    for (unsigned i = 0; lines[i]; i++) {
        g_autofree char *key = NULL;
        g_autofree char *actions = NULL;
        int r = read_flow(t, g_strchomp(lines[i]), &key, &actions, e);

        if (r) {
            (void)err_prefix(e, "%s:%u", t->path, i + 1);
            return r;
        }
        g_free(lines[i]);
        lines[i] = key ? g_strdup_printf("flow " DP " %s %s", key, actions) : g_strdup("");
    }
    return 0;
}

/* ---- the scenario ---------------------------------------------------------------------------- */

static int run_commands(struct sim *sim, const char *path, GPtrArray *commands, struct err *e)
{
    int r;

    g_ptr_array_add(commands, NULL);
    r = scenario_run_lines(sim, path, (char **)commands->pdata, e);
    g_ptr_array_free(commands, TRUE);
    return r;
}

static GPtrArray *make_ports(const struct flow_test *t)
{
    GPtrArray *commands = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(commands, g_strdup("dp " DP));
    for (guint i = 0; i < t->ports->len; i++) {
        const struct port *p = &g_array_index(t->ports, struct port, i);

        g_ptr_array_add(commands, g_strdup_printf("port " DP " %s no=%u", p->name, p->number));
        g_ptr_array_add(commands, g_strdup_printf("record %s %s.pcap", p->name, p->name));
    }
    return commands;
}

static GPtrArray *feed(const struct flow_test *t, const char *folder)
{
    GPtrArray *commands = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *captures = choose(folder, is_capture);

    for (guint i = 0; i < captures->len; i++) {
        const char *capture = g_ptr_array_index(captures, i);
        g_autofree char *name = g_strndup(capture, strlen(capture) - strlen(".pcap"));
        const struct port *p = port_by_name(t, name);

        p = p ? p : &g_array_index(t->ports, struct port, 0);
        g_ptr_array_add(commands, g_strdup_printf("inject %s %s", p->name, capture));
    }
    g_ptr_array_add(commands, g_strdup("run"));
    g_ptr_array_add(commands, g_strdup("dump-flows " DP));
    g_ptr_array_add(commands, g_strdup("show"));
    g_ptr_array_free(captures, TRUE);
    return commands;
}

static int run_test(struct sim *sim, struct flow_test *t, const char *folder, char **lines,
                    struct err *e)
{
    int r = read_flows(t, lines, e);

    if (r)
        return r;
    if (!t->ports->len)
        (void)note_number(t, 1);
    g_array_sort(t->ports, by_number);
    r = run_commands(sim, t->path, make_ports(t), e);
    if (!r)
        r = scenario_run_lines(sim, t->path, lines, e);
    return r ? r : run_commands(sim, t->path, feed(t, folder), e);
}

int golden_flows_run(struct sim *sim, const char *folder, struct err *e)
{
    GPtrArray *flows = choose(folder, is_flow_file);
    g_autofree char *path = g_build_filename(folder, flows->len ? g_ptr_array_index(flows, 0) : "", NULL);
    struct flow_test t = { .path = path, .ports = g_array_new(FALSE, FALSE, sizeof(struct port)),
                           .names = { .ctx = &t, .port_name = note_number, .port_number = note_name } };
    g_autofree char *text = NULL;
    char **lines;
    int r;

    if (flows->len != 1)
        r = err_set(e, EINVAL, "%s: %u flow files in one folder", folder, flows->len);
    else if (!g_file_get_contents(path, &text, NULL, NULL))
        r = err_set(e, EIO, "%s: cannot be read", path);
    else {
        lines = g_strsplit(text, "\n", -1);
        r = run_test(sim, &t, folder, lines, e);
        g_strfreev(lines);
    }
    g_array_free(t.ports, TRUE);
    g_ptr_array_free(flows, TRUE);
    return r;
}
