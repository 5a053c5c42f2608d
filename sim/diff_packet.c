/* diff_packet.c - frames in words, one alone or two side by side; see diff.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/openvswitch.h>
#include <string.h>

#include "dp/extract.h"
#include "dp/key.h"
#include "dp/pkt.h"
#include "sim/diff.h"
#include "sim/key_fields.h"

#define MAX_BYTES 8             /* differing bytes that are shown */
#define KEY_ROOM 8192
#define NS_PER_S 1000000000

/* ---- a frame as a key ------------------------------------------------------------------------ */

static void print_key(GString *out, const struct flow_key *key)
{
    uint8_t room[KEY_ROOM] __attribute__((aligned(8))) = { 0 };
    struct nlmsghdr *msg = mnl_nlmsg_put_header(room);
    const struct nlattr *nest = mnl_nlmsg_get_payload(msg);
    GString *text = g_string_new(NULL);
    const char *eth;

    key_put(msg, OVS_FLOW_ATTR_KEY, key, key, false);
    key_format(text, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), NULL, 0, NULL);
    /* The metadata in front of it is not of the frame. */
    eth = strstr(text->str, "eth(");
    g_string_append(out, eth ? eth : text->str);
    g_string_free(text, TRUE);
}

void diff_print_frame(GString *out, const uint8_t *frame, size_t len)
{
    struct pkt_pool pool = { 0 };
    struct pkt *p = pkt_new(&pool, frame, len);
    struct flow_key key;

    memset(&key, 0, sizeof(key));
    key_clear(&key);
    key.in_port = KEY_MAX_PORTS;
    key.mac_proto = KEY_MAC_ETH;
    if (key_extract(&key, p))
        g_string_append(out, "not a packet the datapath would take");
    else
        print_key(out, &key);
    pkt_free(&pool, p);
    pkt_pool_done(&pool);
}

/* ---- side by side ---------------------------------------------------------------------------- */

static GPtrArray *packet_fields(const struct pcap_in_frame *f)
{
    GPtrArray *fields = key_fields_new();
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%" PRId64 ".%09" PRId64, f->time_ns / NS_PER_S, f->time_ns % NS_PER_S);
    key_fields_add(fields, "time", text->str);
    g_string_printf(text, "%zu", f->len);
    key_fields_add(fields, "length", text->str);
    g_string_truncate(text, 0);
    diff_print_frame(text, f->data, f->len);
    key_fields_take_apart(fields, text->str);
    g_string_free(text, TRUE);
    return fields;
}

/* Names of both, those of 'b' alone behind the last one that both have. */
static GPtrArray *all_names(const GPtrArray *a, const GPtrArray *b)
{
    GPtrArray *names = g_ptr_array_new();
    guint at = 0, found;

    for (guint i = 0; a && i < a->len; i++)
        g_ptr_array_add(names, ((struct named_value *)g_ptr_array_index(a, i))->name);
    for (guint i = 0; b && i < b->len; i++) {
        char *name = ((struct named_value *)g_ptr_array_index(b, i))->name;

        if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, &found))
            at = found + 1;
        else
            g_ptr_array_insert(names, (gint)at++, name);
    }
    return names;
}

/* Bytes that differ become fields of both. */
static void add_bytes(GPtrArray *fields_a, GPtrArray *fields_b, const struct pcap_in_frame *a,
                      const struct pcap_in_frame *b)
{
    unsigned n = 0;

    for (size_t i = 0; i < MIN(a->len, b->len) && n <= MAX_BYTES; i++) {
        g_autofree char *name = g_strdup_printf(n < MAX_BYTES ? "byte %zu" : "...", i);
        char x[3], y[3];

        if (a->data[i] == b->data[i])
            continue;
        n++;
        g_snprintf(x, sizeof(x), "%02x", a->data[i]);
        g_snprintf(y, sizeof(y), "%02x", b->data[i]);
        key_fields_add(fields_a, name, x);
        key_fields_add(fields_b, name, y);
    }
}

static int widest(const GPtrArray *fields, const char *title)
{
    size_t most = strlen(title);

    for (guint i = 0; fields && i < fields->len; i++)
        most = MAX(most, strlen(((struct named_value *)g_ptr_array_index(fields, i))->value));
    return (int)most;
}

static void print_row(GString *out, const char *name, int width, const char *x, const char *y)
{
    bool is_same = x && y && !strcmp(x, y);

    g_string_append_printf(out, "      %-12s %-*s %c %s", name, width, x ? x : "", is_same ? ' ' : '|',
                           y ? y : "");
    while (out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

void diff_packets(GString *out, const struct diff_files *names, const struct pcap_in_frame *a,
                  const struct pcap_in_frame *b)
{
    GPtrArray *fields_a = a ? packet_fields(a) : NULL, *fields_b = b ? packet_fields(b) : NULL;
    GPtrArray *all;
    int width;

    if (a && b)
        add_bytes(fields_a, fields_b, a, b);
    all = all_names(fields_a, fields_b);
    width = widest(fields_a, names->a_name);
    g_string_append_printf(out, "      %-12s %-*s   %s\n", "", width, names->a_name, names->b_name);
    for (guint i = 0; i < all->len; i++) {
        const char *name = g_ptr_array_index(all, i);

        print_row(out, name, width, key_fields_value(fields_a, name), key_fields_value(fields_b, name));
    }
    g_ptr_array_free(all, TRUE);
    if (fields_a)
        g_ptr_array_free(fields_a, TRUE);
    if (fields_b)
        g_ptr_array_free(fields_b, TRUE);
}
