/* test_wire.c - wire types: bytes to memory to text, and back.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"

/* Text of 'size' wire bytes, which are then read back from it. */
static const char *round_trip(const struct wire *w, const void *bytes, size_t size)
{
    static char text[128];
    uint64_t mem[4] = {0}, back[4] = {0};
    uint8_t wire[32] = {0};
    GString *out = g_string_new(NULL);
    struct scan s;

    wire_load(w, mem, size, bytes);
    w->print(out, mem, size);
    g_strlcpy(text, out->str, sizeof(text));
    g_string_free(out, TRUE);
    scan_init(&s, text);
    assert_true(w->scan(&s, back, size));
    assert_true(scan_done(&s));
    wire_store(w, wire, back, size);
    assert_memory_equal(wire, bytes, size);
    return text;
}

static void texts(void **state)
{
    static const struct {
        const struct wire *w;
        size_t size;
        const char *bytes, *text;
    } rows[] = {
        {&wire_u8, 1, "\xff", "255"},
        {&wire_u8x, 1, "\x1c", "0x1c"},
        {&wire_u8x, 1, "\0", "0"},
        {&wire_be16, 2, "\x01\x02", "258"},
        {&wire_be16x, 2, "\x08\x00", "0x0800"},
        {&wire_be32, 4, "\0\0\x01\0", "256"},
        {&wire_be32x, 4, "\0\x0f\xff\xff", "0xfffff"},
        {&wire_be64, 8, "\0\0\0\0\0\0\x01\0", "256"},
        {&wire_be64x, 8, "\x01\x23\x45\x67\x89\xab\xcd\xef", "0x123456789abcdef"},
        {&wire_mac, 6, "\x02\0\0\xab\xcd\xef", "02:00:00:ab:cd:ef"},
        {&wire_ip4, 4, "\x0a\0\0\x01", "10.0.0.1"},
        {&wire_ip6, 16, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", "fe80::1"},
        {&wire_bytes, 3, "\xc0\xff\xee", "c0ffee"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_string_equal(round_trip(rows[i].w, rows[i].bytes, rows[i].size), rows[i].text);
}

/* Host-order members: whatever the machine, the value is the same. */
static void host_order(void **state)
{
    uint16_t u16 = 258;
    uint32_t u32 = 0x10000;
    uint64_t u64 = 5;

    (void)state;
    assert_string_equal(round_trip(&wire_u16, &u16, 2), "258");
    assert_string_equal(round_trip(&wire_u16x, &u16, 2), "0x102");
    assert_string_equal(round_trip(&wire_u32, &u32, 4), "65536");
    assert_string_equal(round_trip(&wire_u32x, &u32, 4), "0x10000");
    assert_string_equal(round_trip(&wire_u64, &u64, 8), "5");
    assert_string_equal(round_trip(&wire_u64x, &u64, 8), "0x5");
}

/* The kernel keeps a 16-bit ARP opcode in one byte. */
static void widths(void **state)
{
    uint8_t mem = 0, wire[2] = {0xff, 0xff};
    uint32_t wide = UINT32_MAX;

    (void)state;
    wire_load(&wire_be16, &mem, sizeof(mem), "\x01\x02");
    assert_int_equal(mem, 2);
    wire_store(&wire_be16, wire, &mem, sizeof(mem));
    assert_memory_equal(wire, "\0\x02", 2);
    wire_load(&wire_be16, &wide, sizeof(wide), "\x01\x02");
    assert_int_equal(wide, 0x102);
}

static void refusals(void **state)
{
    static const struct {
        const struct wire *w;
        size_t size;
        const char *text;
    } rows[] = {
        {&wire_u8, 1, "256"},
        {&wire_be16, 2, "0x10000"},
        {&wire_u32, 4, "4294967296"},
        {&wire_mac, 6, "02:00:00:00:00"},
        {&wire_mac, 6, "02:00:00:00:00:zz"},
        {&wire_ip4, 4, "10.0.0"},
        {&wire_ip4, 4, "10.0.0.256"},
        {&wire_ip6, 16, "fe80::1::2"},
        {&wire_ip6, 16, "0123456789012345678901234567890123456789012345678901234567890"},
        {&wire_bytes, 2, "c0f"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t mem[16];
        struct scan s;

        scan_init(&s, rows[i].text);
        assert_false(rows[i].w->scan(&s, mem, rows[i].size));
        assert_ptr_equal(s.at, s.start);
    }
}

static void masks_of_decimals_are_hexadecimal(void **state)
{
    GString *out = g_string_new(NULL);
    uint16_t value = 80, mask = 0xfff0;

    (void)state;
    wire_be16.print_masked(out, &value, &mask, sizeof(value));
    assert_string_equal(out->str, "80/0xfff0");
    g_string_free(out, TRUE);
}

static void memory(void **state)
{
    uint64_t mem = 0;

    (void)state;
    for (size_t size = 1; size <= 8; size *= 2) {
        uint64_t most = UINT64_MAX >> (64 - 8 * size);

        mem_put(&mem, size, UINT64_MAX);
        assert_int_equal(mem_get(&mem, size), most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(host_order),
        cmocka_unit_test(widths),
        cmocka_unit_test(refusals),
        cmocka_unit_test(masks_of_decimals_are_hexadecimal),
        cmocka_unit_test(memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
