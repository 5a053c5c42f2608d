/* bytes.h - big-endian numbers at any address, for code that reads and writes packets.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t be16_get(const void *at)
{
    uint16_t wire;

    memcpy(&wire, at, sizeof(wire));
    return ntohs(wire);
}

static inline uint32_t be32_get(const void *at)
{
    uint32_t wire;

    memcpy(&wire, at, sizeof(wire));
    return ntohl(wire);
}

static inline void be16_put(void *at, uint16_t value)
{
    uint16_t wire = htons(value);

    memcpy(at, &wire, sizeof(wire));
}

static inline void be32_put(void *at, uint32_t value)
{
    uint32_t wire = htonl(value);

    memcpy(at, &wire, sizeof(wire));
}

#endif
