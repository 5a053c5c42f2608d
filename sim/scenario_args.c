/* scenario_args.c - arguments of scenario commands. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim/scenario_int.h"

int scn_word(struct scan *args, const char *what, char *word, size_t size, struct err *e)
{
    scan_blanks(args);
    if (!scan_token(args, word, size))
        return err_set(e, EINVAL, "column %zu: %s is missing or too long", scan_column(args), what);
    return 0;
}

int scn_end(struct scan *args, struct err *e)
{
    scan_blanks(args);
    if (!scan_done(args))
        return err_set(e, EINVAL, "column %zu: \"%s\" is one argument too many",
                       scan_column(args), args->at);
    return 0;
}

int scn_device(struct scenario *scn, struct scan *args, struct device **d, struct err *e)
{
    char name[IFNAMSIZ];
    int r = scn_word(args, "a device's name", name, sizeof(name), e);

    if (r)
        return r;
    *d = device_by_name(scn->ns, name);
    if (!*d)
        return err_set(e, ENODEV, "there is no device %s", name);
    return 0;
}

int scn_dp(struct scenario *scn, struct scan *args, struct device **local, struct err *e)
{
    struct device *d = NULL;
    int r = scn_device(scn, args, &d, e);

    if (r)
        return r;
    if (dp_port_dev(scn->ns->dp, d->dev.ifindex, 0) != &d->dev)
        return err_set(e, ENODEV, "device %s is no datapath", d->dev.name);
    *local = d;
    return 0;
}

int scn_move_on(struct scenario *scn, uint64_t ns, struct err *e)
{
    struct clock *clock = &scn->sim->clock;
    uint64_t at_ns = clock_after(clock, ns);

    if (at_ns == UINT64_MAX)
        return err_set(e, ERANGE, "virtual time ends 584 years after its start, before that");
    clock_advance(clock, at_ns);
    return 0;
}

int scn_duration(struct scan *args, uint64_t *ns, struct err *e)
{
    scan_blanks(args);
    if (scan_duration(args, ns))
        return 0;
    if (scan_word(args, "0")) {
        *ns = 0;
        return 0;
    }
    return err_set(e, EINVAL, "column %zu: not a time such as 0, 20us, 1ms or 2.5s",
                   scan_column(args));
}

int scn_hex(struct scan *args, GByteArray *bytes, struct err *e)
{
    scan_blanks(args);
    for (int high, low; *args->at && *args->at != ' ' && *args->at != '\t'; args->at += 2) {
        high = g_ascii_xdigit_value(args->at[0]);
        low = high < 0 ? -1 : g_ascii_xdigit_value(args->at[1]);
        if (low < 0)
            return err_set(e, EINVAL, "column %zu: not a byte of two hexadecimal digits",
                           scan_column(args));
        g_byte_array_append(bytes, &(guint8){ (guint8)(high << 4 | low) }, 1);
    }
    if (!bytes->len)
        return err_set(e, EINVAL, "column %zu: the frame is missing", scan_column(args));
    return 0;
}

static bool take_number(struct scan *args, struct scn_number *n)
{
    struct scan at = *args;

    if (n->is_given || !scan_text(&at, n->name) || !scan_char(&at, '=') ||
        !scan_u64(&at, n->max, &n->value) || (*at.at && *at.at != ' ' && *at.at != '\t'))
        return false;
    n->is_given = true;
    *args = at;
    return true;
}

static bool take_any_number(struct scan *args, struct scn_number *numbers, size_t n)
{
    scan_blanks(args);
    for (size_t i = 0; i < n; i++)
        if (take_number(args, &numbers[i]))
            return true;
    return false;
}

int scn_numbers(struct scan *args, struct scn_number *numbers, size_t n, struct err *e)
{
    while (take_any_number(args, numbers, n))
        continue;
    for (size_t i = 0; i < n; i++) {
        struct scan at = *args;

        if (scan_text(&at, numbers[i].name) && scan_char(&at, '='))
            return err_set(e, EINVAL, "column %zu: %s= is given twice, or no number up to %" PRIu64,
                           scan_column(args), numbers[i].name, numbers[i].max);
    }
    return 0;
}

int scn_compare(const struct scn_number *want, const uint64_t *got, size_t n, const char *what,
                struct err *e)
{
    GString *text = g_string_new(NULL);
    int r = 0;

    for (size_t i = 0; i < n; i++)
        if (want[i].is_given && want[i].value != got[i])
            g_string_append_printf(text, "%s%s=%" PRIu64 ", not %" PRIu64, text->len ? ", " : "",
                                   want[i].name, got[i], want[i].value);
    if (text->len)
        r = err_set(e, EPROTO, "%s has %s", what, text->str);
    g_string_free(text, TRUE);
    return r;
}

static const char *port_name(void *ctx, uint32_t port_no)
{
    const struct scn_names *names = ctx;
    const struct netdev *dev = dp_port_dev(names->scn->ns->dp, names->dp_ifindex,
                                           port_no);

    return dev ? dev->name : NULL;
}

static bool port_number(void *ctx, const char *name, uint32_t *port_no)
{
    const struct scn_names *names = ctx;
    struct sim_ns *ns = names->scn->ns;
    const struct device *d = device_by_name(ns, name);
    int number = d ? dp_port_of(&d->dev) : -1;

    if (number < 0 || dp_port_dev(ns->dp, names->dp_ifindex, (uint32_t)number) != &d->dev)
        return false;
    *port_no = (uint32_t)number;
    return true;
}

void scn_names_init(struct scn_names *names, struct scenario *scn, int dp_ifindex)
{
    *names = (struct scn_names){
        .scn = scn,
        .dp_ifindex = dp_ifindex,
        .text = { .ctx = names, .port_name = port_name, .port_number = port_number },
    };
}

int scn_call(struct scenario *scn, const GByteArray *request, local_answer_fn *fn, void *ctx,
             struct err *e)
{
    int r = local_call(&scn->nl, request, fn, ctx, e);

    scn->is_refused = r != 0;
    return r;
}
