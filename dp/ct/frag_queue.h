/* frag_queue.h - what reassembly of IPv4 and IPv6 share: the queue of one datagram's fragments.
 * Only frag*.c includes it. SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_FRAG_QUEUE_H
#define DP_CT_FRAG_QUEUE_H

#include <glib.h>

#include "dp/ct/conn.h"
#include "dp/ct/frag.h"

#define IP_MAX_LEN 65535u

/* Which datagram; hashed as words, so there is no padding. Not all members count for both families. */
struct frag_key {
    uint8_t src[16], dst[16];
    uint32_t id, zone;
    uint32_t ifindex;
    uint16_t proto;
    uint16_t l3;                    /* 4 or 6 */
};

struct frag {
    struct pkt *pkt;
    uint32_t payload;               /* where its data starts in the frame */
    uint32_t offset, len;           /* which of the datagram's data it has */
    bool starts_run;                /* a run: fragments that came in order, each behind the last */
};

/* IPv4: how many fragments a source has sent while any of its datagrams is not complete. */
struct frag_peer {
    uint32_t addr, n_frags;
    unsigned n_queues;
};

struct frag_queue {
    struct frag_key key;
    struct ct_frags *owner;
    struct ct_link by_age;
    uint64_t expires_ns;
    GArray *frags;                  /* of struct frag, by offset; they never overlap */
    uint32_t len, n_bytes;          /* of data: known so far to be, and held */
    uint32_t mem;                   /* bytes it counts for against the limit */
    bool has_last;
    uint8_t ecn;                    /* bits 1 << ECN field of the fragments */
    uint16_t max_size, max_df_size; /* the longest fragment; of those with DF */
    struct frag_peer *peer;         /* IPv4 */
    uint32_t peer_seen;             /* peer->n_frags at the latest fragment */
    uint32_t next_hdr_off;          /* IPv6: of the byte that announces the fragment header, from l3_off */
};

struct ct_frags {
    struct dp_world *w;
    GHashTable *queues;             /* of struct frag_queue by its key */
    GHashTable *peers;              /* of struct frag_peer by address */
    struct ct_link by_age[2];       /* IPv4 and IPv6: of struct frag_queue.by_age, the oldest first */
    uint64_t mem[2];
};

/* The queue of a datagram, made if there is none. NULL: too much is held. */
struct frag_queue *frag_queue_of(struct ct_frags *f, const struct frag_key *key);
/* Drops what it holds, and forgets it. */
void frag_queue_kill(struct frag_queue *q, enum drop_reason why);
/* Drops what it holds, and starts again. */
void frag_queue_reset(struct frag_queue *q, enum drop_reason why);
/* Drops a fragment that is in no queue; returns 'err'. */
int frag_refuse(struct ct_frags *f, struct pkt **p, enum drop_reason why, int err);

/* Learns from a fragment where the datagram ends, or that it goes on behind 'end'. False: it contradicts another. */
bool frag_learn_end(struct frag_queue *q, bool is_last, int64_t end);

enum frag_insert { FRAG_OK, FRAG_DUP, FRAG_OVERLAP };
/* Takes a fragment whose data is at 'payload' of the frame and would end at 'end' of the datagram; on
 * FRAG_OK it is the queue's. */
enum frag_insert frag_insert(struct frag_queue *q, struct pkt *p, uint32_t payload,
                             uint32_t offset, uint32_t end);
bool frag_is_whole(const struct frag_queue *q);
/* The datagram's ECN field as a whole; false: its fragments contradict each other. */
bool frag_ecn(const struct frag_queue *q, uint8_t *ecn);
/* Joins the data behind the first fragment, which becomes the packet, with what is the last one's of its
 * way through the datapath. The queue is gone. */
struct pkt *frag_join(struct frag_queue *q, const struct pkt *latest);

int frag4_gather(struct ct_frags *f, struct pkt **p, uint16_t zone);    /* frag4.c */
int frag6_gather(struct ct_frags *f, struct pkt **p, uint16_t zone);    /* frag6.c */

#endif
