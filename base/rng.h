/* rng.h - the seeded random source: every draw of a run comes from here.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline void rng_init(struct rng *r, uint64_t seed)
{
    r->state = seed;
}

/* splitmix64: every seed, also 0, gives a full-period sequence. */
static inline uint64_t rng_u64(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint32_t rng_u32(struct rng *r)
{
    return (uint32_t)(rng_u64(r) >> 32);
}

/* True for 'share' / 2^32 of the draws; UINT32_MAX: always. */
static inline bool rng_is_within(struct rng *r, uint32_t share)
{
    uint32_t drawn = rng_u32(r);

    return share && drawn <= share;
}

#endif
