/* scenario_wire.c - scenario commands about what is outside the datapath: links and hosts.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/wire.h"
#include "sim/host.h"
#include "sim/cable.h"
#include "sim/scenario_int.h"

/* ---- links ----------------------------------------------------------------------------------- */

static int link_options(struct scan *args, struct cable_options *o, struct err *e)
{
    for (scan_blanks(args); !scan_done(args); scan_blanks(args)) {
        struct scan at = *args;

        if (scan_text(&at, "delay=") && !scn_duration(&at, &o->delay_ns, NULL))
            *args = at;
        else if (at = *args, scan_text(&at, "loss=") && scan_percent(&at, &o->loss))
            *args = at;
        else
            return err_set(e, EINVAL, "column %zu: neither delay=1ms nor loss=10%%",
                           scan_column(args));
    }
    return 0;
}

int scn_link(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct cable_options o = { 0 };
    struct device *a = NULL, *b = NULL;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &a, e)) || (r = scn_device(scn, args, &b, e)) ||
        (r = link_options(args, &o, e)))
        return r;
    return cable_join(a, b, &o, e);
}

int scn_unlink(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct device *d = NULL;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) || (r = scn_end(args, e)))
        return r;
    if (!d->cable)
        return err_set(e, ENXIO, "device %s has no link", d->dev.name);
    cable_cut(d);
    return 0;
}

/* ---- hosts ----------------------------------------------------------------------------------- */

static int take_address(struct scan *args, struct in6_addr *addr, char **rest, struct err *e)
{
    char text[INET6_ADDRSTRLEN + 8], *slash;
    int r = scn_word(args, "an IP address", text, sizeof(text), e);

    if (r)
        return r;
    slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    *rest = slash ? g_strdup(slash + 1) : NULL;
    return host_scan_address(text, addr) ? 0 : err_set(e, EINVAL, "%s is no IP address", text);
}

static int take_mac(struct scan *args, uint8_t mac[6], bool *is_given, struct err *e)
{
    scan_blanks(args);
    *is_given = scan_text(args, "mac=");
    if (*is_given && !wire_mac.scan(args, mac, 6))
        return err_set(e, EINVAL, "column %zu: not an Ethernet address", scan_column(args));
    return 0;
}

int scn_host(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    g_autofree char *len = NULL;
    struct device *d = NULL;
    struct in6_addr addr;
    uint64_t prefix;
    uint8_t mac[6];
    bool has_mac;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) || (r = take_address(args, &addr, &len, e)) ||
        (r = take_mac(args, mac, &has_mac, e)) || (r = scn_end(args, e)))
        return r;
    prefix = IN6_IS_ADDR_V4MAPPED(&addr) ? 24 : 64;
    if (len && !g_ascii_string_to_unsigned(len, 10, 0, 128, &prefix, NULL))
        return err_set(e, EINVAL, "/%s is no prefix length", len);
    return host_add(d, &addr, (unsigned)prefix, has_mac ? mac : NULL, e);
}

int scn_ping(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    g_autofree char *rest = NULL;
    struct device *d = NULL;
    struct in6_addr to;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) || (r = take_address(args, &to, &rest, e)) ||
        (r = scn_end(args, e)))
        return r;
    return host_ping(d, &to, e);
}

int scn_expect_host(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct scn_number want[] = {
        { .name = "pings", .max = UINT64_MAX },
        { .name = "replies", .max = UINT64_MAX },
        { .name = "answered", .max = UINT64_MAX },
    };
    const struct host_counts *got;
    struct device *d = NULL;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) ||
        (r = scn_numbers(args, want, G_N_ELEMENTS(want), e)) || (r = scn_end(args, e)))
        return r;
    got = host_counts(d);
    if (!got)
        return err_set(e, ENXIO, "there is no host behind %s", d->dev.name);
    return scn_compare(want, (const uint64_t[]){ got->n_pings, got->n_replies, got->n_answered },
                       G_N_ELEMENTS(want), d->dev.name, e);
}
