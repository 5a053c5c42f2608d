/* conn.h - connections, and the table of them that a network namespace has. Catalogue 09.
 *
 * How it works: a packet of no known connection gets a new, unconfirmed one, which only the packets
 * that carry it know and which dies with the last of them. ct(commit) confirms it: then the table
 * finds it by the tuple of each direction, until its time has passed. Numbers of states and events
 * are those of linux/netfilter/nf_conntrack_common.h (enum ip_conntrack_status, ip_conntrack_events).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_CONN_H
#define DP_CT_CONN_H

#include <glib.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "dp/ct/proto_state.h"
#include "dp/ct/tuple.h"
#include "dp/env.h"
#include "dp/fault.h"

enum { CT_ORIG, CT_REPLY, CT_N_DIRS };

#define CT_WHEEL_SLOTS 512              /* seconds that the wheel of expiries holds at once */

/* The kernel's IPS_NAT_CLASH, which has no number of its own: it lost a clash, see ct_conn_insert_reply(). */
#define CT_NAT_CLASH IPS_UNTRACKED

struct ct_conn;
struct ct_expect;
struct ct_table;
struct ct_helper;
struct ct_nat_sources;
struct ct_proto;
struct ct_timeout;

/* A doubly linked ring; an empty one points to itself. */
struct ct_link {
    struct ct_link *prev, *next;
};

/* One direction in the table. */
struct ct_entry {
    struct ct_tuple tuple;
    unsigned dir_no;                    /* CT_ORIG or CT_REPLY */
    struct ct_entry *next;              /* in its bucket */
};

struct ct_counter {
    uint64_t n_packets, n_bytes;
};

struct ct_conn {
    struct ct_entry dir[CT_N_DIRS];     /* tuples: [CT_ORIG] as the first packet was, [CT_REPLY] as its
                                           answer will be, NAT included */
    struct ct_table *table;
    const struct ct_proto *proto;
    struct ct_link all;                 /* in the table, by the time of confirmation */
    struct ct_link timer;               /* in the wheel */
    struct ct_link by_source;           /* NAT: connections by their original source */
    uint64_t expires_ns;                /* unconfirmed: the span, from confirmation on */
    uint32_t use;                       /* references: table, packets, connections it is master of */
    uint32_t id;                        /* from 1, in order of birth */
    uint64_t order;                     /* from 1, in order of confirmation, as in the table's 'all' */
    uint64_t start_ns;                  /* of confirmation; 0: sysctl.timestamp was off */
    uint32_t status;                    /* IPS_* */
    uint32_t events;                    /* bits of IPCT_*, not yet told */
    uint32_t event_mask;                /* told is what has one of these; ~0: any */
    uint32_t mark;
    uint8_t labels[16];
    bool has_labels;                    /* the extension exists: bits were set once */
    bool has_events;                    /* the extension exists: somebody listened at its birth */
    bool by_client;                     /* made by ctnetlink, with every extension there is */
    struct ct_counter count[CT_N_DIRS];        /* if sysctl.acct was on at its birth */
    bool has_counts;
    struct ct_conn *master;             /* it was expected by; holds a reference */
    const struct ct_helper *helper;     /* NULL: none */
    void *helper_data;                  /* the helper's own, g_free */
    struct ct_link expects;             /* struct ct_expect.of_master that it waits for */
    unsigned n_expects;
    struct ct_timeout *timeout;         /* policy, which leaves when it is deleted; NULL: the namespace's */
    struct ct_seqadj *seqadj;           /* TCP numbers that NAT of content has moved; NULL: none */
    union ct_proto_state state;
};

struct ct_limits;

/* Called for each connection of which something is told; 'events' are bits of IPCT_*. */
typedef void ct_event_fn(void *ctx, struct ct_conn *c, uint32_t events);
/* The same of an expectation; 'event' is IPEXP_NEW or IPEXP_DESTROY. */
typedef void ct_expect_event_fn(void *ctx, struct ct_expect *x, unsigned event);

/* What /proc/net/stat/nf_conntrack counts. All on the first CPU: where a client ran is nothing that may show. */
struct ct_stats {
    uint32_t n_found, n_invalid, n_insert, n_insert_failed, n_drop, n_early_drop, n_error;
    uint32_t n_search_restart, n_clash_resolve, n_chain_toolong;
    uint32_t n_expect_new, n_expect_create, n_expect_delete;
};

/* What /proc/sys/net/netfilter sets (sysctl.c); members are named so, without "nf_conntrack_". */
struct ct_sysctl {
    uint32_t acct, checksum, events, expect_max, max, timestamp;
    uint32_t tcp_be_liberal, tcp_ignore_invalid_rst, tcp_loose, tcp_max_retrans;
};

struct ct_table {
    const struct dp_env *env;           /* time, random numbers */
    struct ct_entry **bucket;
    uint32_t n_buckets;                 /* a power of two */
    uint32_t n_conns;                   /* confirmed */
    uint32_t last_id;
    uint64_t last_order;
    struct ct_link all;                 /* of struct ct_conn.all, the oldest first */
    struct ct_link wheel[CT_WHEEL_SLOTS];       /* of struct ct_conn.timer, by second of expiry */
    uint64_t wheel_s;                   /* the second up to which the wheel has been emptied */
    struct ct_nat_sources *sources;     /* NAT's, of struct ct_conn.by_source; NULL: none yet */
    uint64_t wake_s;                    /* the second for which env->wake was asked; UINT64_MAX: none */
    struct ct_link expects;             /* of struct ct_expect.all, the oldest first */
    unsigned n_expects;
    uint32_t last_expect_id;
    GPtrArray *timeouts;                /* of struct ct_timeout, in order of creation */
    uint32_t *seconds;                  /* default timeouts of all protocols, see ct_timeouts_of() */
    struct ct_sysctl sysctl;
    ct_event_fn *event;                 /* NULL: nobody listens */
    ct_expect_event_fn *expect_event;   /* NULL as well */
    void *event_ctx;
    const unsigned *n_listeners;        /* how many listen now; NULL: always somebody, if 'event' is set */
    struct ct_stats stats;
};

/* ---- the table ------------------------------------------------------------------------------- */

struct ct_table *ct_table_new(const struct dp_env *env);        /* 'env' is borrowed */
void ct_table_free(struct ct_table *t);         /* NULL allowed; no packet may hold a connection */

static inline uint64_t ct_now(const struct ct_table *t)
{
    return t->env->now(t->env->ctx);
}

static inline bool ct_is_full(const struct ct_table *t)
{
    return t->sysctl.max && t->n_conns >= t->sysctl.max;
}

/* The confirmed connection with this tuple in direction *dir, or NULL. One whose time has passed
 * is deleted instead. Borrowed. */
struct ct_conn *ct_find(struct ct_table *t, const struct ct_tuple *tuple, unsigned *dir);

/* Deletes expired connections, at most 'budget' of them; called now and then, also by packets, so
 * that millions of idle ones stall nothing. */
void ct_expire(struct ct_table *t, unsigned budget);
/* The time that env->wake was asked for has come. */
void ct_wake(struct ct_table *t);

/* The oldest connection behind 'c' (NULL: of all) that is not expired, or NULL. */
struct ct_conn *ct_next(struct ct_table *t, const struct ct_conn *c);

/* ---- a connection ------------------------------------------------------------------------------ */

/* An unconfirmed connection; the caller holds its only reference. */
struct ct_conn *ct_conn_new(struct ct_table *t, const struct ct_tuple *orig,
                            const struct ct_tuple *reply);
static inline struct ct_conn *ct_conn_get(struct ct_conn *c)
{
    c->use++;
    return c;
}
void ct_conn_put(struct ct_conn *c);            /* NULL allowed; the last one frees it */

/* Puts it into the table. -EEXIST: another one with one of its tuples is there. The table takes a
 * reference of its own. */
int ct_conn_insert(struct ct_conn *c);
/* For one that has lost a clash over its original tuple to another, of which NAT has made something else: answers to its
 * packets find it, for a second; nobody else sees it. -EEXIST: its answers would be another's. */
int ct_conn_insert_reply(struct ct_conn *c);
/* Takes it out of the table, with what it expects; listeners are told IPCT_DESTROY. */
void ct_conn_delete(struct ct_conn *c);

static inline bool ct_is_confirmed(const struct ct_conn *c)
{
    return c->status & IPS_CONFIRMED;
}

static inline bool ct_is_dying(const struct ct_conn *c)
{
    return c->status & IPS_DYING;
}

/* It lives 'seconds' longer from now (unless IPS_FIXED_TIMEOUT); unconfirmed: from confirmation. */
void ct_conn_refresh(struct ct_conn *c, uint32_t seconds);
/* Seconds until it expires, rounded down. */
uint32_t ct_conn_left(const struct ct_conn *c);

/* Notes an event, told by ct_events_deliver(), which confirmation calls. */
static inline void ct_conn_event(struct ct_conn *c, unsigned event)
{
    c->events |= 1u << event;
}
void ct_events_deliver(struct ct_conn *c);

/* Both sides have been heard of: it is not dropped early any more. */
static inline void ct_conn_assure(struct ct_conn *c)
{
    if (c->status & IPS_ASSURED)
        return;
    c->status |= IPS_ASSURED;
    ct_conn_event(c, IPCT_ASSURED);
}

/* One line of the trace: the kernel's function, and "udp zone 0 10.0.0.1:1000 > 10.0.0.2:53" (trace.c). */
void ct_trace(const struct ct_table *t, const char *func, const struct ct_tuple *tuple);

/* ---- packets ------------------------------------------------------------------------------------ */

/* Lets the packet's connection, if any, go. */
void pkt_drop_ct(struct pkt *p);
/* The packet carries 'c' from now on; takes the caller's reference. */
void pkt_set_ct(struct pkt *p, struct ct_conn *c, enum ip_conntrack_info info);

static inline unsigned ct_info_dir(enum ip_conntrack_info info)
{
    return info >= IP_CT_IS_REPLY ? CT_REPLY : CT_ORIG;
}

/* ---- rings -------------------------------------------------------------------------------------- */

static inline void ct_link_init(struct ct_link *l)
{
    l->prev = l->next = l;
}

static inline bool ct_link_is_empty(const struct ct_link *l)
{
    return l->next == l;
}

/* Puts 'l' before 'at': at the end of the ring whose head 'at' is. */
static inline void ct_link_add(struct ct_link *at, struct ct_link *l)
{
    l->prev = at->prev;
    l->next = at;
    at->prev->next = l;
    at->prev = l;
}

/* Takes 'l' out; it is empty then. */
static inline void ct_link_remove(struct ct_link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    ct_link_init(l);
}

#define ct_of_link(l, type, member) ((type *)(void *)((char *)(l) - offsetof(type, member)))

#endif
