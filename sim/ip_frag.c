/* ip_frag.c - see ip_frag.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/ip_frag.h"

#include <glib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checksum.h"
#include "sim/ip.h"

void ip_frag_cut(const uint8_t *frame, size_t len, uint32_t mtu,
                 void (*send)(void *ctx, uint8_t *frame, size_t len), void *ctx)
{
    size_t most = (mtu - IP4_LEN) & ~(size_t)7, left = len - ETH_LEN - IP4_LEN, offset = 0;
    const uint8_t *payload = frame + ETH_LEN + IP4_LEN;

    while (left) {
        size_t n = MIN(left, most), size = ETH_LEN + IP4_LEN + n;
        g_autofree uint8_t *one = g_malloc(size);
        uint8_t *ip = one + ETH_LEN;

        left -= n;
        memcpy(one, frame, ETH_LEN + IP4_LEN);
        memcpy(ip + IP4_LEN, payload + offset, n);
        be16_put(ip + 2, (uint16_t)(IP4_LEN + n));
        be16_put(ip + 6, (uint16_t)(offset / 8 | (left ? IP4_MF : 0)));
        csum_ip4_put(ip);
        send(ctx, one, size);
        offset += n;
    }
}
