/* helper_tftp.c - TFTP: the server answers a request from a port of its own choice.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "dp/ct/helper_int.h"

#define UDP_LEN 8u

enum { TFTP_READ = 1, TFTP_WRITE = 2 };

/* The answer goes to where the request came from, as the server sees it. */
static enum ct_verdict expect_data(struct ct_conn *c)
{
    const struct ct_tuple *reply = &c->dir[CT_REPLY].tuple;
    struct ct_expect x =
        ct_expect_of(c, IPPROTO_UDP, &reply->src, &reply->dst, reply->dst_id);

    if (c->status & IPS_NAT_MASK) {
        x.saved_id = c->dir[CT_ORIG].tuple.src_id;
        x.dir = CT_REPLY;
        x.expected = ct_nat_follow_master;
    }
    return ct_expect_add(c, &x) ? CT_DROP : CT_ACCEPT;
}

static enum ct_verdict tftp_help(struct ct_conn *c, struct pkt *p, const struct ct_ip *ip,
                                 enum ip_conntrack_info info)
{
    uint16_t opcode;

    (void)p;
    (void)info;
    if (ct_ip_l4_len(ip) < UDP_LEN + sizeof(opcode))
        return CT_ACCEPT;
    opcode = be16_get(ct_ip_l4(ip) + UDP_LEN);
    return opcode == TFTP_READ || opcode == TFTP_WRITE ? expect_data(c) : CT_ACCEPT;
}

const struct ct_helper ct_helper_tftp = {
    .name = "tftp", .proto = IPPROTO_UDP, .port = 69, .max_expected = 1, .timeout_s = 300,
    .help = tftp_help,
};
