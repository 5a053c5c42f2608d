/* sysctl.c - see sysctl.h. SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/sysctl.h"

#include <errno.h>
#include <string.h>

#include "dp/ct/proto.h"

#define PREFIX "nf_conntrack_"
#define TIMEOUT_MAX (INT32_MAX / 250)       /* seconds: an int of Debian's jiffies */

struct sysctl_row {
    const char *name;           /* without PREFIX */
    size_t off;                 /* in struct ct_table, of a uint32_t */
    uint32_t initial, max;
    bool is_read_only;          /* its value is the table's own */
};

#define AT(member) offsetof(struct ct_table, sysctl.member)

/* clang-format off */
static const struct sysctl_row rows[] = {
    { "acct",                   AT(acct),                   0, 1 },
    { "checksum",               AT(checksum),               1, 1 },
    { "count",                  offsetof(struct ct_table, n_conns), .is_read_only = true },
    { "events",                 AT(events),                 2, 2 },
    { "expect_max",             AT(expect_max),             4096, INT32_MAX },
    { "max",                    AT(max),                    262144, INT32_MAX },
    { "tcp_be_liberal",         AT(tcp_be_liberal),         0, 1 },
    { "tcp_ignore_invalid_rst", AT(tcp_ignore_invalid_rst), 0, 1 },
    { "tcp_loose",              AT(tcp_loose),              1, 1 },
    { "tcp_max_retrans",        AT(tcp_max_retrans),        3, UINT8_MAX },
    { "timestamp",              AT(timestamp),              0, 1 },
};
/* clang-format on */

/* A variable of one table. */
struct sysctl_var {
    const char *name;           /* without PREFIX */
    uint32_t *value;
    uint32_t max;
    bool is_read_only;
};

static struct sysctl_var var_of(struct ct_table *t, const struct sysctl_row *row)
{
    return (struct sysctl_var){
        .name = row->name,
        .value = (uint32_t *)(void *)((char *)t + row->off),
        .max = row->max,
        .is_read_only = row->is_read_only,
    };
}

/* The n-th timeout of a protocol; false: it is none of the variables, or another protocol's too. */
static bool timeout_var(struct ct_table *t, const struct ct_proto *proto, uint8_t n,
                        struct sysctl_var *v)
{
    *v = (struct sysctl_var){
        .name = proto->timeout[n].name,
        .value = ct_default_timeouts(t, proto) + n,
        .max = TIMEOUT_MAX,
    };
    return v->name && proto != &ct_proto_udplite;
}

/* Calls 'fn' for each variable until it returns true; returns that. */
static bool walk(struct ct_table *t, bool (*fn)(void *ctx, const struct sysctl_var *v), void *ctx)
{
    struct sysctl_var v;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        v = var_of(t, &rows[i]);
        if (fn(ctx, &v))
            return true;
    }
    for (size_t i = 0; i < N_CT_PROTOS; i++) {
        for (uint8_t n = 0; n < ct_protos[i]->n_timeouts; n++) {
            if (timeout_var(t, ct_protos[i], n, &v) && fn(ctx, &v))
                return true;
        }
    }
    return false;
}

void ct_sysctl_init(struct ct_table *t)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!rows[i].is_read_only)
            *var_of(t, &rows[i]).value = rows[i].initial;
    }
}

struct wanted {
    const char *name;
    struct sysctl_var found;
};

static bool is_wanted(void *ctx, const struct sysctl_var *v)
{
    struct wanted *w = ctx;

    w->found = *v;
    return !strcmp(w->name, v->name);
}

static int find(struct ct_table *t, const char *name, struct sysctl_var *v, struct err *e)
{
    struct wanted w = { .name = name + strlen(PREFIX) };

    if (!g_str_has_prefix(name, PREFIX) || !walk(t, is_wanted, &w))
        return err_set(e, ENOENT, "there is no variable net.netfilter.%s", name);
    *v = w.found;
    return 0;
}

int ct_sysctl_get(struct ct_table *t, const char *name, uint32_t *value, struct err *e)
{
    struct sysctl_var v;
    int r = find(t, name, &v, e);

    if (!r)
        *value = *v.value;
    return r;
}

int ct_sysctl_set(struct ct_table *t, const char *name, uint64_t value, struct err *e)
{
    struct sysctl_var v;
    int r = find(t, name, &v, e);

    if (r)
        return r;
    if (v.is_read_only)
        return err_set(e, EACCES, "%s can only be read", name);
    if (value > v.max)
        return err_set(e, EINVAL, "%s: %" G_GUINT64_FORMAT " is more than %u", name, value, v.max);
    *v.value = (uint32_t)value;
    return 0;
}

struct each {
    void (*fn)(void *ctx, const char *name, uint32_t value);
    void *ctx;
};

static bool tell(void *ctx, const struct sysctl_var *v)
{
    const struct each *each = ctx;
    g_autofree char *name = g_strconcat(PREFIX, v->name, NULL);

    each->fn(each->ctx, name, *v->value);
    return false;
}

void ct_sysctl_each(struct ct_table *t, void (*fn)(void *ctx, const char *name, uint32_t value),
                    void *ctx)
{
    struct each each = { .fn = fn, .ctx = ctx };

    (void)walk(t, tell, &each);
}
