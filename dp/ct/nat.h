/* nat.h - network address translation of tracked connections. Catalogue 09.2, 09.6.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_NAT_H
#define DP_CT_NAT_H

#include <netinet/in.h>         /* before what includes linux/in.h */

#include <linux/netfilter/nf_nat.h>

#include "dp/ct/conn.h"

/* Which end is translated. */
enum ct_manip { CT_MANIP_SRC, CT_MANIP_DST };

static inline enum ct_manip ct_manip_other(enum ct_manip manip)
{
    return manip == CT_MANIP_SRC ? CT_MANIP_DST : CT_MANIP_SRC;
}

/* Where to; flags NF_NAT_RANGE_* say which members count. */
struct ct_nat_range {
    uint32_t flags;
    struct ct_addr min_addr, max_addr;
    uint16_t min_id, max_id;            /* ports or ICMP ids, host order */
};

/* nf_nat_setup_info: chooses a free mapping for an unconfirmed connection, once for each end (a second
 * time is a bug of the caller). 0, or -EINVAL: drop the packet. */
int ct_nat_setup(struct ct_conn *c, const struct ct_nat_range *range, enum ct_manip manip);

/* nf_nat_alloc_null_binding: the mapping onto itself; the id may change where it is taken. */
int ct_nat_null_binding(struct ct_conn *c, enum ct_manip manip);

/* Has that end been set up, be it as it was? */
bool ct_nat_is_done(const struct ct_conn *c, enum ct_manip manip);
/* Does a packet of direction 'dir' want that end rewritten? */
bool ct_nat_applies(const struct ct_conn *c, unsigned dir, enum ct_manip manip);

/* nf_nat_packet: rewrites addresses, ids, checksums of one end as the connection wants it for this
 * packet's direction, if it does. 0, or -EINVAL: the packet cannot be rewritten. */
int ct_nat_packet(struct pkt *p, uint16_t l3_type, enum ct_manip manip);

/* nf_nat_icmp_reply_translation and its IPv6 twin: the same of an ICMP error's outer header and of the packet
 * inside it. */
int ct_nat_related(struct pkt *p, uint16_t l3_type, enum ct_manip manip);

/* The connection leaves: whatever NAT remembers of it goes. Called by conn.c. */
void ct_nat_forget(struct ct_conn *c);
void ct_nat_table_done(struct ct_table *t);

/* Moves a TCP connection's numbers by 'by' behind 'seq' for one direction (content was rewritten). */
void ct_seqadj_set(struct ct_conn *c, unsigned dir, uint32_t seq, int32_t by);
/* The offset of numbers at 'seq' in this direction; 0: none. */
int32_t ct_seq_offset(const struct ct_conn *c, unsigned dir, uint32_t seq);
/* nf_ct_seq_adjust: patches SEQ, ACK and SACK of a TCP packet. False: it is damaged. */
bool ct_seq_adjust(struct pkt *p, uint16_t l3_type);

/* Replaces 'old_len' bytes at 'off' of the transport payload by 'text' for both UDP and TCP: lengths, checksums,
 * sequence adjustment. False: no room. */
bool ct_nat_mangle(struct pkt *p, uint16_t l3_type, uint32_t off, uint32_t old_len,
                   const void *text, uint32_t len);

#endif
