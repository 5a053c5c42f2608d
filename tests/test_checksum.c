/* test_checksum.c - sums against known values, patched sums against computed ones.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/checksum.h"

/* RFC 1071's own example, and an odd byte that counts as the high half of a word. */
static void test_known_sums(void **state)
{
    static const uint8_t rfc[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

    (void)state;
    assert_int_equal(csum_finish(csum_add(0, rfc, sizeof(rfc))), (uint16_t)~0xddf2);
    assert_int_equal(csum_finish(csum_add(0, rfc, 3)), (uint16_t)~0xf201);
    assert_int_equal(csum_finish(0), 0xffff);
}

static void test_sum_of_parts_is_sum_of_all(void **state)
{
    uint8_t bytes[64];

    (void)state;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + 200);
    for (unsigned cut = 0; cut <= sizeof(bytes); cut += 2)
        assert_int_equal(csum_finish(csum_add(csum_add(0, bytes, cut), bytes + cut, 64 - cut)),
                         csum_finish(csum_add(0, bytes, 64)));
}

/* A patched checksum equals a fresh one, for many contents and for each 4-byte field. */
static void test_replace_is_recompute(void **state)
{
    uint8_t bytes[20], from[4];
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        unsigned at = round % 4 * 4 + 4;

        for (unsigned i = 2; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
        be16_put(bytes, 0);
        be16_put(bytes, csum_finish(csum_add(0, bytes, sizeof(bytes))));
        memcpy(from, bytes + at, 4);
        be32_put(bytes + at, round % 3 ? seed : 0);
        csum_replace(bytes, from, bytes + at, 4);
        assert_int_equal(csum_finish(csum_add(0, bytes, sizeof(bytes))), 0);
    }
}

/* 0x0000 and 0xffff are the same sum; the kernel's patched value is never 0xffff. */
static void test_replace_never_gives_ffff(void **state)
{
    uint8_t sum[2] = { 0xff, 0xff };
    static const uint8_t ones[2] = { 0xff, 0xff }, zeros[2];

    (void)state;
    csum_replace(sum, ones, zeros, 2);
    assert_int_equal(be16_get(sum), 0);
    csum_replace(sum, zeros, ones, 2);
    assert_int_equal(be16_get(sum), 0);
}

/* The check value of CRC-32C, and a field that counts as zero. */
static void test_crc32c(void **state)
{
    uint8_t digits[] = "123456789", with_sum[] = "1234\0\0\0\0" "5678";

    (void)state;
    assert_int_equal(crc32c_sctp(digits, 9, 100), 0xe3069283);
    uint32_t clean = crc32c_sctp(with_sum, 12, 4);
    memset(with_sum + 4, 0xa5, 4);
    assert_int_equal(crc32c_sctp(with_sum, 12, 4), clean);
    assert_int_not_equal(crc32c_sctp(with_sum, 12, 100), clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_sums),
        cmocka_unit_test(test_sum_of_parts_is_sum_of_all),
        cmocka_unit_test(test_replace_is_recompute),
        cmocka_unit_test(test_replace_never_gives_ffff),
        cmocka_unit_test(test_crc32c),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
