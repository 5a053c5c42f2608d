/* reply_fault.c - see reply_fault.h: which messages are struck, and how datagrams come to their sockets then.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "netlink/attr.h"
#include "sim/fault.h"
#include "sim/reply_fault_int.h"
#include "sim/trace.h"

#define NAME_ROOM 64
#define MOST_LINES 100

/* One that was asked for. */
struct reply_fault {
    char *text;                 /* "malformed@OVS_FLOW_CMD_NEW:3" */
    const struct reply_kind *kind;
    const struct bend_rule *rule;       /* NULL: it is of the whole message */
    char only[NAME_ROOM];       /* "": every message */
    unsigned first, last;       /* which times, unless there is a share */
    uint32_t share;             /* times 2^32; 0: there is none */
    unsigned n_seen, n_struck;
    struct rng rng;
};

/* A datagram on its way to a socket; bound, as all sockets are that are sent to. */
struct kept {
    struct reply_faults *all;
    struct netns *net;
    int protocol;
    uint32_t portid;
    uint64_t event;             /* of the clock */
    bool is_passed_by_next;
    struct dgram *dgram;
};

struct reply_faults {
    struct sim *sim;
    GPtrArray *faults;          /* of struct reply_fault */
    GQueue kept;                /* of struct kept */
    GString *lines;             /* the first that were struck */
    unsigned n_lines;
};

/* ---- datagrams on their way ------------------------------------------------------------------------ */

static void kept_free(struct kept *k)
{
    g_free(k->dgram);
    g_free(k);
}

static void kept_arrives(void *ctx)
{
    struct kept *k = ctx;
    struct sock *s = netns_find(k->net, k->protocol, k->portid);

    g_queue_remove(&k->all->kept, k);
    if (s)
        sock_deliver(s, g_steal_pointer(&k->dgram));
    kept_free(k);
}

/* Behind the next one, or at the end of what happens now. */
static void keep(struct reply_faults *all, const struct sock *s, struct dgram *d, const struct reply *r)
{
    struct clock *c = &all->sim->clock;
    struct kept *k = g_new(struct kept, 1);

    *k = (struct kept){ .all = all, .net = s->ns, .protocol = s->protocol, .portid = s->portid, .dgram = d,
                        .is_passed_by_next = r->fate == REPLY_LETS_NEXT_PASS };
    g_queue_push_tail(&all->kept, k);
    k->event = k->is_passed_by_next ? clock_add_last(c, c->now_ns, kept_arrives, k)
                                    : clock_add(c, c->now_ns + r->late_ns, kept_arrives, k);
}

static void let_passed_arrive(struct reply_faults *all, const struct sock *s)
{
    for (GList *l = all->kept.head, *next; l; l = next) {
        struct kept *k = l->data;

        next = l->next;
        if (!k->is_passed_by_next || k->net != s->ns || k->protocol != s->protocol || k->portid != s->portid)
            continue;
        clock_cancel(&all->sim->clock, k->event);
        kept_arrives(k);
    }
}

static void hand_on(struct reply_faults *all, struct sock *s, struct dgram *d, const struct reply *r)
{
    switch (r->fate) {
    case REPLY_IS_LOST:
        sock_discard(s, d);
        return;
    case REPLY_COMES_LATE:
    case REPLY_LETS_NEXT_PASS:
        keep(all, s, d, r);
        return;
    case REPLY_COMES_TWICE:
        sock_deliver(s, dgram_new(d->data, d->len, d->charge, d->group));
        break;
    case REPLY_ARRIVES:
        break;
    }
    sock_deliver(s, d);
    let_passed_arrive(all, s);
}

/* ---- one message ----------------------------------------------------------------------------------- */

static const char *last_step(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *step = slash ? slash + 1 : path, *blank = strchr(step, ' ');

    return blank ? blank + 1 : step;    /* actions have their number before their name */
}

/* An error has the request that it is about in it: that is no attribute of its own. */
static bool is_of_request(const char *path)
{
    return g_str_has_prefix(path, "request/");
}

/* Lists the attributes of message 'n', and those of them that the fault may bend. */
static void list_attrs(struct reply *r, const struct decode *f, unsigned n, const char *only)
{
    g_array_set_size(r->attrs, 0);
    g_array_set_size(r->pick, 0);
    for (guint i = 0; i < f->attrs->len; i++) {
        const struct decode_attr *a = &g_array_index(f->attrs, struct decode_attr, i);
        size_t at = (size_t)((const uint8_t *)a->at - f->bytes), number = r->attrs->len;

        if (a->msg != n || is_of_request(a->path))
            continue;
        g_array_append_val(r->attrs, at);
        if (!*only || !strcmp(only, last_step(a->path)))
            g_array_append_val(r->pick, number);
    }
    r->bend.attr = (const size_t *)(const void *)r->attrs->data;
    r->bend.n_attrs = r->attrs->len;
}

static const char *path_of(const struct decode *f, unsigned n, size_t number)
{
    for (guint i = 0; i < f->attrs->len; i++) {
        const struct decode_attr *a = &g_array_index(f->attrs, struct decode_attr, i);

        if (a->msg == n && !is_of_request(a->path) && !number--)
            return a->path;
    }
    return "";
}

/* Is it of those that NAME means, and can the kind be done to it? */
static bool is_meant(struct reply *r, const struct reply_fault *fault, const struct decode *f, unsigned n,
                     const char *name)
{
    bool is_named = !*fault->only || !strcmp(fault->only, name);

    list_attrs(r, f, n, is_named ? "" : fault->only);
    r->rule = fault->rule;
    return (is_named || r->pick->len) && (!fault->kind->may || fault->kind->may(r));
}

static bool is_chosen(struct reply_fault *fault)
{
    unsigned n = ++fault->n_seen;

    if (fault->share)
        return rng_is_within(&fault->rng, fault->share);
    return n >= fault->first && n <= fault->last;
}

static void note(struct reply_faults *all, const struct reply *r, const struct reply_fault *fault, const char *name,
                 const char *path)
{
    const char *kind = fault->kind->name ? fault->kind->name : fault->rule->name;
    bool is_drawn = r->bent != SIZE_MAX && fault->kind->name;
    g_autofree char *line =
        g_strdup_printf("fault reply:%s %s%s%s%s%s%s%s", kind, name, *path ? " " : "", path, *r->bend.told || is_drawn ? ": " : "",
                        is_drawn ? r->rule->name : "", is_drawn && *r->bend.told ? ", " : "", r->bend.told);

    trace_line(all->sim, "%s", line);
    if (all->n_lines++ < MOST_LINES)
        g_string_append_printf(all->lines, "%s\n", line);
}

/* Message 'n', counted from 0; its decode does not hold any more if it was struck. */
static void look_at(struct reply_faults *all, struct reply *r, struct reply_fault *fault, const struct decode *f,
                    unsigned n)
{
    const struct nlmsghdr *msg = reply_message(r);
    g_autofree char *name = message_name(f->nl, f->protocol, msg);

    if (!is_meant(r, fault, f, n, name) || !is_chosen(fault))
        return;
    fault->n_struck++;
    r->bent = SIZE_MAX;
    r->bend.told[0] = '\0';
    r->bend.rng = &fault->rng;
    fault->kind->apply(r);
    note(all, r, fault, name, r->bent == SIZE_MAX ? "" : path_of(f, n, r->bent));
}

/* ---- one datagram ---------------------------------------------------------------------------------- */

/* Where message 'n' begins; false: there are not so many whole ones. */
static bool find_message(struct reply *r, unsigned n)
{
    for (size_t at = 0; at + sizeof(struct nlmsghdr) <= r->bytes->len; n--) {
        const struct nlmsghdr *msg = (const void *)(r->bytes->data + at);

        if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > r->bytes->len - at)
            return false;
        r->bend.msg = at;
        if (!n)
            return true;
        at += attr_align(msg->nlmsg_len);
    }
    return false;
}

/* A message is looked at once, as it has become by then. */
static void go_through(struct reply_faults *all, struct reply *r, struct reply_fault *fault, int protocol)
{
    for (unsigned n = 0; r->fate == REPLY_ARRIVES && find_message(r, n); n++) {
        g_autoptr(GByteArray) before = g_byte_array_append(g_byte_array_new(), r->bytes->data, r->bytes->len);
        struct decode f;

        decode_init(&f, all->sim->nl, protocol, before->data, before->len);
        look_at(all, r, fault, &f, n);
        decode_done(&f);
    }
}

static void carry(void *user, struct sock *s, struct dgram *d)
{
    struct reply_faults *all = user;
    struct reply r = { .bytes = g_byte_array_append(g_byte_array_new(), d->data, (guint)d->len) };
    struct dgram *made;

    r.attrs = g_array_new(FALSE, FALSE, sizeof(size_t));
    r.pick = g_array_new(FALSE, FALSE, sizeof(size_t));
    r.bend.bytes = r.bytes;
    for (guint i = 0; i < all->faults->len; i++)
        go_through(all, &r, g_ptr_array_index(all->faults, i), s->protocol);
    made = dgram_new(r.bytes->data, r.bytes->len, d->charge, d->group);
    g_free(d);
    hand_on(all, s, made, &r);
    g_byte_array_unref(r.bytes);
    g_array_unref(r.attrs);
    g_array_unref(r.pick);
}

/* ---- what is asked for ----------------------------------------------------------------------------- */

bool reply_fault_kind(size_t i, const char **name, const char **help)
{
    bool is_rule = i >= n_reply_kinds;

    if (i >= n_reply_kinds + n_bend_rules)
        return false;
    *name = is_rule ? bend_rules[i - n_reply_kinds].name : reply_kinds[i].name;
    *help = is_rule ? bend_rules[i - n_reply_kinds].help : reply_kinds[i].help;
    return true;
}

static int find_kind(struct reply_fault *fault, const char *name, struct err *e)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const char *known, *help;

    fault->rule = bend_rule_by_name(name);
    fault->kind = fault->rule ? &reply_kind_attr : NULL;
    for (size_t i = 0; i < n_reply_kinds && !fault->kind; i++)
        if (!strcmp(reply_kinds[i].name, name))
            fault->kind = &reply_kinds[i];
    if (fault->kind)
        return 0;
    for (size_t i = 0; reply_fault_kind(i, &known, &help); i++)
        g_string_append_printf(names, " %s", known);
    return err_set(e, ENOENT, "there is no fault reply:%s; there are%s", name, names->str);
}

/* ":10%", or as of all faults. */
static bool scan_which(struct scan *in, struct reply_fault *fault)
{
    struct scan before = *in;

    if (scan_char(in, ':') && scan_percent(in, &fault->share))
        return scan_done(in) && fault->share;
    *in = before;
    return fault_scan_times(in, &fault->first, &fault->last);
}

static int scan_fault(struct reply_fault *fault, const char *text, struct err *e)
{
    char name[NAME_ROOM];
    struct scan in;

    scan_init(&in, text);
    if (!scan_name(&in, name, sizeof(name)))
        return err_set(e, EINVAL, "reply:%s: a kind is missing", text);
    if (find_kind(fault, name, e))
        return -e->code;
    if (scan_char(&in, '@') && !scan_name(&in, fault->only, sizeof(fault->only)))
        return err_set(e, EINVAL, "reply:%s: the name of a message or attribute is missing after @", text);
    if (!scan_which(&in, fault))
        return err_set(e, EINVAL, "reply:%s: what follows is not :N, :N.., :* or :N%%, N from 1", text);
    return 0;
}

static void fault_free(void *fault)
{
    g_free(((struct reply_fault *)fault)->text);
    g_free(fault);
}

static struct reply_faults *faults_of(struct sim *sim)
{
    struct reply_faults *all = sim->reply_faults;

    if (all)
        return all;
    all = sim->reply_faults = g_new0(struct reply_faults, 1);
    all->sim = sim;
    all->faults = g_ptr_array_new_with_free_func(fault_free);
    all->lines = g_string_new(NULL);
    netlink_set_carrier(sim->nl, carry, all);
    return all;
}

int reply_fault_add(struct sim *sim, const char *text, struct err *e)
{
    struct reply_fault *fault = g_new0(struct reply_fault, 1);
    struct reply_faults *all;
    int rc = scan_fault(fault, text, e);

    fault->text = g_strdup(text);
    if (rc) {
        fault_free(fault);
        return rc;
    }
    all = faults_of(sim);
    rng_init(&fault->rng, hash_mix(~sim->options.seed, all->faults->len));
    g_ptr_array_add(all->faults, fault);
    return 0;
}

int reply_fault_check(const struct sim *sim, struct err *e)
{
    const GPtrArray *faults = sim->reply_faults ? sim->reply_faults->faults : NULL;

    for (guint i = 0; faults && i < faults->len; i++) {
        const struct reply_fault *fault = g_ptr_array_index(faults, i);

        if (!fault->share && !fault->n_struck && fault->n_seen < fault->first)
            return err_set(e, ESRCH, "fault reply:%s has not struck: there were %u such messages", fault->text,
                           fault->n_seen);
    }
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------------ */

void reply_faults_print(const struct sim *sim, GString *out)
{
    const struct reply_faults *all = sim->reply_faults;

    if (!all)
        return;
    g_string_append(out, all->lines->str);
    g_string_append_printf(out, "faults of replies: %u\n", all->n_lines);
}

void reply_faults_forget(struct reply_faults *all, const struct netns *ns)
{
    for (GList *l = all ? all->kept.head : NULL, *next; l; l = next) {
        struct kept *k = l->data;

        next = l->next;
        if (k->net != ns)
            continue;
        clock_cancel(&all->sim->clock, k->event);
        g_queue_delete_link(&all->kept, l);
        kept_free(k);
    }
}

void reply_faults_free(struct reply_faults *all)
{
    if (!all)
        return;
    g_queue_clear_full(&all->kept, (GDestroyNotify)kept_free);
    g_ptr_array_unref(all->faults);
    g_string_free(all->lines, TRUE);
    g_free(all);
}
