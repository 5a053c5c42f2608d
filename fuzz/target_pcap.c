/* target_pcap.c - any bytes as a capture: each packet is handed out or refused, and what is written of them reads the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/draw.h"
#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "sim/pcap_in.h"
#include "sim/pcap_out.h"

#define NAME "input.pcap"
#define SECONDS (UINT64_C(1) << 31)     /* that libpcap takes for a time after 1970 */
#define NS_PER_S 1000000000u

/* fmemopen() does not open no bytes. */
static struct pcap_in *open_bytes(GBytes *bytes, struct err *e)
{
    size_t len;
    const void *data = g_bytes_get_data(bytes, &len);
    FILE *file = len ? fmemopen((void *)(uintptr_t)data, len, "r") : NULL;

    return file ? pcap_in_read(file, NAME, e) : NULL;
}

/* Files whose writer was told all the packets of another. */
static uint64_t copy(struct pcap_in *in, struct pcap_out *out, struct err *e)
{
    struct pcap_in_frame frame;
    uint64_t n = 0, last = 0;
    int more;

    while ((more = pcap_in_next(in, &frame, e)) > 0) {
        n++;
        last = (uint64_t)frame.time_ns;
        if (last / NS_PER_S < SECONDS)
            pcap_out_put(out, last, frame.data, frame.len);
    }
    if (more < 0) {
        g_autofree char *where = g_strdup_printf(NAME ": packet %" G_GUINT64_FORMAT ": ", n + 1);

        FUZZ_CHECK(g_str_has_prefix(e->text, where) && strlen(e->text) > strlen(where), "packet %" G_GUINT64_FORMAT
                   " is refused with \"%s\"", n + 1, e->text);
    }
    return n;
}

/* The packets of both files, up to where the first is damaged. */
static void check_same(struct pcap_in *first, struct pcap_in *second, uint64_t n)
{
    struct pcap_in_frame want, got;
    struct err e = { 0 };

    for (uint64_t i = 1; i <= n; i++) {
        FUZZ_CHECK(pcap_in_next(first, &want, &e) > 0, "packet %" G_GUINT64_FORMAT " is not read again: %s", i, e.text);
        if ((uint64_t)want.time_ns / NS_PER_S >= SECONDS)
            continue;
        FUZZ_CHECK(pcap_in_next(second, &got, &e) > 0, "packet %" G_GUINT64_FORMAT " was not written: %s", i, e.text);
        FUZZ_CHECK(want.len == got.len && !memcmp(want.data, got.data, got.len), "packet %" G_GUINT64_FORMAT " differs", i);
        FUZZ_CHECK(want.time_ns == got.time_ns, "packet %" G_GUINT64_FORMAT " of time %" G_GINT64_FORMAT " has time %"
                   G_GINT64_FORMAT, i, want.time_ns, got.time_ns);
    }
    FUZZ_CHECK(pcap_in_next(second, &got, &e) == 0, "the copy does not end behind packet %" G_GUINT64_FORMAT ": %s", n, e.text);
}

static void check_copy(GBytes *bytes, struct pcap_in *in)
{
    static struct memory_file *file;
    g_autoptr(GBytes) written = NULL;
    struct err e = { 0 };
    struct pcap_in *first, *second;
    struct pcap_out *out;
    uint64_t n;

    file = file ? file : memory_file_new("copy.pcap");
    out = pcap_out_open(memory_file_path(file), &e);
    FUZZ_CHECK(out, "%s", e.text);
    n = copy(in, out, &e);
    FUZZ_CHECK(!pcap_out_close(out, &e), "%s", e.text);
    written = memory_file_bytes(file);
    first = open_bytes(bytes, &e);
    second = open_bytes(written, &e);
    FUZZ_CHECK(first && second, "a capture cannot be read again: %s", e.text);
    check_same(first, second, n);
    pcap_in_close(first);
    pcap_in_close(second);
}

static void run(const uint8_t *data, size_t len)
{
    g_autoptr(GBytes) bytes = exact_bytes(data, len);
    struct err e = { 0 };
    struct pcap_in *in = len ? open_bytes(bytes, &e) : NULL;

    if (in)
        check_copy(bytes, in);
    else
        FUZZ_CHECK(!len || g_str_has_prefix(e.text, NAME ": "), "a file is refused with \"%s\"", e.text);
    pcap_in_close(in);
}

/* ---- by lot ---------------------------------------------------------------------------------- */

#define MOST_FRAMES 6u
#define MOST_LEN 200u
#define SNAPLEN 65535u
enum { MAGIC_MICRO = 0xa1b2c3d4, MAGIC_NANO = 0xa1b23c4d, LINK_ETHERNET = 1 };

static void put32(GByteArray *out, uint32_t value, bool is_swapped)
{
    value = is_swapped ? GUINT32_SWAP_LE_BE(value) : value;
    g_byte_array_append(out, (const uint8_t *)&value, sizeof(value));
}

static void frame_generate(const struct draw *d, GByteArray *out, uint32_t per_second, bool is_swapped)
{
    uint32_t len = draw_below(d, MOST_LEN);
    uint8_t frame[MOST_LEN];

    draw_bytes(d, frame, sizeof(frame));
    put32(out, draw_number(d, UINT32_MAX), is_swapped);
    put32(out, draw_below(d, per_second), is_swapped);
    put32(out, len, is_swapped);
    put32(out, len, is_swapped);
    g_byte_array_append(out, frame, len);
}

static void generate(struct rng *r, GByteArray *out)
{
    const struct draw d = { .r = r };
    bool is_nano = draw_one_in(&d, 2), is_swapped = draw_one_in(&d, 2);

    put32(out, is_nano ? MAGIC_NANO : MAGIC_MICRO, is_swapped);
    put32(out, is_swapped ? GUINT16_SWAP_LE_BE(2) | (uint32_t)GUINT16_SWAP_LE_BE(4) << 16 : 2 | 4u << 16, false);       /* version 2.4, two words of 16 bits */
    put32(out, 0, is_swapped);
    put32(out, 0, is_swapped);
    put32(out, SNAPLEN, is_swapped);
    put32(out, LINK_ETHERNET, is_swapped);
    for (uint32_t n = draw_below(&d, MOST_FRAMES); n; n--)
        frame_generate(&d, out, is_nano ? NS_PER_S : 1000000, is_swapped);
}

const struct fuzz_target fuzz_pcap = {
    .name = "pcap",
    .what = "captures: pcap and pcapng in, pcap out",
    .run = run,
    .generate = generate,
};
