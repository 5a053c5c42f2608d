/* draw.h - values drawn by lot, mostly those that code tells apart: what the 'generate' hooks of rows use.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DRAW_H
#define BASE_DRAW_H

#include <stddef.h>
#include <string.h>

#include "base/rng.h"

/* Chance, and the numbers by which drawn messages name their world. */
struct draw {
    struct rng *r;
    uint32_t portid;            /* of a socket that listens */
    uint32_t n_ports;           /* datapath ports 0 .. n_ports - 1 are there */
    /* What a message is about. */
    const char *name;           /* of a device */
    uint32_t ifindex, port_no;
    uint8_t ip_family;          /* AF_INET, AF_INET6 */
    bool asks;                  /* it changes nothing: its header only selects */
};

static inline uint32_t draw_below(const struct draw *d, uint32_t n)
{
    return (uint32_t)((uint64_t)rng_u32(d->r) * n >> 32);
}

static inline bool draw_one_in(const struct draw *d, uint32_t n)
{
    return !draw_below(d, n);
}

/* 'size' bytes: any, or all of one bit, or one small number, so that two draws often agree. */
static inline void draw_bytes(const struct draw *d, void *to, size_t size)
{
    uint64_t bits = rng_u64(d->r);
    uint8_t *b = to;

    if (!(bits & 3)) {
        for (size_t i = 0; i < size; i += sizeof(bits)) {
            memcpy(b + i, &bits, size - i < sizeof(bits) ? size - i : sizeof(bits));
            bits = rng_u64(d->r);
        }
        return;
    }
    memset(b, (bits & 15) == 15 ? 0xff : 0, size);
    if ((bits & 3) == 1 && size)
        b[bits >> 8 & 1 ? 0 : size - 1] = (uint8_t)(1 + (bits >> 16 & 3));
}

/* A number up to 'max'; its ends and small ones often. */
static inline uint32_t draw_number(const struct draw *d, uint32_t max)
{
    uint32_t n = 0;

    draw_bytes(d, &n, sizeof(n));
    if (n == UINT32_MAX)
        return max;
    return n > max ? (uint32_t)((uint64_t)n * max >> 32) : n;
}

#define DRAW_OF(d, array) ((array)[draw_below(d, sizeof(array) / sizeof((array)[0]))])

#endif
