/* hash.h - stable hashes: the same bytes and seed give the same value on every machine.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

/* Hash of 'len' bytes, a multiple of 8. */
static inline uint32_t hash_words(const void *words, size_t len, uint32_t seed)
{
    uint64_t h = seed ^ UINT64_C(0x243f6a8885a308d3), w;

    for (size_t i = 0; i < len; i += 8) {
        memcpy(&w, (const uint8_t *)words + i, 8);
        h = hash_mix(h, w);
    }
    return (uint32_t)(h ^ (h >> 32));
}

/* Hash of any number of bytes; none may be anywhere. */
static inline uint32_t hash_bytes(const void *bytes, size_t len, uint32_t seed)
{
    uint64_t tail = 0;

    if (len & 7)
        memcpy(&tail, (const uint8_t *)bytes + (len & ~(size_t)7), len & 7);
    return (uint32_t)hash_mix(hash_words(bytes, len & ~(size_t)7, seed), tail ^ len);
}

/* Jenkins' lookup3 over 'n' 32-bit words, which the kernel calls jhash2: for values that its
 * clients can see. */
uint32_t hash_jenkins(const uint32_t *words, size_t n, uint32_t seed);

#endif
