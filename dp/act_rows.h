/* act_rows.h - the action rows, each defined at the end of the file of its family.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_ACT_ROWS_H
#define DP_ACT_ROWS_H

#include "dp/act.h"

extern const struct act act_output, act_userspace;              /* act_output.c, act_userspace.c */
extern const struct act act_set, act_set_masked, act_set_to_masked;         /* act_set.c */
extern const struct act act_push_vlan, act_pop_vlan;            /* act_vlan.c */
extern const struct act act_sample, act_clone, act_check_pkt_len;           /* act_nest.c */
extern const struct act act_recirc, act_hash, act_meter;        /* act_recirc.c, act_meter.c */
extern const struct act act_push_mpls, act_pop_mpls, act_add_mpls;          /* act_mpls.c */
extern const struct act act_push_eth, act_pop_eth;              /* act_eth.c */
extern const struct act act_push_nsh, act_pop_nsh;              /* act_nsh.c */
extern const struct act act_drop, act_psample;                  /* act_later.c */
extern const struct act act_ct, act_ct_clear;                   /* act_ct.c, act_misc.c */
extern const struct act act_trunc, act_dec_ttl;   /* act_misc.c */

/* Text hooks, all in act_text.c. */
#define ACT_TEXT_HOOKS(x)                                                                         \
    void act_##x##_format(GString *out, const struct nlattr *a, const struct key_text *names);    \
    int act_##x##_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e)

ACT_TEXT_HOOKS(output);         /* 2, p2 */
ACT_TEXT_HOOKS(userspace);      /* userspace(pid=5,userdata(c0ffee),tunnel_out_port=3,actions) */
ACT_TEXT_HOOKS(set);            /* set(ipv4(ttl=5)), set(eth(src=...)): both SET and SET_MASKED */
ACT_TEXT_HOOKS(push_vlan);      /* push_vlan(vid=5,pcp=0), push_vlan(tpid=0x88a8,vid=5,pcp=1,cfi=0) */
ACT_TEXT_HOOKS(sample);         /* sample(sample=50.0%,actions(2)) */
ACT_TEXT_HOOKS(clone);          /* clone(push_vlan(vid=1,pcp=0),2) */
ACT_TEXT_HOOKS(check_pkt_len);  /* check_pkt_len(size=100,gt(2),le(3)) */
ACT_TEXT_HOOKS(hash);           /* hash(l4(0)) */
ACT_TEXT_HOOKS(mpls);           /* push_mpls(label=..,tc=..,ttl=..,bos=..,eth_type=0x8847), add_mpls(...) */
ACT_TEXT_HOOKS(pop_mpls);       /* pop_mpls(eth_type=0x800) */
ACT_TEXT_HOOKS(push_eth);       /* push_eth(src=..,dst=..) */
ACT_TEXT_HOOKS(push_nsh);       /* push_nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x1,si=255,c1=0x0,...) */
ACT_TEXT_HOOKS(pop_nsh);        /* pop_nsh() */
ACT_TEXT_HOOKS(ct);             /* ct(commit,zone=5,mark=0x1/0xff,nat(src=10.0.0.1:1000-2000)) */
ACT_TEXT_HOOKS(dec_ttl);        /* dec_ttl(le_1(2)) */
ACT_TEXT_HOOKS(ct);             /* ct(commit,zone=5,mark=0x1/0xff,nat(src=10.0.0.1:80-90,random)) */

#endif
