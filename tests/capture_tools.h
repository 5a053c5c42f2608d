/* capture_tools.h - captures built by hand, block by block, in either byte order.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CAPTURE_TOOLS_H
#define CAPTURE_TOOLS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct file {
    GByteArray *bytes;
    bool is_swapped;
    guint block;                /* where the block under way begins */
};

static void put16(struct file *f, uint16_t value)
{
    value = (uint16_t)(f->is_swapped ? GUINT16_SWAP_LE_BE(value) : value);
    g_byte_array_append(f->bytes, (const guint8 *)&value, sizeof(value));
}

static void put32(struct file *f, uint32_t value)
{
    value = f->is_swapped ? GUINT32_SWAP_LE_BE(value) : value;
    g_byte_array_append(f->bytes, (const guint8 *)&value, sizeof(value));
}

static void put64(struct file *f, uint64_t value)
{
    put32(f, (uint32_t)(f->is_swapped ? value >> 32 : value));
    put32(f, (uint32_t)(f->is_swapped ? value : value >> 32));
}

static void put(struct file *f, const void *bytes, guint len)
{
    static const guint8 zero[4];

    g_byte_array_append(f->bytes, bytes, len);
    g_byte_array_append(f->bytes, zero, -len % 4);
}

static void put_option(struct file *f, uint16_t code, const void *value, uint16_t len)
{
    put16(f, code);
    put16(f, len);
    put(f, value, len);
}

static void begin_block(struct file *f, uint32_t type)
{
    f->block = f->bytes->len;
    put32(f, type);
    put32(f, 0);
}

static void end_block(struct file *f)
{
    guint len = f->bytes->len + 4 - f->block;

    put32(f, len);
    memcpy(f->bytes->data + f->block + 4, f->bytes->data + f->bytes->len - 4, 4);
}

static void put_section(struct file *f)
{
    begin_block(f, 0x0a0d0d0a);
    put32(f, 0x1a2b3c4d);
    put16(f, 1);
    put16(f, 0);
    put64(f, UINT64_MAX);
    end_block(f);
}

static void put_interface(struct file *f, uint16_t link_type, const char *name, int resolution)
{
    uint8_t byte = (uint8_t)resolution;

    begin_block(f, 1);
    put16(f, link_type);
    put16(f, 0);
    put32(f, 0);
    if (name)
        put_option(f, 2, name, (uint16_t)strlen(name));
    if (resolution >= 0)
        put_option(f, 9, &byte, 1);
    put_option(f, 0, "", 0);
    end_block(f);
}

static void begin_packet(struct file *f, uint32_t interface, uint64_t stamp, const char *data)
{
    begin_block(f, 6);
    put32(f, interface);
    put32(f, (uint32_t)(stamp >> 32));
    put32(f, (uint32_t)stamp);
    put32(f, (uint32_t)strlen(data));
    put32(f, (uint32_t)strlen(data) + 10);
    put(f, data, (guint)strlen(data));
}

static void put_packet(struct file *f, uint32_t interface, uint64_t stamp, const char *data)
{
    begin_packet(f, interface, stamp, data);
    end_block(f);
}

static struct file file_new(bool is_swapped)
{
    return (struct file){ g_byte_array_new(), is_swapped, 0 };
}

/* A header and one record. */
static void put_pcap(struct file *f, uint32_t magic, uint32_t link_type)
{
    put32(f, magic);
    put16(f, 2);
    put16(f, 4);
    put64(f, 0);
    put32(f, 65535);
    put32(f, link_type);
    put32(f, 1700000000);
    put32(f, 250);
    put32(f, 3);
    put32(f, 4);
    g_byte_array_append(f->bytes, (const guint8 *)"abc", 3);
}

#endif
