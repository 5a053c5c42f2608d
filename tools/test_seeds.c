/* test_seeds.c - see test_seeds.h. SPDX-License-Identifier: Apache-2.0 */
#include "tools/test_seeds.h"

#include <inttypes.h>

#include "base/scan.h"

bool test_seeds_scan(const char *text, uint64_t *first, uint64_t *last)
{
    struct scan in;

    scan_init(&in, text);
    if (!scan_u64(&in, UINT64_MAX, first))
        return false;
    *last = *first;
    if (scan_text(&in, "..") && !scan_u64(&in, UINT64_MAX, last))
        return false;
    return scan_done(&in) && *last >= *first && *last - *first < TEST_MOST_SEEDS;
}

struct test_seeds *test_seeds_new(const char *path, uint64_t first, uint64_t last)
{
    struct test_seeds *s = g_new0(struct test_seeds, 1);

    s->result = test_result_new(path);
    s->first = first;
    s->last = last;
    s->n_left = (guint)(last - first + 1);
    return s;
}

bool test_seeds_want(const struct test_seeds *s, uint64_t seed)
{
    return !s->result->failure || seed <= s->failed;
}

static void take_over(struct test_seeds *s, uint64_t seed, struct test_result *one)
{
    struct test_result *t = s->result;

    g_free(t->failure);
    t->failure = s->last > s->first && one->failure
                     ? g_strdup_printf("seed %" PRIu64 ": %s", seed, one->failure)
                     : g_strdup(one->failure);
    g_string_assign(t->text, one->text->str);
    g_free(t->digest);
    t->digest = g_strdup(one->digest);
    s->failed = seed;
}

void test_seeds_over(struct test_seeds *s, uint64_t seed, struct test_result *one)
{
    struct test_result *t = s->result;

    if (s->first == s->last || (one->failure && test_seeds_want(s, seed)))
        take_over(s, seed, one);
    if (--s->n_left)
        return;
    t->is_over = true;
    t->has_passed = !t->failure;
}
