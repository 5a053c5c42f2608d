/* cmd_show.c - dpsim show: what is in capture files, a line each: frames in the words of a flow key, netlink
 * messages, events of the flight recorder.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/diff.h"
#include "sim/pcapng.h"
#include "tools/cmd.h"

#define NS_PER_S 1000000000
#define COOKED_LEN 16           /* of LINKTYPE_NETLINK; its last two bytes are the protocol */

static const char *direction_name(enum pcapng_direction d)
{
    static const char *const names[] = { "", " in", " out" };

    return names[d];
}

/* ---- netlink --------------------------------------------------------------------------------- */

static const char *const protocols[] = {
    [NETLINK_ROUTE] = "route", [NETLINK_NETFILTER] = "netfilter", [NETLINK_GENERIC] = "generic",
};

static void print_protocol(GString *line, uint16_t protocol)
{
    if (protocol < G_N_ELEMENTS(protocols) && protocols[protocol])
        g_string_append(line, protocols[protocol]);
    else
        g_string_append_printf(line, "protocol %u", protocol);
}

/* What the message is, by its header and the one behind that. */
static void print_type(GString *line, uint16_t protocol, const struct nlmsghdr *msg)
{
    const void *payload = mnl_nlmsg_get_payload(msg);
    size_t len = mnl_nlmsg_get_payload_len(msg);
    int32_t error;

    if (msg->nlmsg_type == NLMSG_DONE) {
        g_string_append(line, "done");
    } else if (msg->nlmsg_type == NLMSG_ERROR && len >= sizeof(error)) {
        memcpy(&error, payload, sizeof(error));
        g_string_append(line, error ? err_name(error) : "ack");
    } else {
        g_string_append_printf(line, "type %u", msg->nlmsg_type);
        if (protocol == NETLINK_GENERIC && len >= sizeof(struct genlmsghdr))
            g_string_append_printf(line, " cmd %u", ((const struct genlmsghdr *)payload)->cmd);
    }
    g_string_append_printf(line, " flags %#x seq %u len %u", msg->nlmsg_flags, msg->nlmsg_seq,
                           msg->nlmsg_len);
}

/* The messages of a datagram, one behind the other. */
static void print_netlink(GString *line, const struct pcapng_record *r)
{
    int left = (int)r->len - COOKED_LEN;
    uint16_t protocol = left < 0 ? 0 : be16_get(r->data + COOKED_LEN - 2);
    g_autofree uint8_t *copy = left < 0 ? NULL : g_memdup2(r->data + COOKED_LEN, (gsize)left);
    const struct nlmsghdr *msg = (const void *)copy;    /* aligned */

    if (left < 0)
        g_string_append_printf(line, " len %zu: no netlink header", r->len);
    for (gsize begin = line->len; msg && mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
        if (line->len > begin)
            g_string_append_c(line, ';');
        g_string_append_c(line, ' ');
        print_protocol(line, protocol);
        g_string_append_c(line, ' ');
        print_type(line, protocol, msg);
    }
    if (left > 0)
        g_string_append_printf(line, " and %d bytes", left);
}

/* ---- a file ---------------------------------------------------------------------------------- */

static void print_packet(GString *line, const struct pcapng_record *r)
{
    if (*r->name)
        g_string_append_printf(line, " %s%s", r->name, direction_name(r->direction));
    if (*r->comment)
        g_string_append_printf(line, " %s", r->comment);
    if (r->link_type == PCAPNG_NETLINK) {
        print_netlink(line, r);
        return;
    }
    g_string_append_printf(line, " len %4zu ", r->len);
    if (r->len < r->full_len)
        g_string_append_printf(line, "of %zu ", r->full_len);
    if (r->link_type == PCAPNG_ETHERNET)
        diff_print_frame(line, r->data, r->len);
    else
        g_string_append_printf(line, "link type %u", r->link_type);
}

static int show_file(const char *path)
{
    struct err e = {0};
    struct pcapng_in *in = pcapng_in_open(path, &e);
    struct pcapng_record r;
    int more = in ? 1 : -1;

    for (unsigned n = 1; more > 0 && (more = pcapng_in_next(in, &r, &e)) > 0; n++) {
        GString *line = g_string_new(NULL);

        g_string_printf(line, "%5u %" PRId64 ".%09" PRId64, n, r.time_ns / NS_PER_S,
                        r.time_ns % NS_PER_S);
        if (r.kind == PCAPNG_EVENT)
            g_string_append_printf(line, " %s", r.comment);
        else
            print_packet(line, &r);
        puts(line->str);
        g_string_free(line, TRUE);
    }
    pcapng_in_close(in);
    if (more < 0)
        fprintf(stderr, "dpsim show: %s\n", e.text);
    return more < 0;
}

int cmd_show(int argc, char **argv)
{
    int status = 0;

    if (argc < 2 || !strcmp(argv[1], "--help")) {
        fprintf(argc < 2 ? stderr : stdout,
                "usage: dpsim show FILE...\n"
                "Prints what is in pcap and pcapng files, recordings of --record too: number, time, and\n"
                "of a frame interface and direction, length, key; of a netlink datagram its messages.\n");
        return argc < 2 ? 2 : 0;
    }
    for (int i = 1; i < argc; i++)
        status |= show_file(argv[i]);
    return status;
}
