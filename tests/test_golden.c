/* test_golden.c - golden tests pass, fail readably, and can be updated.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "sim/golden.h"

#define SCENARIO                                                                                  \
    "dp br0; port br0 p1; port br0 p2; record p2 p2.pcap\n"                                       \
    "execute br0 in_port=p1 0a00000000020a000000000108004500001c00010000400066d20a0000010a000002" \
    "0000000000000000 p2\n"

struct test {
    char *folder, *scenario, *expected;
    GString *out;
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

static void remove_all(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        char *sub = g_build_filename(path, name, NULL);

        remove_all(sub);
        g_free(sub);
    }
    if (dir)
        g_dir_close(dir);
    (void)g_remove(path);
}

static int teardown(void **state)
{
    struct test *t = *state;
    char *top = g_path_get_dirname(t->folder);

    remove_all(top);
    g_free(top);
    g_free(t->folder);
    g_free(t->scenario);
    g_free(t->expected);
    g_string_free(t->out, TRUE);
    g_free(t);
    return 0;
}

static bool run(struct test *t, bool is_update)
{
    const struct golden_options options = { .is_update = is_update };

    g_string_truncate(t->out, 0);
    return golden_run(t->folder, &options, t->out);
}

static void expect_text(const struct test *t, const char *part)
{
    if (!strstr(t->out->str, part))
        fail_msg("\"%s\" is not in:\n%s", part, t->out->str);
}

static void an_update_is_told_and_accepted(void **state)
{
    struct test *t = *state;

    assert_false(run(t, false));
    expect_text(t, "FAILED simple: 2 of its files differ\n");
    expect_text(t, "  p2.pcap is not expected (--update accepts it)\n");
    assert_true(run(t, true));
    expect_text(t, "ok simple\n  p2.pcap is updated\n  trace.txt is updated\n");
    assert_true(run(t, false));
    assert_string_equal(t->out->str, "ok simple\n");
    assert_true(run(t, true));
    assert_string_equal(t->out->str, "ok simple\n");
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

static void a_different_packet_is_shown_in_fields(void **state)
{
    struct test *t = *state;

    assert_true(run(t, true));
    bend(t, "p2.pcap", 24 + 16 + 29);           /* last byte of the source address */
    assert_false(run(t, false));
    expect_text(t, "FAILED simple: 1 of its files differ\n  p2.pcap differs\n  packet 1 differs\n");
    expect_text(t, "    expected 0.000000000 len 42 eth(src=0a:00:00:00:00:01,");
    expect_text(t, "ipv4(src=10.0.0.0,dst=10.0.0.2");
    expect_text(t, "ipv4(src=10.0.0.1,dst=10.0.0.2");
    expect_text(t, "    byte 29 00 -> 01\n");
}

static void a_different_line_is_shown(void **state)
{
    struct test *t = *state;

    assert_true(run(t, true));
    bend(t, "trace.txt", 0);
    assert_false(run(t, false));
    expect_text(t, "  trace.txt differs\n  line 1\n    expected 1.000000000 > dp br0\n"
                   "    actual   0.000000000 > dp br0\n");
}

static void missing_files_and_packets_are_named(void **state)
{
    struct test *t = *state;

    assert_true(run(t, true));
    assert_true(g_file_set_contents(t->scenario, "dp br0\n", -1, NULL));
    assert_false(run(t, false));
    expect_text(t, "  p2.pcap is expected but was not recorded\n");
    assert_true(g_file_set_contents(t->scenario, "dp br0; port br0 p1; port br0 p2; record p2 "
                                                 "p2.pcap\n", -1, NULL));
    assert_false(run(t, false));
    expect_text(t, "  packet 1 is missing\n");
}

static void a_failed_scenario_is_a_failed_test(void **state)
{
    struct test *t = *state;

    assert_true(g_file_set_contents(t->scenario, "dp br0\ndp br0\n", -1, NULL));
    assert_false(run(t, true));
    expect_text(t, "scenario.scn:2: EEXIST: dp: ");
    assert_false(g_file_test(t->expected, G_FILE_TEST_EXISTS));
}

static void tests_are_found_one_level_down(void **state)
{
    struct test *t = *state;
    GPtrArray *tests = g_ptr_array_new_with_free_func(g_free);
    char *top = g_path_get_dirname(t->folder);
    struct err e = { 0 };

    assert_int_equal(golden_find(top, tests, &e), 0);
    assert_int_equal(golden_find(t->folder, tests, &e), 0);
    assert_int_equal(tests->len, 2);
    assert_string_equal(g_ptr_array_index(tests, 0), t->folder);
    assert_int_equal(golden_find(t->expected, tests, &e), -ENOENT);
    g_ptr_array_free(tests, TRUE);
    g_free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_update_is_told_and_accepted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_different_packet_is_shown_in_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(a_different_line_is_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_files_and_packets_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_scenario_is_a_failed_test, setup, teardown),
        cmocka_unit_test_setup_teardown(tests_are_found_one_level_down, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
