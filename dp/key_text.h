/* key_text.h - what the writers and readers of key and action text share; nothing else includes it.
 *
 * Readers answer -EINVAL with "column N: ...", and may leave the cursor anywhere then.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_KEY_TEXT_H
#define DP_KEY_TEXT_H

#include "dp/key.h"

#define TEXT_MAX_DEPTH 64           /* nested lists; input decides how deep we recurse */

int text_error(struct err *e, const struct scan *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int text_expect(struct scan *in, const char *what, struct err *e);     /* takes it or fails */
/* *inner = names one level deeper; false: too deep. 'names' may be NULL. */
bool text_enter(struct key_text *inner, const struct key_text *names);

/* "c0 ff ee" with one separator character, or none (0). The other way round: appends. */
void hex_format(GString *out, const void *bytes, size_t len, char separator);
int hex_scan(struct scan *in, GByteArray *out, char separator, struct err *e);

/* "0x1ff" as the low digits of 'len' bytes, "0" if all are zero. Takes it, too. */
void number_format(GString *out, const uint8_t *bytes, size_t len);
int number_scan(struct scan *in, uint8_t *bytes, size_t len, struct err *e);

/* Is 'name' "key7" or "action7", what being "key" or "action"? */
bool text_raw_type(const char *name, const char *what, uint16_t *type);

/* Says that the last 'left' of 'len' bytes are no attributes, if there are any (> 0). */
void text_leftover(GString *out, const void *attrs, size_t len, int left);

/* Ports: number or, if 'names' knows it, name. */
void port_format(GString *out, uint32_t port, const struct key_text *names);
int port_scan(struct scan *in, uint32_t *port, const struct key_text *names, struct err *e);

/* ---- members: "src=1.2.3.4,dst=1.2.3.0/255.255.255.0" -------------------------------------- */

struct members {
    const char *what;               /* whose members, for errors */
    const struct key_field *field;
    size_t n;
};

/* Is the field's part of the payload 'mask' all zeros / all ones that matter? NULL: exact. */
bool field_is_wild(const struct key_field *f, const void *mask);
bool field_is_exact(const struct key_field *f, const void *mask);
/* Has the mask no bit that the field's text could show? */
bool field_is_blank(const struct key_field *f, const void *mask);
/* All, or all but the wildcarded ones. mask NULL: all, without masks. */
void members_format(GString *out, const struct members *m, const void *value, const void *mask,
                    bool shows_wild);
void field_format(GString *out, const struct key_field *f, const void *value, const void *mask);

/* Are wildcards shown? */
static inline bool text_shows_wild(const struct key_text *names)
{
    return names && names->shows_wild;
}

/* Takes "name=" and says which field it is, or -EINVAL. */
int member_find(struct scan *in, const struct members *m, struct err *e);
/* Takes "value" or, if 'mask' is not NULL, "value/mask", into payloads. */
int field_scan(struct scan *in, const struct key_field *f, void *value, void *mask, struct err *e);
/* Takes members in any order up to the closing parenthesis; what is not named stays. */
int members_scan(struct scan *in, const struct members *m, void *value, void *mask, struct err *e);
/* Checks what members_scan read against field.max, for members that are packed into few bits. */
int members_fit(const struct scan *at, const struct members *m, const void *value, struct err *e);

/* ---- flags: "syn|ack", "+syn-ack", "0x2/0x12" ---------------------------------------------- */

struct flag_names {
    const char *const *name;        /* of bit 0, 1, ... */
    size_t n;
};

void flags_format(GString *out, const struct flag_names *names, uint32_t flags);
void flags_format_masked(GString *out, const struct flag_names *names, uint32_t flags,
                         uint32_t mask);
/* Without a mask in the text *mask is all ones; mask NULL: read over, as ovs-dpctl does. */
bool flags_scan(struct scan *in, const struct flag_names *names, uint32_t *flags, uint32_t *mask);

/* A member of a struct in host order that stands for bits of the payload. */
#define UNPACKED(s, n, w, m, most)                                                                \
    { .name = n, .wire = &w, .wire_off = offsetof(struct s, m), .max = most,                      \
      .wire_size = sizeof(((struct s *)NULL)->m), .key_size = sizeof(((struct s *)NULL)->m) }

/* ---- VLAN tags and MPLS entries with their bits taken apart -------------------------------- */

struct tag_text {
    uint16_t tpid, vid, tci;        /* tci: only to read all bits as one number */
    uint8_t pcp, cfi;
};
enum { TAG_TPID, TAG_VID, TAG_PCP, TAG_CFI, TAG_TCI, N_TAG_FIELDS };
extern const struct key_field tag_fields[N_TAG_FIELDS];

struct tag_text tag_unpack(uint16_t tci);
uint16_t tag_pack(const struct tag_text *t);    /* tci ORed in */
bool tag_has_tci(const struct scan *in);        /* does the text give all bits as "tci="? */
void tag_format(GString *out, uint16_t tci, uint16_t mask, bool shows_wild);

struct lse_text {
    uint32_t label;
    uint8_t tc, ttl, bos;
    uint16_t eth_type, tun_flags;   /* of push_mpls, add_mpls */
};
enum {
    LSE_LABEL, LSE_TC, LSE_TTL, LSE_BOS, N_LSE_FIELDS,
    LSE_ETH_TYPE = N_LSE_FIELDS, LSE_TUN_FLAGS, N_LSE_ACT_FIELDS
};
extern const struct key_field lse_fields[N_LSE_ACT_FIELDS];

struct lse_text lse_unpack(uint32_t lse);
uint32_t lse_pack(const struct lse_text *l);
void lse_format(GString *out, uint32_t lse);

/* ---- tunnel options (key_text_tunopt.c): "geneve(...)" ------------------------------------- */

struct tun_block {
    uint16_t type;                  /* OVS_TUNNEL_KEY_ATTR_* */
    const char *name;
    /* 'mask' NULL: exact; it has the length of 'a'. */
    void (*format)(GString *out, const struct nlattr *a, const struct nlattr *mask,
                   bool shows_wild);
    /* Takes what is between the parentheses and appends payloads. */
    int (*scan)(struct scan *in, GByteArray *key, GByteArray *mask, struct err *e);
};
#define N_TUN_BLOCKS 3
extern const struct tun_block tun_blocks[N_TUN_BLOCKS];

/* ---- attributes ---------------------------------------------------------------------------- */

/* "ipv4(...)"; 'mask' NULL: no mask; of length 0: all wild. A payload that its row cannot
 * describe is shown as "key7(0a 00/ff ff)". */
void key_attr_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                     const struct key_text *names);
/* Takes one, appends it to 'key' and, if not NULL, 'mask'. */
int key_attr_scan(struct scan *in, GByteArray *key, GByteArray *mask, const struct key_text *names,
                  struct err *e);
/* "key7(0a 00/ff ff)", all of it; and what is between the parentheses back. */
void key_raw_format(GString *out, const struct nlattr *a, const struct nlattr *mask);
int key_raw_scan(struct scan *in, GByteArray *value, GByteArray *mask, struct err *e);
/* An attribute like 'a' with a payload of zeros, for the lists that leave such a mask out. */
const struct nlattr *blank_mask(GByteArray *room, const struct nlattr *a);
/* Does the mask attribute 'a' match all that its row describes? */
bool key_attr_is_exact(const struct nlattr *a);

#endif
