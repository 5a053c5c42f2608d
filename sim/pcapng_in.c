/* pcapng_in.c - see pcapng.h: the reader of pcapng and of pcap, for what it is told block by block.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "sim/pcapng_int.h"

#define NS_PER_S 1000000000
#define MAX_DECIMALS 19                 /* 10^19 is the last power of ten in 64 bits */
#define MICROSECONDS 6
#define BINARY 0x80                     /* IF_TSRESOL: a power of 2, not of 10 */
#define LINK_TYPE 0xffffu               /* in pcap's header; above it: checksums at frames' ends */

enum { PCAP_HEAD = 24, PCAP_RECORD = 16 };
enum { MAGIC_MICRO = 0xa1b2c3d4, MAGIC_NANO = 0xa1b23c4d };

struct interface {
    char *name;
    uint16_t link_type;
    uint64_t per_second;                /* units of its stamps in a second, never 0 */
    int64_t offset_s;                   /* added to them, seconds */
};

/* Bytes that are read from front to back. */
struct span {
    const uint8_t *at;
    size_t len;
};

struct pcapng_in {
    char *path;
    GBytes *bytes;
    struct span rest;                   /* of the file */
    uint64_t n_blocks;                  /* begun */
    size_t offset;                      /* of the last of them */
    bool is_swapped;                    /* the section has the other byte order */
    bool is_pcap;
    GArray *interfaces;                 /* of struct interface, those of the section */
    GString *text;                      /* comment of the last record */
};

static uint32_t u32_at(const struct pcapng_in *in, const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return in->is_swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

static uint16_t u16_at(const struct pcapng_in *in, const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return (uint16_t)(in->is_swapped ? GUINT16_SWAP_LE_BE(value) : value);
}

/* The next 'len' bytes; NULL: there are not so many. */
static const uint8_t *take(struct span *s, size_t len)
{
    const uint8_t *at = s->at;

    if (len > s->len)
        return NULL;
    s->at += len;
    s->len -= len;
    return at;
}

/* ---- options --------------------------------------------------------------------------------- */

struct option {
    uint16_t code, len;
    const uint8_t *value;
};

/* 1: an option, 0: the last was there, -EBADMSG. */
static int option_next(const struct pcapng_in *in, struct span *s, struct option *o, struct err *e)
{
    const uint8_t *head;

    if (!s->len)
        return 0;
    head = take(s, 4);
    if (!head)
        return err_set(e, EBADMSG, "an option is cut");
    *o = (struct option){ u16_at(in, head), u16_at(in, head + 2), s->at };
    if (o->code == OPT_END)
        return 0;
    if (!take(s, PADDED((size_t)o->len)))
        return err_set(e, EBADMSG, "option %u of %u bytes is longer than the block", o->code,
                       o->len);
    return 1;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void interface_clear(gpointer at)
{
    g_free(((struct interface *)at)->name);
}

static int read_section(struct pcapng_in *in, struct span body, struct pcapng_record *r,
                        struct err *e)
{
    uint16_t version = u16_at(in, body.at + 4);

    (void)r;
    if (version != 1)
        return err_set(e, EBADMSG, "version %u of pcapng is not known", version);
    g_array_set_size(in->interfaces, 0);
    return 0;
}

static int set_resolution(struct interface *i, const struct option *o, struct err *e)
{
    uint8_t value = o->len ? *o->value : MICROSECONDS, power = value & (BINARY - 1);

    if (power > (value & BINARY ? 63 : MAX_DECIMALS))
        return err_set(e, EBADMSG, "time stamps of resolution %#x are not known", value);
    i->per_second = value & BINARY ? UINT64_C(1) << power : 1;
    for (uint8_t n = 0; n < power && !(value & BINARY); n++)
        i->per_second *= 10;
    return 0;
}

static int set_offset(const struct pcapng_in *in, struct interface *i, const struct option *o,
                      struct err *e)
{
    uint64_t value;

    if (o->len != sizeof(value))
        return err_set(e, EBADMSG, "the offset of time stamps has %u bytes in place of 8", o->len);
    memcpy(&value, o->value, sizeof(value));
    i->offset_s = (int64_t)(in->is_swapped ? GUINT64_SWAP_LE_BE(value) : value);
    return 0;
}

static int read_interface(struct pcapng_in *in, struct span body, struct pcapng_record *r,
                          struct err *e)
{
    struct interface i = { .link_type = u16_at(in, take(&body, 8)), .per_second = 1000000 };
    struct option o;
    int rc;

    (void)r;
    while ((rc = option_next(in, &body, &o, e)) > 0) {
        if (o.code == IF_NAME && !i.name)
            i.name = g_strndup((const char *)o.value, o.len);
        else if (o.code == IF_TSRESOL)
            rc = set_resolution(&i, &o, e);
        else if (o.code == IF_TSOFFSET)
            rc = set_offset(in, &i, &o, e);
        if (rc < 0)
            break;
    }
    if (!i.name)
        i.name = g_strdup("");
    g_array_append_val(in->interfaces, i);
    return rc;
}

static int set_time(struct pcapng_record *r, const struct interface *i, uint64_t stamp,
                    struct err *e)
{
    uint64_t s = stamp / i->per_second, part = stamp % i->per_second;
    __int128 ns = (__int128)s * NS_PER_S + (__int128)i->offset_s * NS_PER_S
                  + (__int128)part * NS_PER_S / i->per_second;

    if (ns > INT64_MAX || ns < INT64_MIN)
        return err_set(e, EBADMSG, "the time stamp is out of range");
    r->time_ns = (int64_t)ns;
    return 0;
}

static void set_interface(struct pcapng_in *in, struct pcapng_record *r, unsigned number)
{
    const struct interface *i = &g_array_index(in->interfaces, struct interface, number);

    r->kind = PCAPNG_PACKET;
    r->interface = number;
    r->name = i->name;
    r->link_type = i->link_type;
}

static int read_packet_options(struct pcapng_in *in, struct span *s, struct pcapng_record *r,
                               struct err *e)
{
    struct option o;
    int rc;

    while ((rc = option_next(in, s, &o, e)) > 0) {
        if (o.code == OPT_COMMENT && !in->text->len)
            g_string_append_len(in->text, (const char *)o.value, o.len);
        else if (o.code == EPB_FLAGS && o.len == 4 && (u32_at(in, o.value) & EPB_DIRECTION) < 3)
            r->direction = u32_at(in, o.value) & EPB_DIRECTION;
    }
    return rc;
}

static int read_packet(struct pcapng_in *in, struct span body, struct pcapng_record *r,
                       struct err *e)
{
    const uint8_t *head = take(&body, 20);
    uint32_t number = u32_at(in, head), len = u32_at(in, head + 12);
    uint64_t stamp = (uint64_t)u32_at(in, head + 4) << 32 | u32_at(in, head + 8);

    if (number >= in->interfaces->len)
        return err_set(e, EBADMSG, "interface %u was not described", number);
    set_interface(in, r, number);
    r->data = take(&body, PADDED((size_t)len));
    r->len = len;
    r->full_len = u32_at(in, head + 16);
    if (!r->data)
        return err_set(e, EBADMSG, "a packet of %u bytes is longer than the block", len);
    if (set_time(r, &g_array_index(in->interfaces, struct interface, number), stamp, e)
        || read_packet_options(in, &body, r, e))
        return -EBADMSG;
    return 1;
}

static int read_unstamped(struct pcapng_in *in, struct span body, struct pcapng_record *r,
                          struct err *e)
{
    (void)in;
    (void)body;
    (void)r;
    return err_set(e, EBADMSG, "simple packet blocks are not read: they have no time stamp");
}

static int read_obsolete(struct pcapng_in *in, struct span body, struct pcapng_record *r,
                         struct err *e)
{
    (void)in;
    (void)body;
    (void)r;
    return err_set(e, EBADMSG, "packet blocks of the obsolete form are not read");
}

/* Others' custom blocks are skipped. */
static int read_custom(struct pcapng_in *in, struct span body, struct pcapng_record *r,
                       struct err *e)
{
    uint32_t owner = u32_at(in, take(&body, 4));
    char *text, *end;
    guint64 time_ns;

    if (owner != EXAMPLE_PEN || body.len < strlen(EVENT_WORD)
        || memcmp(body.at, EVENT_WORD, strlen(EVENT_WORD)) != 0)
        return 0;
    g_string_append_len(in->text, (const char *)body.at,
                        (gssize)strnlen((const char *)body.at, body.len));
    text = in->text->str + strlen(EVENT_WORD);
    errno = 0;
    time_ns = g_ascii_strtoull(text, &end, 10);
    if (end == text || *end != ' ' || errno || time_ns > INT64_MAX)
        return err_set(e, EBADMSG, "an event begins with \"dpsim TIME_NS \", not \"%.40s\"",
                       in->text->str);
    r->kind = PCAPNG_EVENT;
    r->time_ns = (int64_t)time_ns;
    g_string_erase(in->text, 0, end + 1 - in->text->str);
    return 1;
}

/* clang-format off */
static const struct block_kind {
    uint32_t type;
    size_t least;               /* bytes of the body */
    /* 1: it is a record, 0: it is not, -EBADMSG with 'e'. */
    int (*read)(struct pcapng_in *in, struct span body, struct pcapng_record *r, struct err *e);
} kinds[] = {
    { BLOCK_SECTION,       16, read_section },
    { BLOCK_INTERFACE,      8, read_interface },
    { BLOCK_PACKET,        20, read_packet },
    { BLOCK_SIMPLE_PACKET,  0, read_unstamped },
    { BLOCK_OLD_PACKET,     0, read_obsolete },
    { BLOCK_CUSTOM,         4, read_custom },
};
/* clang-format on */

static const struct block_kind *kind_of(uint32_t type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

/* Which byte order a section has stands behind its type, which is the same in both. */
static int find_byte_order(struct pcapng_in *in, struct err *e)
{
    if (in->rest.len < BLOCK_FRAME || u32_at(in, in->rest.at) != BLOCK_SECTION)
        return 0;
    in->is_swapped = false;
    if (u32_at(in, in->rest.at + 8) == BYTE_ORDER_MAGIC)
        return 0;
    in->is_swapped = true;
    if (u32_at(in, in->rest.at + 8) == BYTE_ORDER_MAGIC)
        return 0;
    return err_set(e, EBADMSG, "the section's byte order cannot be told");
}

static int take_block(struct pcapng_in *in, uint32_t *type, struct span *body, struct err *e)
{
    const uint8_t *block = in->rest.at;
    uint32_t len;

    if (find_byte_order(in, e))
        return -EBADMSG;
    if (in->rest.len < BLOCK_FRAME)
        return err_set(e, EBADMSG, "the file ends within the block");
    *type = u32_at(in, block);
    len = u32_at(in, block + 4);
    if (len < BLOCK_FRAME || len % 4)
        return err_set(e, EBADMSG, "%u is not the length of a block", len);
    if (!take(&in->rest, len))
        return err_set(e, EBADMSG, "the file ends within the block: %zu bytes of %u",
                       in->rest.len, len);
    if (u32_at(in, block + len - 4) != len)
        return err_set(e, EBADMSG, "the block's two lengths differ: %u and %u", len,
                       u32_at(in, block + len - 4));
    *body = (struct span){ block + 8, len - BLOCK_FRAME };
    return 0;
}

static int read_block(struct pcapng_in *in, struct pcapng_record *r, struct err *e)
{
    const struct block_kind *kind;
    struct span body;
    uint32_t type = 0;

    if (take_block(in, &type, &body, e))
        return -EBADMSG;
    kind = kind_of(type);
    if (!kind)
        return 0;
    if (body.len < kind->least)
        return err_set(e, EBADMSG, "a block of type %u has at least %zu bytes, not %zu", type,
                       kind->least + BLOCK_FRAME, body.len + BLOCK_FRAME);
    return kind->read(in, body, r, e);
}

/* ---- pcap ------------------------------------------------------------------------------------ */

static int read_pcap_record(struct pcapng_in *in, struct pcapng_record *r, struct err *e)
{
    const struct interface *i = &g_array_index(in->interfaces, struct interface, 0);
    const uint8_t *head = take(&in->rest, PCAP_RECORD);
    uint32_t part;

    if (!head)
        return err_set(e, EBADMSG, "the file ends within the record");
    set_interface(in, r, 0);
    part = u32_at(in, head + 4);
    if (part >= i->per_second)
        return err_set(e, EBADMSG, "%u is no fraction of a second", part);
    r->time_ns = (int64_t)u32_at(in, head) * NS_PER_S + (int64_t)(part * (NS_PER_S / i->per_second));
    r->len = u32_at(in, head + 8);
    r->full_len = u32_at(in, head + 12);
    r->data = take(&in->rest, r->len);
    if (!r->data)
        return err_set(e, EBADMSG, "the file ends within the record: %zu bytes of %zu",
                       in->rest.len, r->len);
    return 1;
}

static void begin_pcap(struct pcapng_in *in, uint64_t per_second)
{
    const uint8_t *head = take(&in->rest, PCAP_HEAD);
    struct interface i = { .name = g_strdup(""), .per_second = per_second };

    in->is_pcap = true;
    i.link_type = (uint16_t)(u32_at(in, head + 20) & LINK_TYPE);
    g_array_append_val(in->interfaces, i);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int begin(struct pcapng_in *in, struct err *e)
{
    uint32_t magic = in->rest.len >= sizeof(magic) ? u32_at(in, in->rest.at) : 0;

    if (magic == BLOCK_SECTION)
        return 0;
    in->is_swapped = magic == GUINT32_SWAP_LE_BE(MAGIC_MICRO)
                     || magic == GUINT32_SWAP_LE_BE(MAGIC_NANO);
    magic = in->is_swapped ? GUINT32_SWAP_LE_BE(magic) : magic;
    if (magic != MAGIC_MICRO && magic != MAGIC_NANO)
        return err_set(e, EBADMSG, "%s: is neither a pcapng nor a pcap file", in->path);
    if (in->rest.len < PCAP_HEAD)
        return err_set(e, EBADMSG, "%s: the file ends within its header", in->path);
    begin_pcap(in, magic == MAGIC_MICRO ? 1000000 : NS_PER_S);
    return 0;
}

struct pcapng_in *pcapng_in_bytes(GBytes *bytes, const char *name, struct err *e)
{
    struct pcapng_in *in = g_new0(struct pcapng_in, 1);

    in->path = g_strdup(name);
    in->bytes = g_bytes_ref(bytes);
    in->rest.at = g_bytes_get_data(bytes, &in->rest.len);
    in->interfaces = g_array_new(FALSE, FALSE, sizeof(struct interface));
    g_array_set_clear_func(in->interfaces, interface_clear);
    in->text = g_string_new(NULL);
    if (!begin(in, e))
        return in;
    pcapng_in_close(in);
    return NULL;
}

struct pcapng_in *pcapng_in_open(const char *path, struct err *e)
{
    g_autoptr(GError) why = NULL;
    GMappedFile *map = g_mapped_file_new(path, FALSE, &why);
    g_autoptr(GBytes) bytes = map ? g_mapped_file_get_bytes(map) : NULL;

    if (!map) {
        (void)err_set(e, EIO, "%s: cannot be read: %s", path, why->message);
        return NULL;
    }
    g_mapped_file_unref(map);
    return pcapng_in_bytes(bytes, path, e);
}

void pcapng_in_close(struct pcapng_in *in)
{
    if (!in)
        return;
    g_array_free(in->interfaces, TRUE);
    g_string_free(in->text, TRUE);
    g_bytes_unref(in->bytes);
    g_free(in->path);
    g_free(in);
}

int pcapng_in_next(struct pcapng_in *in, struct pcapng_record *record, struct err *e)
{
    size_t size = g_bytes_get_size(in->bytes);
    struct pcapng_record r;
    int rc = 0;

    while (!rc && in->rest.len) {
        in->offset = size - in->rest.len;
        g_string_truncate(in->text, 0);
        r = (struct pcapng_record){ .block = ++in->n_blocks, .offset = in->offset, .name = "" };
        rc = in->is_pcap ? read_pcap_record(in, &r, e) : read_block(in, &r, e);
    }
    if (rc < 0)
        (void)err_prefix(e, "%s: %s %" PRIu64 " at offset %zu", in->path,
                         in->is_pcap ? "record" : "block", in->n_blocks, in->offset);
    if (rc > 0) {
        r.comment = in->text->str;
        *record = r;
    }
    return rc;
}
