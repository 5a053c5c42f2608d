/* helper.c - see helper.h: the list of helpers, and running one on a packet.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/ct/helper.h"

#include <errno.h>

#include "dp/ct/helper_int.h"

static const struct ct_helper *const helper_table[] = { &ct_helper_ftp, &ct_helper_tftp };

/* All of them read both families. */
const struct ct_helper *ct_helper_find(const char *name, uint8_t l3, uint8_t proto)
{
    (void)l3;
    for (size_t i = 0; i < G_N_ELEMENTS(helper_table); i++)
        if (!strcmp(helper_table[i]->name, name) && helper_table[i]->proto == proto)
            return helper_table[i];
    return NULL;
}

const struct ct_helper *ct_helper_of_proto(uint8_t proto)
{
    for (size_t i = 0; i < G_N_ELEMENTS(helper_table); i++)
        if (helper_table[i]->proto == proto)
            return helper_table[i];
    return NULL;
}

int ct_help(struct pkt *p, uint16_t l3_type)
{
    const struct ct_helper *helper = p->ct ? p->ct->helper : NULL;
    struct ct_ip ip;

    if (!helper || p->ct_info == IP_CT_RELATED_REPLY ||
        !ct_ip_parse(p, p->l3_off, l3_type, &ip) || ip.is_later_frag || ip.proto != helper->proto)
        return 0;
    if (helper->help(p->ct, p, &ip, p->ct_info) != CT_ACCEPT)
        return -EINVAL;
    return ct_seq_adjust(p, l3_type) ? 0 : -EINVAL;
}

struct ct_expect ct_expect_of(const struct ct_conn *master, uint8_t proto,
                              const struct ct_addr *src, const struct ct_addr *dst,
                              uint16_t dst_port)
{
    const struct ct_tuple *orig = &master->dir[CT_ORIG].tuple;
    struct ct_expect x = {
        .tuple = { .src = *src, .dst = *dst, .dst_id = dst_port, .zone = orig->zone,
                   .l3 = orig->l3, .proto = proto },
    };

    memset(x.mask.src.bytes, 0xff, orig->l3 == 4 ? 4 : 16);
    return x;
}

void ct_nat_follow_master(struct ct_conn *c, const struct ct_expect *x)
{
    const struct ct_tuple *other = &c->master->dir[!x->dir].tuple;
    struct ct_nat_range src = {
        .flags = NF_NAT_RANGE_MAP_IPS, .min_addr = other->dst, .max_addr = other->dst,
    };
    struct ct_nat_range dst = {
        .flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED,
        .min_addr = other->src, .max_addr = other->src,
        .min_id = x->saved_id, .max_id = x->saved_id,
    };

    (void)ct_nat_setup(c, &src, CT_MANIP_SRC);
    (void)ct_nat_setup(c, &dst, CT_MANIP_DST);
}
