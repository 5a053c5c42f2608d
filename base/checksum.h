/* checksum.h - Internet checksum, its incremental patching, and SCTP's CRC32c.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ones'-complement sum of 'len' bytes (big-endian 16-bit words, odd byte padded with
 * zero), added to 'sum'. Not folded. */
uint32_t csum_add(uint32_t sum, const void *bytes, size_t len);

/* The sum of the pseudo header that transport checksums count in: addresses of the IP header 'ip', protocol,
 * length of transport header and payload. Not folded. */
uint32_t csum_pseudo_header(const void *ip, bool is_ip6, uint8_t proto, size_t len);

/* Folds to 16 bits and complements: the value of a checksum field, host order. */
uint16_t csum_finish(uint32_t sum);

/* Writes the checksum of the IPv4 header 'ip', as long as it says it is. One that says it has fewer than five words
 * gets its first two bytes, as by the kernel's ip_fast_csum of x86 (6.1.192). */
void csum_ip4_put(uint8_t *ip);

/* Patches the big-endian checksum at 'field' for a change of 'len' (even) bytes from
 * 'from' to 'to' (RFC 1624). */
void csum_replace(void *field, const void *from, const void *to, size_t len);

/* CRC32c of SCTP over 'len' bytes as if the 4 bytes at 'zero_at' were zero, host order as
 * it is stored little-endian in the packet. */
uint32_t crc32c_sctp(const void *bytes, size_t len, size_t zero_at);

#endif
