/* key_hooks.h - hooks of the key attributes that a row alone cannot describe, and text-only wire types.
 *
 * get/put: key_odd.c. format/scan: key_text_odd.c. Only key_attrs.c and act rows include this.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_KEY_HOOKS_H
#define DP_KEY_HOOKS_H

#include "dp/key.h"

/* frag: no/first/later; TCP flags: names or 0x.../mask; ct_state: +trk-new...; 128-bit labels as one
 * hexadecimal number. */
extern const struct wire wire_frag, wire_tcp_flags, wire_ct_state, wire_ct_labels;

#define KEY_TEXT_HOOKS(x)                                                                         \
    void key_##x##_format(GString *out, const struct nlattr *a, const struct nlattr *mask,        \
                          const struct key_text *names);                                          \
    int key_##x##_scan(struct scan *in, GByteArray *key, GByteArray *mask,                        \
                       const struct key_text *names, struct err *e)

/* ct_state(+trk-new), or ct_state(0x21/0x21) where everything is shown; read by its row. */
void key_ct_state_format(GString *out, const struct nlattr *a, const struct nlattr *mask,
                         const struct key_text *names);

KEY_TEXT_HOOKS(port);       /* in_port(1), in_port(p1) */
KEY_TEXT_HOOKS(vlan);       /* vlan(vid=5,pcp=0), vlan(vid=5,pcp=0,cfi=0), vlan(tci=0x1005/0x1fff) */
KEY_TEXT_HOOKS(encap);      /* encap(eth_type(0x0800),...) */
KEY_TEXT_HOOKS(mpls);       /* mpls(label=1,tc=0,ttl=64,bos=1), further entries lse1(...) or numbered as ovs-dpctl */
KEY_TEXT_HOOKS(tunnel);     /* tunnel(tun_id=0x1,src=1.2.3.4,dst=...,ttl=64,geneve({...}),flags(df|csum|key)) */
KEY_TEXT_HOOKS(nsh);        /* nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x123,si=5,c1=0x..,...) */

#define KEY_CODEC_HOOKS(x)                                                                        \
    int key_##x##_get(struct match *m, const struct nlattr *a, bool is_mask, struct err *e);      \
    void key_##x##_put(struct nlmsghdr *msg, const struct flow_key *decide,                       \
                       const struct flow_key *out, bool is_mask)

KEY_CODEC_HOOKS(port);
KEY_CODEC_HOOKS(mpls);
KEY_CODEC_HOOKS(tunnel);
KEY_CODEC_HOOKS(nsh);

/* Drawing by lot: key_generate.c. */
#define KEY_GENERATE_HOOK(x) void key_##x##_generate(const struct draw *d, struct flow_key *key)
KEY_GENERATE_HOOK(port);
KEY_GENERATE_HOOK(vlan);        /* of ENCAP, too */
KEY_GENERATE_HOOK(mpls);
KEY_GENERATE_HOOK(tunnel);
KEY_GENERATE_HOOK(nsh);

#define KEY_TUNNEL_ROOM 1024        /* a message with it: 255 bytes of options and some twenty attributes */
/* As the TUNNEL attribute, under one nest of another type. */
void key_tunnel_nest_put(struct nlmsghdr *msg, uint16_t nest_type, const struct flow_key *decide,
                         const struct flow_key *out);

/* Of set(tunnel()): checks the nest as a key would be, and appends it in the form it is dumped
 * in (order, zero addresses left out, TTL always). 0 or -EINVAL. */
int key_tunnel_copy(GByteArray *out, const struct nlattr *nest, struct err *e);

#endif
