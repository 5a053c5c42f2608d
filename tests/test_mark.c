/* test_mark.c - reads past a packet, and of a packet that is free, are seen inside one big buffer: by ASan, and under valgrind in Debug
 * builds. In other builds marks say nothing. SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "base/mark.h"
#include "dp/pkt.h"

/* What is told of a read of so many bytes. */
static bool is_seen(const void *p, size_t len)
{
    return mark_find_inaccessible(p, len);
}

#if defined(DPSIM_MARK_VALGRIND) && !defined(__SANITIZE_ADDRESS__)
#include <valgrind/valgrind.h>
#define QUIET(on) (void)((on) ? VALGRIND_DISABLE_ERROR_REPORTING : VALGRIND_ENABLE_ERROR_REPORTING)
#else
#define QUIET(on) (void)(on)
#endif

/* Seen where anybody looks, and nowhere else. */
static void assert_seen(const void *p, size_t len)
{
    bool seen;

    QUIET(true);
    seen = is_seen(p, len);
    QUIET(false);
    assert_int_equal(seen, mark_is_on());
}

static void assert_bounds(const struct pkt *p)
{
    const uint8_t *end = p->data + p->len;

    assert_false(is_seen(p->data, p->len));
    assert_seen(end, 1);
    assert_seen(end - 1, 2);
    assert_seen(end + 7, 1);
    assert_seen(p->buf + p->size - 1, 1);
    assert_seen(p->data - 8, 8);
    assert_seen(p->buf, 1);
}

static void bounds_follow_the_packet(void **state)
{
    struct pkt_pool pool = { 0 };
    uint8_t bytes[3001] = { 1, 2, 3 };
    struct pkt *p = pkt_new(&pool, bytes, 60), *copy;

    (void)state;
    assert_bounds(p);
    memset(pkt_insert(p, 12, 4), 0, 4);
    assert_bounds(p);
    pkt_remove(p, 12, 4);
    assert_bounds(p);
    memset(pkt_append(p, 5), 0, 5);
    assert_bounds(p);
    pkt_trim(p, 33);
    assert_bounds(p);
    memset(pkt_insert(p, 14, 500), 0, 500);     /* more than the headroom: a new buffer */
    assert_bounds(p);
    memset(pkt_append(p, 4000), 0, 4000);
    assert_bounds(p);
    copy = pkt_clone(&pool, p);
    assert_bounds(copy);
    pkt_free(&pool, copy);
    pkt_free(&pool, p);
    p = pkt_new(&pool, bytes, sizeof(bytes));   /* larger than the one that is free */
    assert_bounds(p);
    pkt_free(&pool, p);
    pkt_pool_done(&pool);
}

static void free_packets_are_out_of_bounds(void **state)
{
    struct pkt_pool pool = { 0 };
    struct pkt *p = pkt_new(&pool, "abcdef", 6);
    const uint8_t *data = p->data;

    (void)state;
    pkt_free(&pool, p);
    assert_seen(data, 1);
    assert_seen(&p->len, sizeof(p->len));
    p = pkt_new(&pool, "abcd", 4);
    assert_false(is_seen(p, sizeof(*p)));
    assert_bounds(p);
    pkt_free(&pool, p);
    pkt_pool_done(&pool);
}

static void nobody_looks_in_release_builds(void **state)
{
    (void)state;
#if !defined(DPSIM_MARK_VALGRIND) && !defined(__SANITIZE_ADDRESS__)
    assert_false(mark_is_on());
#elif defined(__SANITIZE_ADDRESS__)
    assert_true(mark_is_on());
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_follow_the_packet),
        cmocka_unit_test(free_packets_are_out_of_bounds),
        cmocka_unit_test(nobody_looks_in_release_builds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
