/* hash.c - Bob Jenkins' lookup3 (2006, public domain), written as loops over its rotations.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word << by | word >> (32 - by);
}

static void mix(uint32_t v[3])
{
    static const uint8_t by[6] = { 4, 6, 8, 16, 19, 4 };

    for (unsigned i = 0; i < 6; i++) {
        uint32_t *a = &v[i % 3], *b = &v[(i + 1) % 3], *c = &v[(i + 2) % 3];

        *a -= *c;
        *a ^= rotate(*c, by[i]);
        *c += *b;
    }
}

static uint32_t finish(uint32_t v[3])
{
    static const uint8_t by[7] = { 14, 11, 25, 16, 4, 14, 24 };

    for (unsigned i = 0; i < 7; i++) {
        uint32_t *to = &v[(i + 2) % 3], from = v[(i + 1) % 3];

        *to ^= from;
        *to -= rotate(from, by[i]);
    }
    return v[2];
}

uint32_t hash_jenkins(const uint32_t *words, size_t n, uint32_t seed)
{
    uint32_t start = 0xdeadbeef + (uint32_t)n * 4 + seed, v[3] = { start, start, start };

    for (; n > 3; n -= 3, words += 3) {
        for (unsigned i = 0; i < 3; i++)
            v[i] += words[i];
        mix(v);
    }
    if (!n)
        return v[2];
    for (size_t i = 0; i < n; i++)
        v[i] += words[i];
    return finish(v);
}
