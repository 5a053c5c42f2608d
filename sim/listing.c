/* listing.c - see listing.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/listing.h"

#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <string.h>

static void read_bytes(void *to, size_t size, const struct nlattr *a)
{
    if (a)
        memcpy(to, mnl_attr_get_payload(a), MIN(size, mnl_attr_get_payload_len(a)));
}

static void read_name(char name[IFNAMSIZ], const struct nlattr *a)
{
    read_bytes(name, IFNAMSIZ - 1, a);
    name[IFNAMSIZ - 1] = '\0';
}

void dp_listing_read(struct dp_listing *dp, const struct nlmsghdr *msg)
{
    *dp = (struct dp_listing){ .ifindex = local_dp_ifindex(msg) };
    read_name(dp->name, local_attr(msg, OVS_DP_ATTR_NAME));
    read_bytes(&dp->stats, sizeof(dp->stats), local_attr(msg, OVS_DP_ATTR_STATS));
    read_bytes(&dp->megaflow, sizeof(dp->megaflow), local_attr(msg, OVS_DP_ATTR_MEGAFLOW_STATS));
    dp->cache_size = local_u32(msg, OVS_DP_ATTR_MASKS_CACHE_SIZE, 0);
}

static void add_datapath(void *ctx, const struct nlmsghdr *msg)
{
    struct dp_listing dp;

    dp_listing_read(&dp, msg);
    g_array_append_val((GArray *)ctx, dp);
}

static void add_port(void *ctx, const struct nlmsghdr *msg)
{
    struct port_listing port = {
        .port_no = local_u32(msg, OVS_VPORT_ATTR_PORT_NO, 0),
        .type = local_u32(msg, OVS_VPORT_ATTR_TYPE, OVS_VPORT_TYPE_UNSPEC),
        .upcall_pid = local_u32(msg, OVS_VPORT_ATTR_UPCALL_PID, 0),
        .ifindex = (int)local_u32(msg, OVS_VPORT_ATTR_IFINDEX, 0),
    };

    read_name(port.name, local_attr(msg, OVS_VPORT_ATTR_NAME));
    g_array_append_val((GArray *)ctx, port);
}

static GArray *list(struct local *l, const char *family, int dp_ifindex, size_t size,
                    local_answer_fn *fn, struct err *e)
{
    GArray *rows = g_array_new(FALSE, TRUE, (guint)size);
    GByteArray *req = g_byte_array_new();
    /* GET has the same number in every OVS family that can be dumped. */
    size_t msg = local_begin(l, req, family, OVS_VPORT_CMD_GET, NLM_F_ACK | NLM_F_DUMP, dp_ifindex);
    int r;

    local_end(req, msg);
    r = local_call(l, req, fn, rows, e);
    g_byte_array_free(req, TRUE);
    if (!r)
        return rows;
    g_array_unref(rows);
    return NULL;
}

GArray *list_datapaths(struct local *l, struct err *e)
{
    return list(l, OVS_DATAPATH_FAMILY, 0, sizeof(struct dp_listing), add_datapath, e);
}

static int by_number(const void *a, const void *b)
{
    const struct port_listing *x = a, *y = b;

    return x->port_no < y->port_no ? -1 : x->port_no > y->port_no;
}

GArray *list_ports(struct local *l, int dp_ifindex, struct err *e)
{
    GArray *ports = list(l, OVS_VPORT_FAMILY, dp_ifindex, sizeof(struct port_listing), add_port, e);

    if (ports)
        g_array_sort(ports, by_number);
    return ports;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void show_numbers(const struct dp_listing *dp, GString *out)
{
    uint64_t hit = dp->stats.n_hit, missed = dp->stats.n_missed;
    double n = (double)(hit + missed);

    g_string_append_printf(out, "system@%s:\n  lookups: hit:%" PRIu64 " missed:%" PRIu64 " lost:%" PRIu64
                           "\n  flows: %" PRIu64 "\n", dp->name, hit, missed,
                           (uint64_t)dp->stats.n_lost, (uint64_t)dp->stats.n_flows);
    g_string_append_printf(out, "  masks: hit:%" PRIu64 " total:%u hit/pkt:%.2f\n",
                           (uint64_t)dp->megaflow.n_mask_hit, dp->megaflow.n_masks,
                           n > 0 ? (double)dp->megaflow.n_mask_hit / n : 0.0);
    if (dp->megaflow.n_cache_hit)
        g_string_append_printf(out, "  cache: hit:%" PRIu64 " hit-rate:%.2f%%\n",
                               (uint64_t)dp->megaflow.n_cache_hit,
                               n > 0 ? 100.0 * (double)dp->megaflow.n_cache_hit / n : 0.0);
    g_string_append_printf(out, "  caches:\n    masks-cache: size:%u\n", dp->cache_size);
}

int show_datapaths(struct local *l, GString *out, struct err *e)
{
    GArray *dps = list_datapaths(l, e);

    for (guint i = 0; dps && i < dps->len; i++) {
        const struct dp_listing *dp = &g_array_index(dps, struct dp_listing, i);
        GArray *ports = list_ports(l, dp->ifindex, NULL);

        show_numbers(dp, out);
        for (guint k = 0; ports && k < ports->len; k++) {
            const struct port_listing *p = &g_array_index(ports, struct port_listing, k);

            g_string_append_printf(out, "  port %u: %s%s\n", p->port_no, p->name,
                                   p->type == OVS_VPORT_TYPE_INTERNAL ? " (internal)" : "");
        }
        g_clear_pointer(&ports, g_array_unref);
    }
    if (!dps)
        return -e->code;
    g_array_unref(dps);
    return 0;
}
