/* checksum.c - the sums that packets carry: RFC 1071, its patching by RFC 1624, CRC32c.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "base/bytes.h"

static uint32_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

uint32_t csum_add(uint32_t sum, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint64_t wide = sum;

    for (; len >= 2; p += 2, len -= 2)
        wide += be16_get(p);
    if (len)
        wide += (uint32_t)*p << 8;
    return fold(wide);
}

uint32_t csum_pseudo_header(const void *ip, bool is_ip6, uint8_t proto, size_t len)
{
    const uint8_t *addrs = (const uint8_t *)ip + (is_ip6 ? 8 : 12);
    uint32_t fixed = proto + (uint32_t)(len >> 16) + (uint32_t)(len & 0xffff);

    return csum_add(fixed, addrs, is_ip6 ? 32 : 8);
}

uint16_t csum_finish(uint32_t sum)
{
    return (uint16_t)~fold(sum);
}

void csum_ip4_put(uint8_t *ip)
{
    uint32_t words = ip[0] & 15u;

    be16_put(ip + 10, 0);
    be16_put(ip + 10, words < 5 ? be16_get(ip) : csum_finish(csum_add(0, ip, words * 4)));
}

void csum_replace(void *field, const void *from, const void *to, size_t len)
{
    /* 0xffff is a zero that keeps the sum from being 0, so that the result is never 0xffff:
     * the kernel's is not either. */
    uint32_t sum = 0xffffu + (uint16_t)~be16_get(field);

    sum += (uint16_t)~csum_add(0, from, len);
    be16_put(field, csum_finish(csum_add(sum, to, len)));
}

/* CRC of each 4-bit value, reflected polynomial 0x82f63b78. */
static const uint32_t crc32c_nibble[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t crc32c_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    crc = (crc >> 4) ^ crc32c_nibble[crc & 15];
    return (crc >> 4) ^ crc32c_nibble[crc & 15];
}

uint32_t crc32c_sctp(const void *bytes, size_t len, size_t zero_at)
{
    const uint8_t *p = bytes;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++)
        crc = crc32c_byte(crc, i - zero_at < 4 ? 0 : p[i]);
    return ~crc;
}
