/* act.h - actions: the rows that describe each OVS_ACTION_ATTR_*, lists, checking, running.
 *
 * How it works: a list from a client is checked once (act_check.c) against what the flow key
 * guarantees and stored as attributes, some rewritten (SET becomes SET_MASKED). Packets run
 * the stored list (act_run.c). Both walk the rows of act_table.c. Rules: catalogue 07.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_ACT_H
#define DP_ACT_H

#include <glib.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "dp/key.h"
#include "dp/pkt.h"

struct ct_table;
struct datapath;
struct dp_ns;
struct draw;

#define ACT_MAX_DEPTH 16            /* nested lists, catalogue 07, section 7.1 */
#define ACT_LEN_VAR (-1)

/* A checked list; attributes start at data. */
struct act_list {
    GPtrArray *held;                /* timeout policies that its ct() actions refer to; NULL: none */
    uint32_t len;                   /* bytes of stored attributes */
    uint32_t room;                  /* bytes of the client's form, what a reply reserves */
    uint8_t data[] __attribute__((aligned(4)));
};

/* What the check knows of the packet at this point of the list. */
struct act_scope {
    const struct profile *profile;
    struct ct_table *ct;            /* of the namespace, for timeout policies; NULL: there are none */
    const struct fault_hook *fault; /* dp_env's */
    GPtrArray *held;                /* policies found, references */
    const struct flow_key *key;     /* masked flow key, or a packet's full key (EXECUTE) */
    uint16_t eth_type;              /* 0: not known */
    bool is_tagged;
    bool has_eth;
    uint32_t n_mpls;                /* known labels, when eth_type is MPLS */
    unsigned depth;                 /* of nested lists */
    GByteArray *out;                /* stored form */
};

/* A list under way for one packet. */
struct act_run {
    struct datapath *dp;
    struct pkt *pkt;                /* NULL once consumed */
    struct flow_key *key;
    const uint8_t *list;            /* the whole list that is run, for upcalls with ACTIONS */
    size_t list_len;
    const struct fault_hook *fault; /* dp_env's */
    bool is_over;                   /* the rest of the list is skipped */
};

enum {
    ACT_KEEPS_KEY = 1u << 0,        /* never changes key or packet: may run in place when nested */
};

struct act {
    const char *uapi;               /* "OVS_ACTION_ATTR_OUTPUT"; NULL: refused as unknown */
    const char *name;               /* in text; "" for output, a bare port number */
    int16_t len;                    /* payload bytes or ACT_LEN_VAR */
    uint8_t flags;
    uint16_t since, until;          /* KVER, as in struct key_attr */
    const struct key_field *field;  /* payload members (key_off unused), for text, docs, fuzzing */
    uint8_t n_fields;
    /* May it stand here? Updates 'at' for the rest of the list and appends the stored form. NULL:
     * always, stored as given. 0 or -errno. */
    int (*check)(struct act_scope *at, const struct nlattr *a, struct err *e);
    /* Does it. 'is_last': the packet may be consumed. 0, or -errno: list stops, packet is dropped. */
    int (*run)(struct act_run *run, const struct nlattr *a, bool is_last);
    /* Stored form back to the client's form; NULL: as stored. */
    void (*put)(struct nlmsghdr *msg, const struct nlattr *stored);
    /* Text of the client's form, NULL: name and fields. */
    void (*format)(GString *out, const struct nlattr *a, const struct key_text *names);
    int (*scan)(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e);
    /* Appends a payload drawn by lot that may stand here. False: none may. NULL: the fields, each any value. */
    bool (*generate)(const struct act_scope *at, const struct draw *d, GByteArray *out);
};

/* Type of a SET that is stored masked: dumped as SET again. Above every uapi number. */
#define ACT_SET_TO_MASKED 26
#define N_ACTS 27
extern const struct act *const act_table[N_ACTS];     /* by type; NULL or uapi NULL: unknown */

/* Checks and stores a client's list. *list belongs to the caller (act_list_free). */
int acts_check(const struct dp_ns *ns, const struct flow_key *key, const void *attrs, size_t len,
               struct act_list **list, struct err *e);
void act_list_free(struct act_list *list);      /* NULL allowed */
/* For rows with nested lists: checks them one level deeper against a copy of 'at'. */
int acts_check_nested(const struct act_scope *at, const void *attrs, size_t len, struct err *e);
/* Ends a nest of the stored form: attr_nest_end(), or -EMSGSIZE if it has grown too long. */
int acts_nest_end(const struct act_scope *at, size_t nest, struct err *e);

/* For walkers: the row of a type that a client may send, or NULL; checks one action; what is known at the start of a
 * list nested here. */
const struct act *act_client_row(const struct profile *profile, unsigned type);
int act_check_one(struct act_scope *at, const struct nlattr *a, struct err *e);
struct act_scope act_scope_inner(const struct act_scope *at);
struct act_scope act_scope_of(const struct profile *profile, const struct flow_key *key, GByteArray *out);

/* Appends a list drawn by lot that acts_check() accepts for this key; for rows: one nested here. */
void acts_generate(const struct draw *d, const struct flow_key *key, GByteArray *out);
void acts_generate_nested(const struct act_scope *at, const struct draw *d, GByteArray *out);

/* Appends a stored list in the client's form under one nest of type 'nest'. */
void acts_put(struct nlmsghdr *msg, uint16_t nest, const void *attrs, size_t len);

/* Runs a stored list on a packet, which it consumes; every end is accounted for. The key may
 * be changed. 0 or the errno that PACKET_EXECUTE answers. */
int acts_execute(struct datapath *dp, struct pkt *p, const struct act_list *list,
                 struct flow_key *key);

/* For rows: runs a nested list on the packet itself (is_last) or on a copy of packet and key. */
int acts_run_nested(struct act_run *run, const void *attrs, size_t len, bool is_last,
                    bool keeps_key);
/* For rows: looks the packet up again with a new recirc_id. */
int acts_recirculate(struct act_run *run, uint32_t recirc_id, bool is_last);
/* For rows: extracts the key again if it is stale. 0 or -EINVAL. */
int acts_fresh_key(struct act_run *run);
/* Bytes of its own for an action that writes to them: 0, or -ENOMEM by a fault. */
int acts_writable(const struct act_run *run);
/* For rows: the key must be extracted again before it is matched or given to conntrack. */
static inline void acts_stale_key(struct act_run *run)
{
    run->key->is_stale = true;
}

/* ---- text (act_text.c): ovs-dpctl's syntax, "push_vlan(vid=5,pcp=0),2"; "drop" is the empty list -- */

void acts_format(GString *out, const void *attrs, size_t len, const struct key_text *names);
int acts_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e);

#endif
