/* target_recording.c - any bytes as a recording: read, decoded, written, played, shrunk.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/draw.h"
#include "fuzz/memory_file.h"
#include "fuzz/target.h"
#include "netlink/decode.h"
#include "sim/pcapng.h"
#include "sim/recorder.h"
#include "sim/replay/replay.h"
#include "sim/replay/shrink.h"
#include "sim/scenario.h"

#define NAME "input.pcapng"
#define MOST_LEN 65536
#define MOST_EVENTS 100        /* each of them may make a difference to tell, in each of the runs */
#define MOST_TO_SHRINK 8u       /* records: each run makes a simulation */
#define THOROUGH_OF 8u          /* so many inputs, one is played twice and shrunk */

static struct memory_file *copy_file;

/* ---- records, one by one --------------------------------------------------------------------- */

static struct pcapng_in *open_bytes(GBytes *bytes, struct err *e)
{
    return pcapng_in_bytes(bytes, NAME, e);
}

/* Interfaces of the copy: as many as there are different ones in the records. */
struct writer {
    struct pcapng_out *out;
    GPtrArray *names;           /* "TYPE NAME" by number */
};

static unsigned interface_of(struct writer *w, const struct pcapng_record *r)
{
    g_autofree char *name = g_strdup_printf("%u %s", r->link_type, r->name);

    for (guint i = 0; i < w->names->len; i++)
        if (!strcmp(w->names->pdata[i], name))
            return i;
    g_ptr_array_add(w->names, g_steal_pointer(&name));
    return pcapng_out_interface(w->out, r->name, r->link_type);
}

static void put(struct writer *w, const struct pcapng_record *r)
{
    struct pcapng_packet p = { .time_ns = (uint64_t)r->time_ns, .data = r->data, .len = r->len, .direction = r->direction,
                               .comment = r->comment };

    if (r->kind == PCAPNG_EVENT) {
        pcapng_out_event(w->out, p.time_ns, r->comment);
        return;
    }
    p.interface = interface_of(w, r);
    pcapng_out_packet(w->out, &p);
}

/* What a recording cannot say: times before its start. */
static bool is_kept(const struct pcapng_record *r)
{
    return r->time_ns >= 0;
}

static void check_refusal(const struct err *e)
{
    FUZZ_CHECK(g_str_has_prefix(e->text, NAME ": ") && e->code, "refused with \"%s\"", e->text);
    FUZZ_CHECK(strstr(e->text, " at offset "), "\"%s\" does not say where", e->text);
}

/* Writes what can be read; how many records there are. */
static uint64_t copy(struct pcapng_in *in)
{
    struct err e = { 0 };
    struct writer w = { pcapng_out_open(memory_file_path(copy_file), &e), g_ptr_array_new_with_free_func(g_free) };
    struct pcapng_record r;
    uint64_t n = 0;
    int more;

    FUZZ_CHECK(w.out, "%s", e.text);
    for (; (more = pcapng_in_next(in, &r, &e)) > 0; n++)
        if (is_kept(&r))
            put(&w, &r);
    if (more < 0)
        check_refusal(&e);
    FUZZ_CHECK(!pcapng_out_close(w.out, &e), "%s", e.text);
    g_ptr_array_unref(w.names);
    return n;
}

static void check_record(const struct pcapng_record *want, const struct pcapng_record *got)
{
    FUZZ_CHECK(want->kind == got->kind && want->time_ns == got->time_ns && !strcmp(want->comment, got->comment),
               "block %" G_GUINT64_FORMAT " is written as another record", want->block);
    if (want->kind == PCAPNG_EVENT)
        return;
    FUZZ_CHECK(want->len == got->len && !memcmp(want->data, got->data, want->len) && want->direction == got->direction,
               "the packet of block %" G_GUINT64_FORMAT " is written as another one", want->block);
    FUZZ_CHECK(!strcmp(want->name, got->name) && want->link_type == got->link_type,
               "the interface of block %" G_GUINT64_FORMAT " is written as another one", want->block);
}

static void check_copy(GBytes *bytes, uint64_t n)
{
    g_autoptr(GBytes) copied = memory_file_bytes(copy_file);
    struct err e = { 0 };
    struct pcapng_in *first = open_bytes(bytes, &e), *second = open_bytes(copied, &e);
    struct pcapng_record want, got;

    FUZZ_CHECK(first && second, "%s", e.text);
    while (n--) {
        FUZZ_CHECK(pcapng_in_next(first, &want, &e) > 0, "%s", e.text);
        if (!is_kept(&want))
            continue;
        FUZZ_CHECK(pcapng_in_next(second, &got, &e) > 0, "of block %" G_GUINT64_FORMAT " nothing is written: %s", want.block,
                   e.text);
        check_record(&want, &got);
    }
    FUZZ_CHECK(!pcapng_in_next(second, &got, &e), "more is written than was read, or damaged: %s", e.text);
    pcapng_in_close(first);
    pcapng_in_close(second);
}

/* ---- messages -------------------------------------------------------------------------------- */

static void check_decoded(const struct netlink *nl, const struct tape_record *r)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct decode_difference d;
    struct decode f;

    decode_init(&f, nl, r->protocol, r->data, r->len);
    for (guint i = 0; i < f.list->len; i++) {
        const struct leaf *leaf = decode_at(&f, i);

        FUZZ_CHECK(leaf->at >= r->data && leaf->at + leaf->len <= r->data + r->len, "%s of record %" G_GUINT64_FORMAT
                   " is not in the datagram", leaf->path, r->number);
    }
    FUZZ_CHECK(!decode_differ(&f, &f, NULL, &d), "%s of record %" G_GUINT64_FORMAT " differs from itself", d.path, r->number);
    decode_print(&f, text);
    decode_print_both(text, &f, &f, NULL);
    decode_done(&f);
}

static void check_messages(const struct tape *t)
{
    static struct sim *sim;             /* for its families */

    sim = sim ? sim : sim_new(NULL);
    for (guint i = 0; i < t->records->len; i++) {
        const struct tape_record *r = t->records->pdata[i];

        if (r->kind == TAPE_REQUEST || r->kind == TAPE_ANSWER)
            check_decoded(sim->nl, r);
    }
}

/* ---- the tape -------------------------------------------------------------------------------- */

static struct tape *read_tape(GBytes *bytes, struct err *e)
{
    struct pcapng_in *in = open_bytes(bytes, e);
    struct tape *t = in ? tape_take(in, NAME, e) : NULL;

    FUZZ_CHECK(t || g_str_has_prefix(e->text, NAME ": "), "refused with \"%s\"", e->text);
    if (t)
        t->most_events = MOST_EVENTS;
    return t;
}

/* All that a replay says. It is the same each time. */
static char *play(GBytes *bytes)
{
    GString *said = g_string_new(NULL);
    struct replay_result result = { 0 };
    struct err e = { 0 };
    struct tape *t = read_tape(bytes, &e);

    replay_client(t, true, &result);
    for (guint i = 0; i < result.differences->len; i++) {
        const struct replay_difference *d = result.differences->pdata[i];

        FUZZ_CHECK(d->message && d->path && d->text, "difference %u says nothing", i);
        g_string_append_printf(said, "%" G_GUINT64_FORMAT " %s %s %s\n", d->number, d->message, d->path, d->text);
    }
    g_string_append(said, result.remarks->str);
    replay_result_done(&result);
    tape_free(t);
    return g_string_free(said, FALSE);
}

static bool fails(void *target, struct tape *part)
{
    return shrink_is_target(part, target);
}

static void check_shrunk(struct tape *t)
{
    struct shrink_target target;
    struct tape *part;

    shrink_target_of(t, &target);
    if (target.message) {
        part = shrink(t, fails, NULL, &target);
        FUZZ_CHECK(part->records->len <= t->records->len, "%u records of %u", part->records->len, t->records->len);
        tape_free(part);
    }
    shrink_target_done(&target);
}

static void check_tape(GBytes *bytes)
{
    bool is_thorough = fuzz_is_thorough || g_bytes_hash(bytes) % THOROUGH_OF == 0;
    struct err e = { 0 };
    struct tape *t = read_tape(bytes, &e);
    g_autofree char *first = t ? play(bytes) : NULL, *second = t && is_thorough ? play(bytes) : NULL;

    if (!t)
        return;
    FUZZ_CHECK(!second || !strcmp(first, second), "a replay says first\n%sthen\n%s", first, second);
    check_messages(t);
    FUZZ_CHECK(!tape_write(t, memory_file_path(copy_file), &e), "%s", e.text);
    if (is_thorough && t->has_events && t->records->len <= MOST_TO_SHRINK)
        check_shrunk(t);
    tape_free(t);
}

/* ---- row ------------------------------------------------------------------------------------- */

static void run(const uint8_t *data, size_t len)
{
    g_autoptr(GBytes) bytes = exact_bytes(data, MIN(len, MOST_LEN));
    struct err e = { 0 };
    struct pcapng_in *in = open_bytes(bytes, &e);

    if (!in) {
        FUZZ_CHECK(g_str_has_prefix(e.text, NAME ": "), "refused with \"%s\"", e.text);
        return;
    }
    copy_file = copy_file ? copy_file : memory_file_new("copy.pcapng");
    check_copy(bytes, copy(in));
    pcapng_in_close(in);
    check_tape(bytes);
}

/* A recording of a scenario by lot. */
static void generate(struct rng *r, GByteArray *out)
{
    static struct memory_file *file;
    const struct sim_options options = { .most_events = MOST_EVENTS };
    struct sim *sim = sim_new(&options);
    g_autoptr(GByteArray) scenario = g_byte_array_new();
    g_autoptr(GString) printed = g_string_new(NULL);
    g_autoptr(GBytes) bytes = NULL;
    g_auto(GStrv) lines = NULL;
    struct err e = { 0 };

    file = file ? file : memory_file_new("recording.pcapng");
    fuzz_scenario.generate(r, scenario);
    g_byte_array_append(scenario, (const uint8_t *)"", 1);
    lines = g_strsplit((const char *)scenario->data, "\n", -1);
    FUZZ_CHECK(!recorder_open(sim, memory_file_path(file), &e), "%s", e.text);
    scenario_set_files(sim, &scenario_no_files);
    for (char **line = lines; *line; line++)
        (void)scenario_do(sim, *line, printed, NULL);
    (void)recorder_close(sim, NULL);
    sim_free(sim);
    bytes = memory_file_bytes(file);
    g_byte_array_append(out, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
}

/* ---- block by block -------------------------------------------------------------------------- */

enum { BLOCK_LEAST = 12 };

/* The n-th block; nothing behind the last. */
static GByteArray *block_at(const uint8_t *data, size_t len, size_t n, size_t *at)
{
    uint32_t size;

    for (*at = 0; len - *at >= BLOCK_LEAST; *at += size) {
        memcpy(&size, data + *at + 4, sizeof(size));
        if (size < BLOCK_LEAST || size > len - *at)
            return NULL;
        if (!n--)
            return g_byte_array_append(g_byte_array_new(), data + *at, size);
    }
    return NULL;
}

static void bend(const struct draw *d, uint8_t *data, size_t len)
{
    uint32_t from = draw_below(d, (uint32_t)len);
    size_t size = 1u << draw_below(d, 3);

    draw_bytes(d, data + from, MIN(size, len - from));
}

/* Some bytes of a block are others, it goes, or it comes again behind itself. Of what has no blocks some bytes are others. */
static size_t mutate(uint8_t *data, size_t len, size_t most, struct rng *r)
{
    const struct draw d = { .r = r };
    size_t at;
    GByteArray *block = block_at(data, len, 1 + draw_below(&d, 1 + (uint32_t)(len / 64)), &at);
    uint8_t *end;

    if (!block) {
        if (len)
            bend(&d, data, len);
        return len;
    }
    end = data + at + block->len;
    if (draw_one_in(&d, 4)) {
        memmove(data + at, end, len - at - block->len);
        len -= block->len;
    } else if (draw_one_in(&d, 3) && len + block->len <= most) {
        memmove(end + block->len, end, len - at - block->len);
        memcpy(end, block->data, block->len);
        len += block->len;
    } else if (block->len > BLOCK_LEAST) {
        bend(&d, data + at + 8, block->len - BLOCK_LEAST);
    }
    g_byte_array_unref(block);
    return len;
}

const struct fuzz_target fuzz_recording = {
    .name = "recording",
    .what = "recordings: read, decoded, written, played and shrunk",
    .run = run,
    .generate = generate,
    .mutate = mutate,
};
