/* pcapng_out.c - see pcapng.h: the writer. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "sim/file_out.h"
#include "sim/pcapng_int.h"

#define OUT_SNAPLEN 262144
#define MOST_TEXT 65535                 /* of an option */
#define NANOSECONDS 9                   /* IF_TSRESOL: 10^-9 */

struct pcapng_out {
    struct file_out *file;
    unsigned n_interfaces;
};

/* The block under way: 'at' goes through its body. */
struct body {
    uint8_t *at;
};

static void put(struct body *b, const void *bytes, size_t len)
{
    if (len)                            /* 'bytes' may be NULL */
        memcpy(b->at, bytes, len);
    b->at += len;
}

static void put32(struct body *b, uint32_t value)
{
    put(b, &value, sizeof(value));
}

static void put16(struct body *b, uint16_t value)
{
    put(b, &value, sizeof(value));
}

static void put_padding(struct body *b, size_t len)
{
    memset(b->at, 0, PADDED(len) - len);
    b->at += PADDED(len) - len;
}

static size_t option_len(size_t len)
{
    return 4 + PADDED(len);
}

static void put_option(struct body *b, uint16_t code, const void *value, size_t len)
{
    put16(b, code);
    put16(b, (uint16_t)len);
    put(b, value, len);
    put_padding(b, len);
}

/* A block whose body is 'len' bytes, a multiple of 4, which the caller fills. */
static struct body begin(struct pcapng_out *out, uint32_t type, size_t len)
{
    uint32_t total = BLOCK_FRAME + (uint32_t)len;
    struct body b = { file_out_take(out->file, total) };

    memcpy(b.at + total - sizeof(total), &total, sizeof(total));
    put32(&b, type);
    put32(&b, total);
    return b;
}

static void put_section(struct pcapng_out *out)
{
    static const char name[] = "dpsim";
    struct body b = begin(out, BLOCK_SECTION, 16 + option_len(strlen(name)) + option_len(0));

    put32(&b, BYTE_ORDER_MAGIC);
    put16(&b, 1);                       /* version 1.0 */
    put16(&b, 0);
    put32(&b, UINT32_MAX);              /* length of the section, 64 bits: not said */
    put32(&b, UINT32_MAX);
    put_option(&b, SHB_USERAPPL, name, strlen(name));
    put_option(&b, OPT_END, "", 0);
}

struct pcapng_out *pcapng_out_open(const char *path, struct err *e)
{
    struct file_out *file = file_out_open(path, e);
    struct pcapng_out *out;

    if (!file)
        return NULL;
    out = g_new(struct pcapng_out, 1);
    *out = (struct pcapng_out){ .file = file };
    put_section(out);
    return out;
}

unsigned pcapng_out_interface(struct pcapng_out *out, const char *name, uint16_t link_type)
{
    const uint8_t resolution = NANOSECONDS;
    size_t len = strlen(name);
    struct body b = begin(out, BLOCK_INTERFACE, 8 + option_len(len) + option_len(1) + option_len(0));

    put16(&b, link_type);
    put16(&b, 0);
    put32(&b, OUT_SNAPLEN);
    put_option(&b, IF_NAME, name, len);
    put_option(&b, IF_TSRESOL, &resolution, 1);
    put_option(&b, OPT_END, "", 0);
    return out->n_interfaces++;
}

void pcapng_out_packet(struct pcapng_out *out, const struct pcapng_packet *p)
{
    size_t len = p->head_len + p->len, comment_len = p->comment ? strlen(p->comment) : 0;
    size_t options = comment_len ? option_len(comment_len) : 0;
    uint32_t flags = p->direction;
    struct body b;

    if (len > OUT_SNAPLEN || comment_len > MOST_TEXT) {
        file_out_spoil(out->file, EMSGSIZE);
        return;
    }
    options += option_len(sizeof(flags)) + option_len(0);
    b = begin(out, BLOCK_PACKET, 20 + PADDED(len) + options);
    put32(&b, p->interface);
    put32(&b, (uint32_t)(p->time_ns >> 32));
    put32(&b, (uint32_t)p->time_ns);
    put32(&b, (uint32_t)len);
    put32(&b, (uint32_t)len);
    put(&b, p->head, p->head_len);
    put(&b, p->data, p->len);
    put_padding(&b, len);
    if (comment_len)
        put_option(&b, OPT_COMMENT, p->comment, comment_len);
    put_option(&b, EPB_FLAGS, &flags, sizeof(flags));
    put_option(&b, OPT_END, "", 0);
}

void pcapng_out_event(struct pcapng_out *out, uint64_t time_ns, const char *text)
{
    char head[32];
    size_t head_len, len;
    struct body b;

    head_len = (size_t)g_snprintf(head, sizeof(head), EVENT_WORD "%" PRIu64 " ", time_ns);
    len = head_len + strlen(text);
    if (len > OUT_SNAPLEN) {
        file_out_spoil(out->file, EMSGSIZE);
        return;
    }
    b = begin(out, BLOCK_CUSTOM, 4 + PADDED(len));
    put32(&b, EXAMPLE_PEN);
    put(&b, head, head_len);
    put(&b, text, len - head_len);
    put_padding(&b, len);
}

int pcapng_out_check(struct pcapng_out *out, struct err *e)
{
    return file_out_check(out->file, e);
}

int pcapng_out_close(struct pcapng_out *out, struct err *e)
{
    int r = out ? file_out_close(out->file, e) : 0;

    g_free(out);
    return r;
}
