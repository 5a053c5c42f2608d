/* pkt.h - a packet on its way through the datapath: bytes with headroom, and metadata.
 *
 * As in the kernel the outermost 802.1Q/802.1ad tag is not in the bytes but in
 * vlan_tpid/vlan_tci, once key_extract() or push_vlan has put it there.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_PKT_H
#define DP_PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ct_conn;
struct nlattr;
struct vport;

#define PKT_HEADROOM 128        /* bytes before a new packet's data */
#define PKT_NO_CUT UINT32_MAX

struct pkt {
    uint8_t *data;              /* first byte: Ethernet header, or L3 header if !has_eth */
    uint32_t len;               /* bytes from data */
    uint16_t l3_off;            /* network header, from data; set by key_extract() */
    uint16_t l4_off;            /* transport header, from data; 0: none found */
    uint16_t inner_off;         /* network header behind MPLS labels that were pushed; 0: none were */
    uint16_t mac_len;           /* bytes of Ethernet header and in-frame tags */
    bool has_eth;
    bool has_vlan;              /* a tag is in vlan_tpid/vlan_tci */
    uint16_t vlan_tpid;
    uint16_t vlan_tci;          /* without the 0x1000 "present" bit's meaning: as on the wire */
    uint16_t protocol;          /* ethertype behind the metadata tag, be it an inner tag's */
    uint16_t mru;               /* largest fragment before reassembly, 0: was not reassembled */
    uint32_t max_len;           /* bytes to keep at the next output or upcall (TRUNC); PKT_NO_CUT */
    uint32_t priority, mark;
    uint32_t hash;              /* flow hash, 0: not computed yet */
    bool hash_is_l4, hash_is_sw;
    bool shares_pieces;         /* it is a copy: 'piece' is not its own to send */
    uint8_t ct_info;            /* enum ip_conntrack_info, if ct is set */
    struct vport *input;        /* port it came in by; of an EXECUTE the one its key names */
    struct ct_conn *ct;         /* connection it belongs to, a reference; NULL: not tracked, or invalid */
    /* Where it goes by a tunnel port: the nest of the set(tunnel()) that it has passed, NULL: none.
     * Borrowed from the list of actions, which outlives the packet. */
    const struct nlattr *tunnel;
    /* Of a packet joined from fragments: how many bytes of its IP packet each has brought, ending with
     * 0. Owned; a packet that has grown or shrunk behind l3_off has none. NULL: unknown. */
    uint16_t *piece;
    /* From here on the pool's: kept when the packet is used again. */
    uint8_t *buf;               /* the allocation */
    uint32_t size;              /* of the allocation */
    struct pkt *next_free;      /* in a pool */
};

/* A free list: after warm-up the packet path allocates nothing. */
struct pkt_pool {
    struct pkt *free;
    uint64_t n_live;            /* packets handed out and not freed */
};

void pkt_pool_done(struct pkt_pool *pool);      /* frees the free list; n_live must be 0 */

/* A packet holding a copy of 'len' bytes; metadata cleared, has_eth true. */
struct pkt *pkt_new(struct pkt_pool *pool, const void *bytes, size_t len);
struct pkt *pkt_clone(struct pkt_pool *pool, const struct pkt *from);   /* bytes and metadata */
/* A packet with the metadata of 'from', its first 'head' bytes, and 'len' of its bytes at 'off' behind them. */
struct pkt *pkt_part(struct pkt_pool *pool, const struct pkt *from, uint32_t head, uint32_t off,
                     uint32_t len);
void pkt_free(struct pkt_pool *pool, struct pkt *p);                    /* NULL allowed */

/* Moves ownership: returns *p and sets it to NULL. */
static inline struct pkt *pkt_take(struct pkt **p)
{
    struct pkt *taken = *p;

    *p = NULL;
    return taken;
}

/* Opens 'n' bytes (uninitialised) at offset 'at' by moving what is before it; offsets l3_off,
 * l4_off and mac_len at or behind 'at' grow by n. Returns their address; the packet's bytes may move. */
uint8_t *pkt_insert(struct pkt *p, uint32_t at, uint32_t n);
/* Closes 'n' bytes at offset 'at', the inverse. */
void pkt_remove(struct pkt *p, uint32_t at, uint32_t n);
/* Opens 'n' bytes (uninitialised) at the end and returns their address; the packet's bytes may move. */
uint8_t *pkt_append(struct pkt *p, uint32_t n);
void pkt_trim(struct pkt *p, uint32_t len);     /* cuts to len if longer */

/* Length with the metadata tag counted: what flow statistics and counters use. */
static inline uint32_t pkt_wire_len(const struct pkt *p)
{
    return p->len + (p->has_vlan ? 4 : 0);
}

/* What Linux charges for a packet of 'len' bytes, on a 64-bit machine. */
uint32_t pkt_true_size(uint32_t len);

/* Writes the metadata tag, if any, into the bytes: the frame as it is on the wire. */
void pkt_put_tag(struct pkt *p);

#endif
