/* summary.c - see summary.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/summary.h"

#include <errno.h>
#include <inttypes.h>

#include "sim/device.h"
#include "sim/cable.h"
#include "sim/listing.h"
#include "sim/reply_fault.h"

static void print_ports(GString *out, const struct sim_ns *ns, const GArray *ports)
{
    for (guint i = 0; i < ports->len; i++) {
        const struct port_listing *p = &g_array_index(ports, struct port_listing, i);
        const struct device *d = device_by_index(ns, p->ifindex);

        if (d)
            g_string_append_printf(out, "  port %u %s: in %" PRIu64 " packets %" PRIu64
                                   " bytes, out %" PRIu64 " packets %" PRIu64 " bytes\n",
                                   p->port_no, p->name, d->n_rx, d->rx_bytes, d->n_tx,
                                   d->tx_bytes);
    }
}

static void print_namespace(GString *out, struct sim_ns *ns)
{
    struct local l;
    GArray *dps, *ports;

    local_init(&l, ns);
    dps = list_datapaths(&l, NULL);
    for (guint i = 0; dps && i < dps->len; i++) {
        const struct dp_listing *dp = &g_array_index(dps, struct dp_listing, i);

        g_string_append_printf(out, "%s: %" PRIu64 " hit, %" PRIu64 " missed, %" PRIu64
                               " lost, %" PRIu64 " flows", dp->name, (uint64_t)dp->stats.n_hit,
                               (uint64_t)dp->stats.n_missed, (uint64_t)dp->stats.n_lost,
                               (uint64_t)dp->stats.n_flows);
        if (ns->id)
            g_string_append_printf(out, " (namespace %u)", ns->id);
        g_string_append_c(out, '\n');
        if ((ports = list_ports(&l, dp->ifindex, NULL)))
            print_ports(out, ns, ports);
        g_clear_pointer(&ports, g_array_unref);
    }
    cable_summary(out, ns);
    g_clear_pointer(&dps, g_array_unref);
    local_done(&l);
}

static void print_account(GString *out, const struct dp_account *a)
{
    g_string_append_printf(out, "packets: %" PRIu64 " in or copied = %" PRIu64 " output + %" PRIu64
                           " upcalls + %" PRIu64 " consumed by userspace actions", a->n_born,
                           a->n_output, a->n_upcall, a->n_consumed);
    if (a->n_joined || a->n_held)
        g_string_append_printf(out, " + %" PRIu64 " fragments joined to others + %" PRIu64
                               " fragments held", a->n_joined, a->n_held);
    for (unsigned i = 0; i < N_DROP_REASONS; i++)
        if (a->n_drop[i])
            g_string_append_printf(out, " + %" PRIu64 " dropped (%s)", a->n_drop[i],
                                   drop_rows[i].name);
    g_string_append_c(out, '\n');
}

int sim_check_account(struct sim *sim, struct err *e)
{
    const struct dp_account *a = dp_world_account(sim->dp);

    if (dp_account_ends(a) == a->n_born)
        return 0;
    return err_set(e, EPROTO, "%" PRIu64 " packets are accounted for, not %" PRIu64,
                   dp_account_ends(a), a->n_born);
}

char *sim_summary(struct sim *sim)
{
    GString *out = g_string_new(NULL);
    struct err e = { 0 };

    for (guint i = 0; i < sim->namespaces->len; i++)
        print_namespace(out, g_ptr_array_index(sim->namespaces, i));
    print_account(out, dp_world_account(sim->dp));
    reply_faults_print(sim, out);
    if (sim_check_account(sim, &e))
        g_string_append_printf(out, "BUG: %s\n", e.text);
    return g_string_free(out, FALSE);
}
