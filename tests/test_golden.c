/* test_golden.c - golden tests pass, fail readably, and can be updated.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "sim/folder.h"
#include "sim/golden.h"

#define SCENARIO                                                                                  \
    "dp br0; port br0 p1; port br0 p2; record p2 p2.pcap\n"                                       \
    "execute br0 in_port=p1 0a00000000020a000000000108004500001c00010000400066d20a0000010a000002" \
    "0000000000000000 p2\n"

struct test {
    char *folder, *scenario, *expected;
    GString *out;
    struct diff_spot spot;
    struct err e;
};

static int setup(void **state)
{
    struct test *t = g_new0(struct test, 1);
    char *top = g_dir_make_tmp("dpsim-golden-XXXXXX", NULL);

    t->folder = g_build_filename(top, "simple", NULL);
    t->scenario = g_build_filename(t->folder, "scenario.scn", NULL);
    t->expected = g_build_filename(t->folder, "expected", NULL);
    t->out = g_string_new(NULL);
    assert_int_equal(g_mkdir(t->folder, 0777), 0);
    assert_true(g_file_set_contents(t->scenario, SCENARIO, -1, NULL));
    g_free(top);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct test *t = *state;
    char *top = g_path_get_dirname(t->folder);

    folder_remove(top);
    g_free(top);
    g_free(t->folder);
    g_free(t->scenario);
    g_free(t->expected);
    g_string_free(t->out, TRUE);
    g_free(t);
    return 0;
}

/* Runs, then compares or updates. Returns how many files differ or cannot be updated; -1: it failed. */
static int run(struct test *t, bool is_update)
{
    char *output = g_dir_make_tmp("dpsim-output-XXXXXX", NULL);
    const struct golden_run golden = { .test = t->folder, .output = output };
    const struct golden_pair pair = { t->expected, output, "expected", "got" };
    int n;

    g_string_truncate(t->out, 0);
    t->spot = (struct diff_spot){ 0 };
    if (golden_run(&golden, &t->e))
        n = -1;
    else
        n = (int)(is_update ? golden_update(t->expected, output, t->out)
                            : golden_compare(&pair, t->out, &t->spot));
    folder_remove(output);
    g_free(output);
    return n;
}

static void expect_text(const struct test *t, const char *part)
{
    if (!strstr(t->out->str, part))
        fail_msg("\"%s\" is not in:\n%s", part, t->out->str);
}

static void an_update_is_told_and_accepted(void **state)
{
    struct test *t = *state;

    assert_int_equal(run(t, false), 2);
    expect_text(t, "  p2.pcap is only in: got\n  trace.txt is only in: got\n");
    assert_int_equal(run(t, true), 0);
    expect_text(t, "  p2.pcap is new\n  trace.txt is new\n");
    assert_int_equal(run(t, false), 0);
    assert_string_equal(t->out->str, "");
    assert_int_equal(run(t, true), 0);
    assert_string_equal(t->out->str, "");
}

/* Changes one byte of an expected file. */
static void bend(const struct test *t, const char *name, size_t at)
{
    char *path = g_build_filename(t->expected, name, NULL), *bytes;
    gsize len;

    assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    assert_true(at < len);
    bytes[at] ^= 1;
    assert_true(g_file_set_contents(path, bytes, (gssize)len, NULL));
    g_free(bytes);
    g_free(path);
}

static void a_different_packet_is_shown_side_by_side(void **state)
{
    struct test *t = *state;

    assert_int_equal(run(t, true), 0);
    bend(t, "p2.pcap", 24 + 16 + 29);           /* last byte of the source address */
    assert_int_equal(run(t, false), 1);
    assert_string_equal(t->out->str,
                        "  p2.pcap differs\n"
                        "    packet 1, the first that differs\n"
                        "                   expected            got\n"
                        "      time         0.000000000         0.000000000\n"
                        "      length       42                  42\n"
                        "      eth.src      0a:00:00:00:00:01   0a:00:00:00:00:01\n"
                        "      eth.dst      0a:00:00:00:00:02   0a:00:00:00:00:02\n"
                        "      eth_type     0x0800              0x0800\n"
                        "      ipv4.src     10.0.0.0          | 10.0.0.1\n"
                        "      ipv4.dst     10.0.0.2            10.0.0.2\n"
                        "      ipv4.proto   0                   0\n"
                        "      ipv4.tos     0                   0\n"
                        "      ipv4.ttl     64                  64\n"
                        "      ipv4.frag    no                  no\n"
                        "      byte 29      00                | 01\n"
                        "    1 place differs; expected: 1 packets, got: 1 packets\n");
    assert_string_equal(t->spot.file, "p2.pcap");
    assert_int_equal(t->spot.packet, 1);
}

static void a_different_line_is_shown(void **state)
{
    struct test *t = *state;

    assert_int_equal(run(t, true), 0);
    bend(t, "trace.txt", 0);
    assert_int_equal(run(t, false), 1);
    expect_text(t, "  trace.txt differs\n    line 1\n      expected 1.000000000 > dp br0\n"
                   "      got      0.000000000 > dp br0\n");
    assert_int_equal(t->spot.packet, 0);
}

static void missing_files_and_packets_are_named(void **state)
{
    struct test *t = *state;

    assert_int_equal(run(t, true), 0);
    assert_true(g_file_set_contents(t->scenario, "dp br0\n", -1, NULL));
    assert_int_equal(run(t, false), 2);
    expect_text(t, "  p2.pcap is only in: expected\n");
    assert_true(g_file_set_contents(t->scenario, "dp br0; port br0 p1; port br0 p2; record p2 "
                                                 "p2.pcap\n", -1, NULL));
    assert_int_equal(run(t, false), 2);
    expect_text(t, "    packet 1, the first that differs, is only in: expected\n");
    expect_text(t, "      ipv4.src     10.0.0.1          |\n");
    expect_text(t, "    1 place differs; expected: 1 packets, got: 0 packets\n");
}

static void bytes_that_are_no_text_are_not_printed(void **state)
{
    struct test *t = *state;
    char *path = g_build_filename(t->expected, "trace.txt", NULL);

    assert_int_equal(run(t, true), 0);
    assert_true(g_file_set_contents(path, "0.\0", 3, NULL));
    assert_int_equal(run(t, false), 1);
    expect_text(t, "    from byte 2 on; expected: 3 bytes, got: ");
    g_free(path);
}

static void a_failed_scenario_is_a_failed_test(void **state)
{
    struct test *t = *state;

    assert_true(g_file_set_contents(t->scenario, "dp br0\ndp br0\n", -1, NULL));
    assert_int_equal(run(t, true), -1);
    assert_non_null(strstr(t->e.text, "scenario.scn:2: EEXIST: dp: "));
    assert_false(g_file_test(t->expected, G_FILE_TEST_EXISTS));
}

static void note_where(void *ctx, const char *where)
{
    const char *name = strrchr(where, '/');

    g_string_append_printf(ctx, "%.30s\n", name ? name : where);
}

static void each_line_is_told_before_it_runs(void **state)
{
    struct test *t = *state;
    char *output = g_dir_make_tmp("dpsim-output-XXXXXX", NULL);
    const struct golden_run golden = { .test = t->folder, .output = output, .at = note_where,
                                       .ctx = t->out };

    assert_int_equal(golden_run(&golden, &t->e), 0);
    expect_text(t, "/scenario.scn:1: dp br0; port \n/scenario.scn:2: execute br0 i\n");
    folder_remove(output);
    g_free(output);
}

static void tests_are_found_one_level_down(void **state)
{
    struct test *t = *state;
    GPtrArray *tests = g_ptr_array_new_with_free_func(g_free);
    char *top = g_path_get_dirname(t->folder);
    struct err e = { 0 };

    assert_int_equal(golden_find(top, NULL, tests, &e), 0);
    assert_int_equal(golden_find(t->folder, "s*e", tests, &e), 0);
    assert_int_equal(tests->len, 2);
    assert_string_equal(g_ptr_array_index(tests, 0), t->folder);
    assert_int_equal(golden_find(t->expected, NULL, tests, &e), -ENOENT);
    assert_int_equal(golden_find(top, "hard*", tests, &e), -ENOENT);
    assert_non_null(strstr(e.text, "none of the 1 tests here matches hard*"));
    g_ptr_array_free(tests, TRUE);
    g_free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_update_is_told_and_accepted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_different_packet_is_shown_side_by_side, setup, teardown),
        cmocka_unit_test_setup_teardown(a_different_line_is_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_files_and_packets_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_text_are_not_printed, setup, teardown),
        cmocka_unit_test_setup_teardown(each_line_is_told_before_it_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_scenario_is_a_failed_test, setup, teardown),
        cmocka_unit_test_setup_teardown(tests_are_found_one_level_down, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
