/* key.h - the flow key, the mask, and the rows that describe every key attribute.
 *
 * How it works: key_attrs.c has one row for each OVS_KEY_ATTR_*. Walkers that name no
 * attribute check, read (get), write (put), print (format) and read text (scan); an attribute
 * that a row cannot describe has hooks (key_odd_*.c). Rules: catalogue 04.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_KEY_H
#define DP_KEY_H

#include <glib.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/scan.h"
#include "base/wire.h"
#include "dp/profile.h"

#define KEY_MAX_PORTS 65535u        /* in_port of "no port" */
#define KEY_N_MPLS 3
#define KEY_TCI_PRESENT 0x1000u
#define KEY_TYPE_802_2 0x0004u      /* eth_type of a frame without EtherType */

enum { KEY_FRAG_NONE, KEY_FRAG_FIRST, KEY_FRAG_LATER };
enum { KEY_MAC_NONE, KEY_MAC_ETH };     /* mac_proto: L3 packet or Ethernet */

struct key_tag {
    uint16_t tpid, tci;             /* tci has KEY_TCI_PRESENT if there is a tag */
};

struct key_nsh {
    uint8_t flags, ttl, mdtype, np;
    uint32_t path_hdr;
    uint8_t context[16];
};

struct key_nd {
    uint8_t target[16], sll[6], tll[6];
};

/* Everything a packet is matched by; integers in host order, addresses as on the wire. Members that share storage
 * share it in the kernel too, and a client can see that (catalogue 04, section 4.2). Masks have the
 * same shape. No implicit padding: keys are compared and hashed as words. */
struct flow_key {
    /* Tunnel; starts the key so that plain flows skip it. */
    uint8_t tun_opts[255];
    uint8_t tun_opts_len;
    struct {
        uint64_t id;
        union {
            struct { uint32_t src, dst; } ip4;
            struct { uint8_t src[16], dst[16]; } ip6;
        };
        uint16_t flags;             /* KEY_TUN_* of key_odd_tunnel.c */
        uint8_t tos, ttl;
        uint16_t tp_src, tp_dst;
    } tun;
    /* Metadata and link layer. */
    uint32_t priority;
    uint32_t skb_mark;
    uint16_t in_port;
    uint8_t mac_proto;              /* KEY_MAC_* */
    uint8_t tun_proto;              /* 0 none, 4, 6 */
    uint32_t dp_hash;
    uint32_t recirc_id;
    uint8_t eth_src[6], eth_dst[6];
    struct key_tag vlan, cvlan;     /* outer, inner */
    uint16_t eth_type;              /* behind the tags */
    uint8_t ct_state;
    uint8_t ct_orig_proto;
    /* Network and transport layer. */
    uint8_t ip_proto;               /* IP protocol, or ARP opcode */
    uint8_t ip_tos, ip_ttl, ip_frag;
    uint16_t ct_zone;
    uint16_t tp_src, tp_dst;        /* ports, or ICMP type and code */
    uint16_t tcp_flags;
    uint32_t ip6_label;             /* 20 bits */
    union {
        struct {
            uint32_t src, dst;      /* also ARP sip, tip */
            union {
                struct { uint32_t src, dst; } ct_orig;
                struct { uint8_t sha[6], tha[6]; } arp;
            };
        } ip4;
        struct {
            uint8_t src[16], dst[16];
            uint16_t exthdrs;
            uint16_t pad[3];
            union {
                struct { uint8_t src[16], dst[16]; } ct_orig;
                struct key_nd nd;
            };
        } ip6;
        struct {
            uint32_t n_lse_mask;    /* bit n-1: n entries */
            uint8_t lse[KEY_N_MPLS][4];     /* as in the packet */
        } mpls;
        struct key_nsh nsh;
    };
    uint32_t ct_mark;
    uint16_t ct_orig_tp_src, ct_orig_tp_dst;
    uint8_t ct_labels[16];
    /* Not matched on. */
    uint8_t is_stale;               /* an action changed the packet behind the key */
    uint8_t pad_end[11];
} __attribute__((aligned(8)));

/* Bytes [start, end) of a key, multiples of 8. Empty: start == end == 0. */
struct key_range {
    uint16_t start, end;
};

struct flow_mask {
    struct flow_key key;
    struct key_range range;         /* bytes that matter; also part of a mask's identity */
};

/* ---- rows ------------------------------------------------------------------------------ */

/* One member of an attribute's payload. */
struct key_field {
    const char *name;               /* in text; "" for an attribute that is one value */
    const struct wire *wire;
    uint8_t wire_off, wire_size;    /* bytes in the payload */
    uint16_t key_off;               /* offset in struct flow_key */
    uint8_t key_size;
    bool is_fixed;                  /* set() may not change it */
    uint32_t max;                   /* highest legal key value, 0: any. Not applied to masks */
};

/* In which packets the attribute exists. 0: no condition. */
struct key_when {
    uint16_t eth_type[2];
    uint8_t ip_proto;
    uint8_t icmp_type[2];
    bool not_later_frag;
};

/* Bits of flow_key.tun.flags. */
enum {
    KEY_TUN_KEY = 1u << 0,          /* ID is present */
    KEY_TUN_DF = 1u << 1,
    KEY_TUN_CSUM = 1u << 2,
    KEY_TUN_OAM = 1u << 3,
    KEY_TUN_GENEVE = 1u << 4,       /* which kind of options tun_opts holds */
    KEY_TUN_VXLAN = 1u << 5,
    KEY_TUN_ERSPAN = 1u << 6,
};

enum {
    KEY_SETTABLE = 1u << 0,         /* set() and set_masked() */
    KEY_SET_PLAIN = 1u << 1,        /* ... set() only, stored as given */
    KEY_SET_ANY = 1u << 2,          /* set() in any packet (metadata) */
    KEY_REQUIRED = 1u << 3,         /* a key whose packet 'when' describes must have it */
    KEY_MASK_ANY = 1u << 4,         /* a mask may have it even if the key has not */
    KEY_MASK_EXACT = 1u << 5,       /* any non-zero mask becomes all ones */
    KEY_MASK_LIMITED = 1u << 6,     /* field.max holds for masks too */
    KEY_MASK_FREE = 1u << 7,        /* 'when' does not restrict masks, only what is dumped */
    KEY_TEXT_BYTES = 1u << 8,       /* ovs-dpctl has no name for it: "key32(00 00/ff ff)" of a flow */
    KEY_TEXT_WILD = 1u << 9,        /* in set(): its value is shown even if no bit of it is set */
    KEY_TEXT_NO_ZERO = 1u << 10,    /* no key has zero: "eth_type(0/0xffff)" is a mask alone */
    KEY_TEXT_EMPTY = 1u << 11,      /* "eth()": that it is there matters if nothing in it does */
};

#define KEY_LEN_VAR (-1)
#define KEY_LEN_NESTED (-2)

struct draw;
struct match;
struct key_text;

struct key_attr {
    const char *uapi;               /* "OVS_KEY_ATTR_IPV4"; NULL: number is refused */
    const char *name;               /* in text: "ipv4" */
    int16_t len;                    /* payload bytes, KEY_LEN_VAR or KEY_LEN_NESTED */
    const struct key_field *field;
    uint8_t n_fields;
    struct key_when when;
    unsigned flags;                 /* KEY_* below */
    uint16_t since, until;          /* KVER of the first kernel with it / the first without, 0: always */
    uint32_t inner_nests;           /* bit set of the types inside a nest that are nests again */
    /* Hooks, NULL if the fields say it all. get reads a payload into the match (key or mask);
     * put appends the attribute; 'decide' is the key that decides form and presence. */
    int (*get)(struct match *m, const struct nlattr *a, bool is_mask, struct err *e);
    void (*put)(struct nlmsghdr *msg, const struct flow_key *decide, const struct flow_key *out,
                bool is_mask);
    /* Text of the payload 'a' between the parentheses, with 'mask' NULL or of the same
     * length; and back: scans one attribute's text into payloads. */
    void (*format)(GString *out, const struct nlattr *a, const struct nlattr *mask,
                   const struct key_text *names);
    int (*scan)(struct scan *in, GByteArray *key, GByteArray *mask, const struct key_text *names,
                struct err *e);
    /* Draws its members by lot, in agreement with those of the rows before it. */
    void (*generate)(const struct draw *d, struct flow_key *key);
};

#define N_KEY_ATTRS 33              /* 0..32 of Linux 6.1 */
extern const struct key_attr key_attrs[N_KEY_ATTRS];

/* ---- walkers --------------------------------------------------------------------------- */

/* A key and mask being read from a request. */
struct match {
    const struct profile *profile;  /* NULL: profile_6_1 */
    struct flow_key *key;
    struct flow_mask *mask;         /* NULL: key only */
    struct key_range range;         /* of the key's touched bytes */
    uint64_t seen;                  /* attributes of the key, then used for required/allowed */
};

/* Writes 'size' bytes at 'key_off' of the key, or of the mask, and widens the range. */
void match_put(struct match *m, size_t key_off, const void *value, size_t size, bool is_mask);
/* The same with one byte value repeated. */
void match_fill(struct match *m, size_t key_off, uint8_t byte, size_t size, bool is_mask);

/* Reads nested KEY and MASK attributes (mask NULL: exact match on what the key has).
 * want_mask false: no mask is built (GET, DEL). Sets *m->key, *m->mask, ranges. 0 or -EINVAL. */
int match_parse(struct match *m, const struct nlattr *key, const struct nlattr *mask,
                bool want_mask, struct err *e);

/* Reads the metadata of a PACKET_EXECUTE key into *key. *eth_type: of an L3 packet, else 0. */
int key_parse_metadata(const struct profile *profile, struct flow_key *key,
                       const struct nlattr *attr, uint16_t *eth_type, bool *is_l3, uint64_t *seen,
                       struct err *e);

/* Appends the attributes of a key or mask in dump order (catalogue 04, section 4.9) to 'msg' under
 * one nest of type 'nest'. 'decide' says which appear; pass it as 'out' for a key. */
void key_put(struct nlmsghdr *msg, uint16_t nest, const struct flow_key *decide,
             const struct flow_key *out, bool is_mask);

/* dst = src & mask over the mask's range (the rest of dst is zeroed only if 'full'). */
void key_apply_mask(struct flow_key *dst, const struct flow_key *src, const struct flow_mask *mask,
                    bool full);

/* Does 'when' hold for this key? Does the mask decide it? */
bool key_when_holds(const struct key_when *w, const struct flow_key *key);
bool key_when_is_exact(const struct key_when *w, const struct flow_key *mask);

/* A key that agrees with itself, drawn by lot; each row appears about as often as any other. And what of it a flow may
 * match: nothing of what the mask does not decide. */
void key_generate(const struct draw *d, struct flow_key *key);
void key_mask_generate(const struct draw *d, const struct flow_key *key, struct flow_key *mask);

/* ---- text (key_text.c) ------------------------------------------------------------------- */

/* Port names in text; members may be NULL: numbers only. */
struct key_text {
    void *ctx;
    const char *(*port_name)(void *ctx, uint32_t port_no);
    bool (*port_number)(void *ctx, const char *name, uint32_t *port_no);
    unsigned depth;                 /* of nested lists; counted by the walkers, callers leave 0 */
    bool shows_wild;                /* what the mask leaves free, too, as ovs-dpctl -m */
};

/* Appends KEY attributes ('len' bytes) and, if not NULL, MASK attributes in ovs-dpctl's syntax:
 * "recirc_id(0),in_port(1),eth(src=...,dst=...),eth_type(0x0800),ipv4(frag=no)". With a mask,
 * wildcarded fields are left out (see shows_wild) and partial ones shown as value/mask. An empty
 * mask is none. */
void key_format(GString *out, const void *key, size_t key_len, const void *mask, size_t mask_len,
                const struct key_text *names);

/* Reads that text; appends attributes to 'key' and 'mask'. Stops behind the last attribute. Returns
 * 0 or -EINVAL with a sentence that names the column. */
int key_scan(struct scan *in, GByteArray *key, GByteArray *mask, const struct key_text *names,
             struct err *e);

#endif
