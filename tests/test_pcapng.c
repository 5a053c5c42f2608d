/* test_pcapng.c - captures of several interfaces come back as they were; foreign ones are read, damaged
 * ones named.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <pcap/pcap.h>
#include <string.h>

#include "sim/pcapng.h"
#include "tests/capture_tools.h"

static int setup(void **state)
{
    char *folder = g_dir_make_tmp("dpsim-pcapng-XXXXXX", NULL);

    *state = g_build_filename(folder, "x.pcapng", NULL);
    g_free(folder);
    return 0;
}

static int teardown(void **state)
{
    char *folder = g_path_get_dirname(*state);

    (void)g_remove(*state);
    (void)g_rmdir(folder);
    g_free(folder);
    g_free(*state);
    return 0;
}

/* The first 'len' bytes of a file, opened. */
static struct pcapng_in *store(void **state, const struct file *f, size_t len, struct err *e)
{
    assert_true(g_file_set_contents(*state, (const char *)f->bytes->data, (gssize)len, NULL));
    return pcapng_in_open(*state, e);
}

static struct pcapng_in *store_all(void **state, struct file *f)
{
    struct err e = { 0 };
    struct pcapng_in *in = store(state, f, f->bytes->len, &e);

    assert_non_null(in);
    g_byte_array_free(f->bytes, TRUE);
    return in;
}

static void expect(struct pcapng_in *in, struct pcapng_record *r)
{
    struct err e = { 0 };

    assert_int_equal(pcapng_in_next(in, r, &e), 1);
}

static void expect_end(struct pcapng_in *in)
{
    struct pcapng_record r;
    struct err e = { 0 };

    assert_int_equal(pcapng_in_next(in, &r, &e), 0);
    assert_int_equal(pcapng_in_next(in, &r, &e), 0);
    pcapng_in_close(in);
}

/* Reading it ends with 'why', and nothing comes before that. */
static void expect_damage(void **state, struct file *f, const char *why)
{
    struct pcapng_in *in = store_all(state, f);
    struct pcapng_record r;
    struct err e = { 0 };

    assert_int_equal(pcapng_in_next(in, &r, &e), -EBADMSG);
    assert_true(g_str_has_prefix(e.text, *state));
    assert_string_equal(e.text + strlen(*state), why);
    pcapng_in_close(in);
}

/* ---- what is written is read ------------------------------------------------------------------- */

static void write_small(const char *path)
{
    struct err e = { 0 };
    struct pcapng_out *out = pcapng_out_open(path, &e);
    struct pcapng_packet p = { .direction = PCAPNG_OUT, .time_ns = 5, .head = "HEAD", .head_len = 4,
                               .data = "bytes", .len = 5, .comment = "port=1 sock=7" };

    assert_non_null(out);
    assert_int_equal(pcapng_out_interface(out, "netlink", PCAPNG_NETLINK), 0);
    pcapng_out_event(out, 3, "open sock=7");
    pcapng_out_packet(out, &p);
    assert_int_equal(pcapng_out_interface(out, "p1@netns 2", PCAPNG_ETHERNET), 1);
    p = (struct pcapng_packet){ .interface = 1, .direction = PCAPNG_IN, .data = "frame!", .len = 6,
                                .time_ns = 5000000007 };
    pcapng_out_packet(out, &p);
    assert_int_equal(pcapng_out_check(out, &e), 0);
    assert_int_equal(pcapng_out_close(out, &e), 0);
}

static void all_survives_a_round_trip(void **state)
{
    struct pcapng_record r;
    struct pcapng_in *in;

    write_small(*state);
    in = pcapng_in_open(*state, NULL);
    assert_non_null(in);
    expect(in, &r);
    assert_int_equal(r.kind, PCAPNG_EVENT);
    assert_int_equal(r.time_ns, 3);
    assert_string_equal(r.comment, "open sock=7");
    expect(in, &r);
    assert_int_equal(r.kind, PCAPNG_PACKET);
    assert_int_equal(r.block, 4);
    assert_int_equal(r.time_ns, 5);
    assert_int_equal(r.interface, 0);
    assert_int_equal(r.link_type, PCAPNG_NETLINK);
    assert_string_equal(r.name, "netlink");
    assert_int_equal(r.direction, PCAPNG_OUT);
    assert_string_equal(r.comment, "port=1 sock=7");
    assert_int_equal(r.len, 9);
    assert_int_equal(r.full_len, 9);
    assert_memory_equal(r.data, "HEADbytes", 9);
    expect(in, &r);
    assert_int_equal(r.time_ns, 5000000007);
    assert_int_equal(r.interface, 1);
    assert_int_equal(r.link_type, PCAPNG_ETHERNET);
    assert_string_equal(r.name, "p1@netns 2");
    assert_int_equal(r.direction, PCAPNG_IN);
    assert_string_equal(r.comment, "");
    assert_memory_equal(r.data, "frame!", 6);
    expect_end(in);
}

/* Every prefix of a file reads up to a block's end, or to an error that says where. */
static void every_truncation_is_named(void **state)
{
    struct file f = { NULL };
    g_autofree char *text = NULL;
    size_t len, block = 0;
    unsigned n = 0;

    write_small(*state);
    assert_true(g_file_get_contents(*state, &text, &len, NULL));
    f.bytes = g_byte_array_new_take((guint8 *)g_steal_pointer(&text), len);
    for (size_t cut = 0; cut < len; cut++) {
        struct err e = { 0 };
        struct pcapng_in *in = store(state, &f, cut, &e);
        struct pcapng_record r;
        char where[64];
        uint32_t size;
        int rc = in ? 1 : -EBADMSG;

        memcpy(&size, f.bytes->data + block + 4, sizeof(size));
        if (cut == block + size) {
            block += size;
            n++;
        }
        while (rc > 0)
            rc = pcapng_in_next(in, &r, &e);
        assert_int_equal(rc, cut && cut == block ? 0 : -EBADMSG);
        g_snprintf(where, sizeof(where), in ? ": block %u at offset %zu: the file ends within" :
                   ": is neither a pcapng nor a pcap file", n + 1, block);
        assert_true(!rc || strstr(e.text, where));
        pcapng_in_close(in);
    }
    assert_int_equal(n, 5);
    g_byte_array_free(f.bytes, TRUE);
}

/* ---- others' files ----------------------------------------------------------------------------- */

static void read_foreign(void **state, bool is_swapped)
{
    struct file f = file_new(is_swapped);
    struct pcapng_record r;
    uint32_t flags = is_swapped ? GUINT32_SWAP_LE_BE(0x12345601) : 0x12345601;
    struct pcapng_in *in;

    put_section(&f);
    begin_block(&f, 0x12345678);                /* unknown, empty */
    end_block(&f);
    put_interface(&f, 1, NULL, -1);             /* microseconds */
    put_interface(&f, 253, "nlmon0", 9);
    begin_block(&f, 5);                         /* statistics */
    put64(&f, 0);
    end_block(&f);
    put_packet(&f, 0, 1700000000000250, "one");
    begin_block(&f, 0xbad);                     /* another's */
    put32(&f, 4711);
    put(&f, "dpsim 1 x", 9);
    end_block(&f);
    begin_packet(&f, 1, 1700000000000000007, "four");
    put_option(&f, 4711, "unknown", 7);
    put_option(&f, 2, &flags, 4);
    put_option(&f, 1, "said", 4);
    put_option(&f, 1, "more", 4);
    end_block(&f);
    in = store_all(state, &f);
    expect(in, &r);
    assert_int_equal(r.time_ns, 1700000000000250000);
    assert_string_equal(r.name, "");
    assert_int_equal(r.link_type, 1);
    assert_int_equal(r.direction, PCAPNG_UNKNOWN);
    assert_int_equal(r.len, 3);
    assert_int_equal(r.full_len, 13);
    expect(in, &r);
    assert_int_equal(r.block, 8);
    assert_int_equal(r.time_ns, 1700000000000000007);
    assert_string_equal(r.name, "nlmon0");
    assert_int_equal(r.direction, PCAPNG_IN);
    assert_string_equal(r.comment, "said");
    assert_memory_equal(r.data, "four", 4);
    expect_end(in);
}

static void both_byte_orders_are_read(void **state)
{
    read_foreign(state, false);
    read_foreign(state, true);
}

static void sections_have_their_own_order_and_interfaces(void **state)
{
    struct file f = file_new(true);
    struct pcapng_record r;
    struct pcapng_in *in;

    put_section(&f);
    put_interface(&f, 253, "a", 9);
    put_packet(&f, 0, 1, "x");
    f.is_swapped = false;
    put_section(&f);
    put_interface(&f, 1, "b", 9);
    put_packet(&f, 0, 2, "y");
    in = store_all(state, &f);
    expect(in, &r);
    assert_string_equal(r.name, "a");
    expect(in, &r);
    assert_string_equal(r.name, "b");
    assert_int_equal(r.time_ns, 2);
    expect_end(in);
}

static void resolutions_and_offsets_become_nanoseconds(void **state)
{
    struct file f = file_new(false);
    struct pcapng_record r;
    struct pcapng_in *in;

    put_section(&f);
    put_interface(&f, 1, "picoseconds", 12);
    put_packet(&f, 0, 5001, "x");
    put_interface(&f, 1, "halves", 0x81);
    put_packet(&f, 1, 3, "x");
    begin_block(&f, 1);
    put32(&f, 1);
    put32(&f, 0);
    put16(&f, 14);
    put16(&f, 8);
    put64(&f, (uint64_t)-2);
    end_block(&f);
    put_packet(&f, 2, 2000001, "x");
    in = store_all(state, &f);
    expect(in, &r);
    assert_int_equal(r.time_ns, 5);
    expect(in, &r);
    assert_int_equal(r.time_ns, 1500000000);
    expect(in, &r);
    assert_int_equal(r.time_ns, 1000);
    expect_end(in);
}

static void read_pcap(void **state, bool is_swapped, bool is_nano, uint16_t link_type)
{
    struct file f = file_new(is_swapped);
    struct pcapng_record r;
    struct pcapng_in *in;

    put_pcap(&f, is_nano ? 0xa1b23c4d : 0xa1b2c3d4, link_type);
    in = store_all(state, &f);
    expect(in, &r);
    assert_int_equal(r.kind, PCAPNG_PACKET);
    assert_int_equal(r.block, 1);
    assert_int_equal(r.offset, 24);
    assert_int_equal(r.time_ns, 1700000000000000000 + (is_nano ? 250 : 250000));
    assert_int_equal(r.link_type, link_type);
    assert_int_equal(r.len, 3);
    assert_int_equal(r.full_len, 4);
    assert_memory_equal(r.data, "abc", 3);
    expect_end(in);
}

static void pcap_files_are_read_too(void **state)
{
    for (unsigned i = 0; i < 8; i++)
        read_pcap(state, i & 1, i & 2, i & 4 ? PCAPNG_NETLINK : PCAPNG_ETHERNET);
}

static void damaged_pcap_files_are_named(void **state)
{
    struct file f = file_new(false);
    struct err e = { 0 };

    put_pcap(&f, 0xa1b2c3d4, 1);
    assert_null(store(state, &f, 23, &e));
    assert_non_null(strstr(e.text, "ends within its header"));
    g_byte_array_set_size(f.bytes, f.bytes->len - 1);
    expect_damage(state, &f, ": record 1 at offset 24: the file ends within the record: 2 bytes of 3");
    f = file_new(false);
    put_pcap(&f, 0xa1b2c3d4, 1);
    g_byte_array_set_size(f.bytes, 39);
    expect_damage(state, &f, ": record 1 at offset 24: the file ends within the record");
}

/* ---- damage ------------------------------------------------------------------------------------ */

static struct file damaged_new(void)
{
    struct file f = file_new(false);

    put_section(&f);
    put_interface(&f, 1, NULL, -1);
    return f;
}

static void damage_is_named(void **state)
{
    struct file f = damaged_new();

    put_packet(&f, 1, 0, "x");
    expect_damage(state, &f, ": block 3 at offset 52: interface 1 was not described");
    f = damaged_new();
    put_packet(&f, 0, 0, "1234567");
    f.bytes->data[52 + 20] = 9;
    expect_damage(state, &f, ": block 3 at offset 52: a packet of 9 bytes is longer than the block");
    f = damaged_new();
    begin_packet(&f, 0, 0, "x");
    put16(&f, 1);
    put16(&f, 5);
    put(&f, "1234", 4);
    end_block(&f);
    expect_damage(state, &f, ": block 3 at offset 52: option 1 of 5 bytes is longer than the block");
    f = damaged_new();
    put_packet(&f, 0, 0, "x");
    f.bytes->data[52 + 4] = 38;
    expect_damage(state, &f, ": block 3 at offset 52: 38 is not the length of a block");
    f = damaged_new();
    put_packet(&f, 0, 0, "x");
    f.bytes->data[f.bytes->len - 4] = 0;
    expect_damage(state, &f, ": block 3 at offset 52: the block's two lengths differ: 36 and 0");
    f = damaged_new();
    put_packet(&f, 0, UINT64_MAX, "x");
    expect_damage(state, &f, ": block 3 at offset 52: the time stamp is out of range");
}

static void what_is_not_read_is_named(void **state)
{
    struct file f = damaged_new();

    begin_block(&f, 3);
    put32(&f, 1);
    put(&f, "x", 1);
    end_block(&f);
    expect_damage(state, &f,
                  ": block 3 at offset 52: simple packet blocks are not read: they have no time stamp");
    f = damaged_new();
    begin_block(&f, 2);
    end_block(&f);
    expect_damage(state, &f,
                  ": block 3 at offset 52: packet blocks of the obsolete form are not read");
    f = damaged_new();
    put_interface(&f, 1, NULL, 20);
    expect_damage(state, &f,
                  ": block 3 at offset 52: time stamps of resolution 0x14 are not known");
    f = damaged_new();
    begin_block(&f, 6);
    end_block(&f);
    expect_damage(state, &f,
                  ": block 3 at offset 52: a block of type 6 has at least 32 bytes, not 12");
    f = damaged_new();
    begin_block(&f, 0xbad);
    put32(&f, 32473);
    put(&f, "dpsim x ", 8);
    end_block(&f);
    expect_damage(state, &f, ": block 3 at offset 52: an event begins with \"dpsim TIME_NS \", not "
                             "\"dpsim x \"");
    f = file_new(false);
    put_section(&f);
    f.bytes->data[12] = 2;
    expect_damage(state, &f, ": block 1 at offset 0: version 2 of pcapng is not known");
    f = file_new(false);
    put_section(&f);
    f.bytes->data[8] = 0;
    expect_damage(state, &f, ": block 1 at offset 0: the section's byte order cannot be told");
}

static void what_is_no_capture_is_refused(void **state)
{
    struct err e = { 0 };

    assert_null(pcapng_in_open("/nonexistent/x.pcapng", &e));
    assert_int_equal(e.code, EIO);
    assert_non_null(strstr(e.text, "/nonexistent/x.pcapng: cannot be read: "));
    assert_true(g_file_set_contents(*state, "#!/bin/sh\n", -1, NULL));
    assert_null(pcapng_in_open(*state, &e));
    assert_int_equal(e.code, EBADMSG);
}

/* The reason for a reader of our own; with one link type libpcap reads what we write. */
static void libpcap_reads_only_one_link_type(void **state)
{
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *h;
    const u_char *data;
    pcap_t *pcap;

    write_small(*state);
    pcap = pcap_open_offline(*state, why);
    assert_non_null(pcap);
    assert_int_equal(pcap_datalink(pcap), DLT_NETLINK);
    assert_int_equal(pcap_next_ex(pcap, &h, &data), 1);
    assert_int_equal(h->caplen, 9);
    assert_int_equal(pcap_next_ex(pcap, &h, &data), PCAP_ERROR);
    assert_non_null(strstr(pcap_geterr(pcap), "different from the type of the first interface"));
    pcap_close(pcap);
}

/* ---- failed writes ----------------------------------------------------------------------------- */

static void a_full_disk_is_told(void **state)
{
    struct err e = { 0 };
    struct pcapng_out *out = pcapng_out_open("/dev/full", &e);

    (void)state;
    assert_non_null(out);
    assert_int_equal(pcapng_out_close(out, &e), -ENOSPC);
    assert_string_equal(e.text, "/dev/full: the recording is incomplete: No space left on device");
    assert_null(pcapng_out_open("/nonexistent/x.pcapng", &e));
    assert_int_equal(e.code, ENOENT);
    assert_int_equal(pcapng_out_close(NULL, &e), 0);
}

static void what_is_too_long_is_told(void **state)
{
    struct pcapng_out *out = pcapng_out_open(*state, NULL);
    struct pcapng_packet p = { .len = 262145 };
    struct err e = { 0 };

    assert_non_null(out);
    p.data = g_malloc0(p.len);
    p.interface = pcapng_out_interface(out, "x", PCAPNG_ETHERNET);
    pcapng_out_packet(out, &p);
    assert_int_equal(pcapng_out_check(out, &e), -EMSGSIZE);
    assert_int_equal(pcapng_out_close(out, &e), -EMSGSIZE);
    g_free((void *)(uintptr_t)p.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_survives_a_round_trip),
        TEST(every_truncation_is_named),
        TEST(both_byte_orders_are_read),
        TEST(sections_have_their_own_order_and_interfaces),
        TEST(resolutions_and_offsets_become_nanoseconds),
        TEST(pcap_files_are_read_too),
        TEST(damaged_pcap_files_are_named),
        TEST(damage_is_named),
        TEST(what_is_not_read_is_named),
        TEST(what_is_no_capture_is_refused),
        TEST(libpcap_reads_only_one_link_type),
        TEST(a_full_disk_is_told),
        TEST(what_is_too_long_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
