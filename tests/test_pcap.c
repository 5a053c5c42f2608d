/* test_pcap.c - frames come back from files as they were, and damage is named.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "sim/pcap_in.h"
#include "sim/pcap_out.h"

#define FRAME 64

static int setup(void **state)
{
    *state = g_dir_make_tmp("dpsim-pcap-XXXXXX", NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    char *path = g_build_filename(*state, "x.pcap", NULL);

    (void)g_remove(path);
    (void)g_rmdir(*state);
    g_free(path);
    g_free(*state);
    return 0;
}

static char *file_of(void **state)
{
    return g_build_filename(*state, "x.pcap", NULL);
}

/* ---- files by hand --------------------------------------------------------------------------- */

static void put32(GByteArray *file, uint32_t value)
{
    g_byte_array_append(file, (const guint8 *)&value, sizeof(value));
}

static GByteArray *file_new(uint32_t magic, uint32_t link_type)
{
    GByteArray *file = g_byte_array_new();

    put32(file, magic);
    put32(file, 2 | 4 << 16);
    put32(file, 0);
    put32(file, 0);
    put32(file, 262144);
    put32(file, link_type);
    return file;
}

static void put_frame(GByteArray *file, uint32_t s, uint32_t fraction, uint32_t captured)
{
    guint8 frame[FRAME];

    memset(frame, (int)s, sizeof(frame));
    put32(file, s);
    put32(file, fraction);
    put32(file, captured);
    put32(file, FRAME);
    g_byte_array_append(file, frame, captured);
}

/* Writes the file with 'cut' bytes missing at its end and opens it. */
static struct pcap_in *store(const char *path, GByteArray *file, size_t cut, struct err *e)
{
    assert_true(g_file_set_contents(path, (const char *)file->data, (gssize)(file->len - cut),
                                    NULL));
    g_byte_array_free(file, TRUE);
    return pcap_in_open(path, e);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void frames_survive_a_round_trip(void **state)
{
    static const uint8_t frame[FRAME] = { 1, 2, 3 };
    char *path = file_of(state);
    struct err e = { 0 };
    struct pcap_out *out = pcap_out_open(path, &e);
    struct pcap_in_frame f;
    struct pcap_in *in;

    assert_non_null(out);
    pcap_out_put(out, 123, frame, 14);
    pcap_out_put(out, 5000000007, frame, sizeof(frame));
    assert_int_equal(pcap_out_check(out, &e), 0);
    assert_int_equal(pcap_out_close(out, &e), 0);
    in = pcap_in_open(path, &e);
    assert_non_null(in);
    assert_int_equal(pcap_in_next(in, &f, &e), 1);
    assert_int_equal(f.time_ns, 123);
    assert_int_equal(f.len, 14);
    assert_int_equal(pcap_in_next(in, &f, &e), 1);
    assert_int_equal(f.time_ns, 5000000007);
    assert_memory_equal(f.data, frame, sizeof(frame));
    assert_int_equal(pcap_in_next(in, &f, &e), 0);
    assert_int_equal(pcap_in_next(in, &f, &e), 0);
    pcap_in_close(in);
    g_free(path);
}

static void microsecond_stamps_become_nanoseconds(void **state)
{
    GByteArray *file = file_new(0xa1b2c3d4, 1);
    char *path = file_of(state);
    struct pcap_in_frame f;
    struct err e = { 0 };
    struct pcap_in *in;

    put_frame(file, 3, 250, FRAME);
    in = store(path, file, 0, &e);
    assert_int_equal(pcap_in_next(in, &f, &e), 1);
    assert_int_equal(f.time_ns, 3000250000);
    pcap_in_close(in);
    g_free(path);
}

static void a_truncated_file_gives_what_is_before(void **state)
{
    GByteArray *file = file_new(0xa1b23c4d, 1);
    char *path = file_of(state);
    struct pcap_in_frame f;
    struct err e = { 0 };
    struct pcap_in *in;

    put_frame(file, 1, 0, FRAME);
    put_frame(file, 2, 0, FRAME);
    in = store(path, file, 1, &e);
    assert_int_equal(pcap_in_next(in, &f, &e), 1);
    assert_int_equal(pcap_in_next(in, &f, &e), -EBADMSG);
    assert_true(g_str_has_prefix(e.text, path));
    assert_non_null(strstr(e.text, "packet 2: truncated"));
    pcap_in_close(in);
    g_free(path);
}

static void a_frame_cut_at_capture_is_refused(void **state)
{
    GByteArray *file = file_new(0xa1b23c4d, 1);
    char *path = file_of(state);
    struct pcap_in_frame f;
    struct err e = { 0 };
    struct pcap_in *in;

    put_frame(file, 1, 0, FRAME - 4);
    in = store(path, file, 0, &e);
    assert_int_equal(pcap_in_next(in, &f, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "packet 1: is cut"));
    pcap_in_close(in);
    g_free(path);
}

static void foreign_files_are_refused(void **state)
{
    char *path = file_of(state);
    struct err e = { 0 };

    assert_null(store(path, file_new(0x12345678, 1), 0, &e));
    assert_non_null(strstr(e.text, "is not a pcap file"));
    assert_null(store(path, file_new(0xa1b2c3d4, 1), 10, &e));
    assert_non_null(strstr(e.text, "is not a pcap file"));
    assert_null(store(path, file_new(0xa1b2c3d4, 105), 0, &e));
    assert_non_null(strstr(e.text, "link type IEEE802_11 (105)"));
    (void)g_remove(path);
    assert_null(pcap_in_open(path, &e));
    assert_int_equal(e.code, ENOENT);
    g_free(path);
}

static void a_full_disk_is_told(void **state)
{
    static const uint8_t frame[FRAME];
    struct err e = { 0 };
    struct pcap_out *out;

    (void)state;
    if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS))
        skip();
    out = pcap_out_open("/dev/full", &e);
    assert_non_null(out);
    for (int i = 0; i < 100000; i++)            /* more than any buffer holds */
        pcap_out_put(out, 0, frame, sizeof(frame));
    assert_int_equal(pcap_out_close(out, &e), -ENOSPC);
    assert_string_equal(e.text, "/dev/full: the recording is incomplete: No space left on device");
    /* Also when everything was still in the buffer. */
    out = pcap_out_open("/dev/full", &e);
    pcap_out_put(out, 0, frame, sizeof(frame));
    assert_int_equal(pcap_out_close(out, &e), -ENOSPC);
}

static void a_folder_that_is_missing_is_told(void **state)
{
    struct err e = { 0 };

    (void)state;
    assert_null(pcap_out_open("/nonexistent/x.pcap", &e));
    assert_int_equal(e.code, ENOENT);
    assert_int_equal(pcap_out_close(NULL, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_survive_a_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(microsecond_stamps_become_nanoseconds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_truncated_file_gives_what_is_before, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frame_cut_at_capture_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_files_are_refused, setup, teardown),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(a_folder_that_is_missing_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
