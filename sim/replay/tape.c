/* tape.c - see tape.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/replay/tape.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/scan.h"
#include "base/wire.h"
#include "sim/pcapng.h"

#define COOKED_LEN 16
#define SOCKS_MOST 10000000
#define ARPHRD 824              /* ARPHRD_NETLINK */
enum { OUTGOING = 4, TO_USER = 6, TO_KERNEL = 7 };      /* packet types of the cooked header */

/* ---- lines ------------------------------------------------------------------------------------- */

const char *tape_event(const struct tape_record *r, const char *word)
{
    size_t len = strlen(word);

    if (r->kind != TAPE_EVENT || strncmp(r->text, word, len) || (r->text[len] && r->text[len] != ' '))
        return NULL;
    return r->text + len + (r->text[len] == ' ');
}

/* Behind "NAME=", which stands at the start or after a blank. */
static const char *find_value(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = text; (at = strstr(at, name)); at++)
        if ((at == text || at[-1] == ' ') && at[len] == '=')
            return at + len + 1;
    return NULL;
}

int64_t tape_number(const char *text, const char *name, int64_t otherwise)
{
    const char *value = find_value(text, name);

    return value ? strtoll(value, NULL, 0) : otherwise;
}

GByteArray *tape_bytes(const char *text, const char *name)
{
    const char *value = find_value(text, name);
    size_t len = value ? strspn(value, "0123456789abcdef") / 2 : 0;
    GByteArray *bytes;
    struct scan in;

    if (!value)
        return NULL;
    bytes = g_byte_array_new();
    g_byte_array_set_size(bytes, (guint)len);
    scan_init(&in, value);
    (void)wire_bytes.scan(&in, bytes->data, len);
    return bytes;
}

uint32_t tape_seq(const struct tape_record *r)
{
    struct nlmsghdr msg;

    memcpy(&msg, r->data, sizeof(msg));
    return msg.nlmsg_seq;
}

int tape_sock_order(const void *a, const void *b, void *unused)
{
    guint first = GPOINTER_TO_UINT(a), second = GPOINTER_TO_UINT(b);

    (void)unused;
    return (first > second) - (first < second);
}

/* ---- reading ----------------------------------------------------------------------------------- */

void tape_record_free(void *record)
{
    struct tape_record *r = record;

    g_free(r->text);
    g_free(r->device);
    g_free(r->data);
    g_free(r);
}

static int damaged(const struct tape *t, const struct pcapng_record *from, const char *what,
                   struct err *e)
{
    return err_set(e, EBADMSG, "%s: block %" G_GUINT64_FORMAT " at offset %zu: %s", t->path,
                   from->block, from->offset, what);
}

static int keep(struct tape *t, struct tape_record r, const struct pcapng_record *from, struct err *e)
{
    int64_t sock = tape_number(from->comment, "sock", 0);

    r.number = ++t->n_read;
    r.time_ns = (uint64_t)from->time_ns;
    r.text = g_strdup(from->comment);
    r.sock = (unsigned)sock;
    if (r.kind == TAPE_EVENT && tape_event(&r, "end"))
        t->is_whole = true;
    g_ptr_array_add(t->records, g_memdup2(&r, sizeof(r)));
    return sock < 0 || sock > SOCKS_MOST ? damaged(t, from, "no socket can have this number", e) : 0;
}

/* nlmon gives its packets out as "outgoing", whichever way they went: requests say that they are. */
static unsigned type_of(const struct pcapng_record *from)
{
    unsigned type = be16_get(from->data);
    struct nlmsghdr msg;

    if (type != OUTGOING || from->len < COOKED_LEN + sizeof(msg))
        return type;
    memcpy(&msg, from->data + COOKED_LEN, sizeof(msg));
    return msg.nlmsg_flags & NLM_F_REQUEST ? TO_KERNEL : TO_USER;
}

/* What is shorter than a netlink header reads as one with zeros behind. */
static uint8_t *copy_of(const uint8_t *data, size_t len)
{
    uint8_t *copy = g_malloc0(MAX(len, sizeof(struct nlmsghdr)));

    if (len)
        memcpy(copy, data, len);
    return copy;
}

static int keep_datagram(struct tape *t, const struct pcapng_record *from, struct err *e)
{
    struct tape_record r = { 0 };
    unsigned type;

    if (from->len < COOKED_LEN || be16_get(from->data + 2) != ARPHRD)
        return damaged(t, from, "no header of a netlink capture", e);
    if (from->len < from->full_len)
        return damaged(t, from, "the capture has cut the packet (tcpdump: -s 0)", e);
    type = type_of(from);
    if (type != TO_USER && type != TO_KERNEL) {     /* from program to program */
        t->n_read++;
        return 0;
    }
    r.kind = type == TO_KERNEL ? TAPE_REQUEST : TAPE_ANSWER;
    r.protocol = be16_get(from->data + 14);
    r.len = from->len - COOKED_LEN;
    r.data = copy_of(from->data + COOKED_LEN, r.len);
    return keep(t, r, from, e);
}

static int keep_record(struct tape *t, const struct pcapng_record *from, struct err *e)
{
    struct tape_record r = { .kind = TAPE_EVENT };

    if (from->kind == PCAPNG_EVENT) {
        t->has_events = true;
        return keep(t, r, from, e);
    }
    if (from->link_type == PCAPNG_NETLINK)
        return keep_datagram(t, from, e);
    if (from->link_type != PCAPNG_ETHERNET || from->direction == PCAPNG_UNKNOWN)
        return damaged(t, from, "a packet that is neither netlink nor Ethernet with a direction", e);
    if (from->len < from->full_len)
        return damaged(t, from, "the capture has cut the frame", e);
    r.kind = from->direction == PCAPNG_IN ? TAPE_FRAME_IN : TAPE_FRAME_OUT;
    r.device = g_strdup(from->name);
    r.len = from->len;
    r.data = copy_of(from->data, from->len);
    return keep(t, r, from, e);
}

struct tape *tape_read(const char *path, struct err *e)
{
    struct pcapng_in *in = pcapng_in_open(path, e);

    return in ? tape_take(in, path, e) : NULL;
}

struct tape *tape_take(struct pcapng_in *in, const char *path, struct err *e)
{
    struct tape *t = g_new0(struct tape, 1);
    struct pcapng_record record;
    int more = 1;

    t->path = g_strdup(path);
    t->records = g_ptr_array_new_with_free_func(tape_record_free);
    while (more > 0 && (more = pcapng_in_next(in, &record, e)) > 0)
        more = keep_record(t, &record, e) ? -1 : 1;
    pcapng_in_close(in);
    if (!more && t->records->len)
        return t;
    if (!more)
        err_set(e, ENODATA, "%s: nothing is recorded there", path);
    tape_free(t);
    return NULL;
}

struct tape *tape_part(const struct tape *t, const bool *keeps)
{
    struct tape *part = g_memdup2(t, sizeof(*t));

    part->path = g_strdup(t->path);
    part->records = g_ptr_array_new_with_free_func(tape_record_free);
    for (guint i = 0; i < t->records->len; i++) {
        struct tape_record *r;

        if (!keeps[i])
            continue;
        r = g_memdup2(t->records->pdata[i], sizeof(*r));
        r->text = g_strdup(r->text);
        r->device = g_strdup(r->device);
        r->data = r->data ? copy_of(r->data, r->len) : NULL;
        g_ptr_array_add(part->records, r);
    }
    return part;
}

void tape_free(struct tape *t)
{
    if (!t)
        return;
    g_ptr_array_unref(t->records);
    g_free(t->path);
    g_free(t);
}

/* ---- writing ----------------------------------------------------------------------------------- */

struct writer {
    struct pcapng_out *out;
    GPtrArray *interfaces;      /* names, by number */
};

static unsigned interface_of(struct writer *w, const char *name, uint16_t link_type)
{
    for (guint i = 0; i < w->interfaces->len; i++)
        if (!strcmp(w->interfaces->pdata[i], name))
            return i;
    g_ptr_array_add(w->interfaces, (gpointer)(uintptr_t)name);
    return pcapng_out_interface(w->out, name, link_type);
}

static void put(struct writer *w, const struct tape_record *r)
{
    bool is_datagram = r->kind == TAPE_REQUEST || r->kind == TAPE_ANSWER;
    bool is_in = r->kind == TAPE_REQUEST || r->kind == TAPE_FRAME_IN;
    uint8_t cooked[COOKED_LEN] = { 0 };
    struct pcapng_packet p = { .time_ns = r->time_ns, .data = r->data, .len = r->len,
                               .direction = is_in ? PCAPNG_IN : PCAPNG_OUT };

    if (r->kind == TAPE_EVENT) {
        pcapng_out_event(w->out, r->time_ns, r->text);
        return;
    }
    p.comment = *r->text ? r->text : NULL;
    if (is_datagram) {
        be16_put(cooked, is_in ? TO_KERNEL : TO_USER);
        be16_put(cooked + 2, ARPHRD);
        be16_put(cooked + 14, (uint16_t)r->protocol);
        p.head = cooked;
        p.head_len = sizeof(cooked);
    }
    p.interface = is_datagram ? interface_of(w, "netlink", PCAPNG_NETLINK)
                              : interface_of(w, r->device, PCAPNG_ETHERNET);
    pcapng_out_packet(w->out, &p);
}

int tape_write(const struct tape *t, const char *path, struct err *e)
{
    struct writer w = { .out = pcapng_out_open(path, e) };

    if (!w.out)
        return -e->code;
    w.interfaces = g_ptr_array_new();
    (void)interface_of(&w, "netlink", PCAPNG_NETLINK);
    for (guint i = 0; i < t->records->len; i++)
        put(&w, t->records->pdata[i]);
    g_ptr_array_unref(w.interfaces);
    return pcapng_out_close(w.out, e);
}
