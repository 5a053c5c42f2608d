/* key_when.c - in which packets an attribute exists, and which masks decide it. Catalogue 04, section 4.3.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/key.h"

static bool icmp_type_is(const struct key_when *w, uint16_t type)
{
    return type == w->icmp_type[0] || type == w->icmp_type[1];
}

bool key_when_holds(const struct key_when *w, const struct flow_key *key)
{
    if (!w->eth_type[0])
        return true;
    if (key->eth_type != w->eth_type[0] && (!w->eth_type[1] || key->eth_type != w->eth_type[1]))
        return false;
    if (w->not_later_frag && key->ip_frag == KEY_FRAG_LATER)
        return false;
    if (w->ip_proto && key->ip_proto != w->ip_proto)
        return false;
    return !w->icmp_type[0] || icmp_type_is(w, key->tp_src);
}

/* The member that decides about the attribute must itself be matched exactly. */
bool key_when_is_exact(const struct key_when *w, const struct flow_key *mask)
{
    if (w->icmp_type[0])
        return mask->tp_src == 0xff;
    if (w->ip_proto)
        return mask->ip_proto == 0xff;
    return mask->eth_type == 0xffff;
}
