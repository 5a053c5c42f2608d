/* rt_rule.c - RTM_GETRULE: the rules every namespace has from the start. They cannot be changed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <sys/socket.h>

#include "netlink/rt_int.h"

#define HDR sizeof(struct fib_rule_hdr)
#define PROTECTED 0x1       /* fib_rule_hdr.flags: cannot be deleted */

static const struct rule {
    uint8_t family, table;
    uint32_t flags, priority;
} rules[] = {
    { AF_INET, RT_TABLE_LOCAL, PROTECTED, 0 },
    { AF_INET, RT_TABLE_MAIN, 0, 32766 },
    { AF_INET, RT_TABLE_DEFAULT, 0, 32767 },
    { AF_INET6, RT_TABLE_LOCAL, PROTECTED, 0 },
    { AF_INET6, RT_TABLE_MAIN, 0, 32766 },
};

static void rule_put(struct nlmsghdr *msg, const struct rule *r)
{
    mnl_attr_put_u32(msg, FRA_TABLE, r->table);
    mnl_attr_put_u32(msg, FRA_SUPPRESS_PREFIXLEN, UINT32_MAX);
    mnl_attr_put_u8(msg, FRA_PROTOCOL, RTPROT_KERNEL);
    if (r->priority)
        mnl_attr_put_u32(msg, FRA_PRIORITY, r->priority);
}

static int dump_begin(struct dump *d, struct err *e)
{
    struct fib_rule_hdr wanted;
    int rc = rt_strict_header(&d->req, HDR, e);

    rt_header(d->req.msg, &wanted, HDR);
    if (!rc && d->req.sock->strict_chk &&
        (wanted.dst_len || wanted.src_len || wanted.tos || wanted.table || wanted.action ||
         wanted.flags))
        return rt_refuse(e, EINVAL, "Invalid values in header for fib rule dump request");
    return rc;
}

static int dump_rules(struct dump *d, struct err *e)
{
    struct fib_rule_hdr wanted;

    (void)e;
    rt_header(d->req.msg, &wanted, HDR);
    for (; d->pos < G_N_ELEMENTS(rules); d->pos++) {
        const struct rule *r = &rules[d->pos];
        const struct fib_rule_hdr h = {
            .family = r->family, .table = r->table, .action = FR_ACT_TO_TBL, .flags = r->flags,
        };
        struct nlmsghdr *msg = rt_dump_msg(d, RTM_NEWRULE, &h, HDR);

        if (rt_ip_len(wanted.family) && wanted.family != r->family)
            continue;
        rule_put(msg, r);
        if (!dump_commit(d, msg))
            return 1;
    }
    return 0;
}

const struct rt_op rt_rule_ops[] = {
    { RTM_GETRULE, 0, HDR, { .dump = dump_rules, .dump_begin = dump_begin } },
    { 0 },
};
