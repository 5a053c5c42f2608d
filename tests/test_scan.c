/* test_scan.c - the text cursor: what it takes, what it leaves.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/scan.h"

static struct scan on(const char *text)
{
    struct scan s;

    scan_init(&s, text);
    return s;
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t max, value;
        const char *rest;
    } good[] = {
        {"0", 9, 0, ""},
        {"10", 10, 10, ""},
        {"010", 10, 10, ""},                        /* not octal */
        {"0x1F)", 255, 31, ")"},
        {"0X1f", 255, 31, ""},
        {"0x", 255, 0, "x"},
        {"5abc", 9, 5, "abc"},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX, ""},
        {"0xffffffffffffffff", UINT64_MAX, UINT64_MAX, ""},
    };
    static const struct {
        const char *text;
        uint64_t max;
    } bad[] = {
        {"", 9}, {"x", 9}, {"-1", 9}, {"+1", 9}, {" 1", 9}, {"10", 9}, {"0xa", 9},
        {"18446744073709551616", UINT64_MAX}, {"0x10000000000000000", UINT64_MAX},
        {"99999999999999999999999", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct scan s = on(good[i].text);
        uint64_t v = 77;

        assert_true(scan_u64(&s, good[i].max, &v));
        assert_int_equal(v, good[i].value);
        assert_string_equal(s.at, good[i].rest);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct scan s = on(bad[i].text);
        uint64_t v = 77;

        assert_false(scan_u64(&s, bad[i].max, &v));
        assert_int_equal(v, 77);
        assert_ptr_equal(s.at, s.start);
    }
}

static void words(void **state)
{
    struct scan s = on("port br0,x");

    (void)state;
    assert_false(scan_word(&s, "por"));
    assert_false(scan_word(&s, "ports"));
    assert_true(scan_word(&s, "port"));
    assert_false(scan_char(&s, ','));
    assert_false(scan_done(&s));
    scan_blanks(&s);
    assert_int_equal(scan_column(&s), 6);
    assert_true(scan_text(&s, "br"));
    assert_true(scan_char(&s, '0'));
    assert_true(scan_char(&s, ','));
    assert_true(scan_word(&s, "x"));
    assert_true(scan_done(&s));
    assert_false(scan_char(&s, '\0'));
}

static void names(void **state)
{
    struct scan s = on("br-int.5_a(x");
    char name[16] = "old", small[4] = "old";

    (void)state;
    assert_int_equal(scan_name(&s, small, sizeof(small)), 0);
    assert_string_equal(small, "old");
    assert_int_equal(scan_name(&s, name, sizeof(name)), 10);
    assert_string_equal(name, "br-int.5_a");
    assert_int_equal(scan_name(&s, name, sizeof(name)), 0);
    s = on("-x");
    assert_int_equal(scan_name(&s, name, sizeof(name)), 0);
    s = on("abc");
    assert_int_equal(scan_name(&s, small, sizeof(small)), 3);
}

static void tokens(void **state)
{
    struct scan s = on("a(b),c  d");
    char token[8];

    (void)state;
    assert_int_equal(scan_token(&s, token, sizeof(token)), 6);
    assert_string_equal(token, "a(b),c");
    assert_int_equal(scan_token(&s, token, sizeof(token)), 0);
    scan_blanks(&s);
    assert_int_equal(scan_token(&s, token, sizeof(token)), 1);
    assert_true(scan_done(&s));
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {
        {"0", 0}, {"0.0", 0}, {"1500ns", 1500}, {"20us", 20000}, {"1ms", 1000000}, {"2s", 2000000000},
        {"1.5s", 1500000000}, {"0.000000001s", 1}, {"1.0ns", 1}, {"1.001us", 1001},
        {"18446744073s", UINT64_C(18446744073000000000)}, {"0.0000000010s", 1},
    };
    static const char *const bad[] = {
        "", "1", "s", "1.s", ".5s", "1.5ns", "1.0001us", "1 s", "1sec", "18446744074s", "0x1s",
        "0.0000000001s", "-1s", "0p1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct scan s = on(good[i].text);
        uint64_t ns = 77;

        assert_true(scan_duration(&s, &ns));
        assert_int_equal(ns, good[i].ns);
        assert_true(scan_done(&s));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct scan s = on(bad[i]);
        uint64_t ns = 77;

        assert_false(scan_duration(&s, &ns));
        assert_int_equal(ns, 77);
        assert_ptr_equal(s.at, s.start);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(words),     cmocka_unit_test(names),
        cmocka_unit_test(tokens),  cmocka_unit_test(durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
