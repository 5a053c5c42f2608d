/* track.h - what the ct() action asks of connection tracking. Catalogue 09.3 to 09.5.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_TRACK_H
#define DP_CT_TRACK_H

#include "dp/ct/conn.h"

struct ct_timeout;

/* nf_conntrack_in: tracks the IP packet at p->l3_off of ethertype 'l3_type' in 'zone'; a new connection gets
 * 'timeout' (NULL: defaults). The packet carries its connection then, or none: it is invalid. 0, or
 * -EINVAL: it is to be dropped (up to 6.1.176 -ENOENT). */
int ct_track(struct ct_table *t, struct pkt *p, uint16_t l3_type, uint16_t zone,
             struct ct_timeout *timeout);

/* nf_conntrack_confirm: puts the packet's connection into the table and tells its events. 0, or
 * -EINVAL: another one was there first and cannot stand in for it. */
int ct_confirm(struct pkt *p);

/* Gives the packet its connection by the tuple only, without tracking it. 'is_natted': the packet looks as NAT
 * has left it. False: there is none. */
bool ct_peek(struct ct_table *t, struct pkt *p, uint16_t l3_type, uint16_t zone, bool is_natted);

/* The connection that expects this packet, or NULL. Another connection with the packet's tuple is deleted:
 * helpers do not look whether there is one. */
struct ct_conn *ct_expected_by(struct ct_table *t, struct pkt *p, uint16_t l3_type, uint16_t zone);

/* What a packet of direction 'dir' is to a connection. */
enum ip_conntrack_info ct_info_of(const struct ct_conn *c, unsigned dir);

#endif
