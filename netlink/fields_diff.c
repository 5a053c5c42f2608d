/* fields_diff.c - two datagrams compared field by field. SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "netlink/fields.h"

#define PATH_WIDTH 44

/* The next pair: both present if they are of one path, else the one that stands alone. */
struct pair {
    const struct field *want, *got;
};

struct walk {
    const struct fields *want, *got;
    const struct fields_rule *rule;
    guint i, j;                 /* next of 'want', of 'got' */
};

static bool is_ignored(const struct fields_rule *rule, const struct field *f)
{
    return rule && rule->ignored >> f->role & 1;
}

static const struct field *field_or_null(const struct fields *f, guint i)
{
    return i < f->list->len ? fields_at(f, i) : NULL;
}

static bool is_same_path(const struct field *a, const struct field *b)
{
    return a->msg == b->msg && !strcmp(a->path, b->path);
}

/* Does this field come later in 'f', in the same message? */
static bool comes_later(const struct fields *f, guint from, const struct field *x)
{
    for (guint i = from; i < f->list->len && fields_at(f, i)->msg <= x->msg; i++)
        if (is_same_path(fields_at(f, i), x))
            return true;
    return false;
}

static bool next_pair(struct walk *w, struct pair *p)
{
    p->want = field_or_null(w->want, w->i);
    p->got = field_or_null(w->got, w->j);
    if (p->want && p->got && !is_same_path(p->want, p->got)) {
        if (p->got->msg < p->want->msg || comes_later(w->got, w->j, p->want))
            p->want = NULL;
        else
            p->got = NULL;
    }
    w->i += p->want != NULL;
    w->j += p->got != NULL;
    return p->want || p->got;
}

static bool is_pair_same(const struct fields_rule *rule, const struct pair *p)
{
    if (is_ignored(rule, p->want ? p->want : p->got))
        return true;
    if (!p->want || !p->got)
        return false;
    if (rule && rule->is_same)
        return rule->is_same(rule->ctx, p->want, p->got);
    return p->want->len == p->got->len && !memcmp(p->want->at, p->got->at, p->want->len);
}

bool fields_differ(const struct fields *want, const struct fields *got,
                   const struct fields_rule *rule, struct fields_difference *d)
{
    struct walk w = { want, got, rule, 0, 0 };
    struct pair p;

    while (next_pair(&w, &p)) {
        if (is_pair_same(rule, &p))
            continue;
        *d = (struct fields_difference){
            .msg = p.want ? p.want->msg : p.got->msg,
            .path = p.want ? p.want->path : p.got->path,
            .want = p.want ? p.want->text : NULL,
            .got = p.got ? p.got->text : NULL,
        };
        return true;
    }
    if (rule || (want->len == got->len && !memcmp(want->bytes, got->bytes, want->len)))
        return false;
    *d = (struct fields_difference){ .path = "bytes between the fields", .want = "", .got = "" };
    return true;
}

void fields_print_both(GString *out, const struct fields *want, const struct fields *got,
                       const struct fields_rule *rule)
{
    struct walk w = { want, got, rule, 0, 0 };
    struct pair p;
    unsigned last = 0;

    while (next_pair(&w, &p)) {
        const struct field *f = p.want ? p.want : p.got;
        bool is_equal = p.want && p.got && !strcmp(p.want->text, p.got->text);

        if (f->msg != last)
            g_string_append_printf(out, "  message %u\n", f->msg + 1);
        last = f->msg;
        g_string_append_printf(out, "  %-*s  %s", PATH_WIDTH, f->path,
                               p.want ? p.want->text : "(not there)");
        if (!is_equal)
            g_string_append_printf(out, "  |  %s%s", p.got ? p.got->text : "(not there)",
                                   is_pair_same(rule, &p) ? "" : "  <--");
        g_string_append_c(out, '\n');
    }
}
