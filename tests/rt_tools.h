/* rt_tools.h - a client of rtnetlink, in the simulator's own process.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_RT_TOOLS_H
#define TESTS_RT_TOOLS_H

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "tests/talk.h"

static inline int open_talk(void **state)
{
    return talk_open(state, NETLINK_ROUTE);
}

#define TALK(name) cmocka_unit_test_setup_teardown(name, open_talk, talk_close)

static inline const struct nlattr *link_attr(const struct nlmsghdr *msg, uint16_t type)
{
    size_t at = sizeof(*msg) + sizeof(struct ifinfomsg);

    return attr_find((const uint8_t *)msg + at, msg->nlmsg_len - at, type);
}

static inline int new_link(struct talk *t, const char *name, const char *kind, uint16_t flags)
{
    const struct ifinfomsg ifi = { 0 };
    size_t nest;

    begin(t, RTM_NEWLINK, (uint16_t)(NLM_F_ACK | NLM_F_CREATE | flags), &ifi, sizeof(ifi));
    attr_put(t->request, IFLA_IFNAME, name, strlen(name) + 1);
    nest = attr_nest_begin(t->request, IFLA_LINKINFO);
    attr_put(t->request, IFLA_INFO_KIND, kind, strlen(kind));   /* without NUL, as iproute2 */
    attr_nest_end(t->request, nest);
    return call(t);
}

static inline int link_do(struct talk *t, uint16_t type, const char *name, unsigned flags, unsigned change)
{
    const struct ifinfomsg ifi = { .ifi_flags = flags, .ifi_change = change };

    begin(t, type, NLM_F_ACK, &ifi, sizeof(ifi));
    if (name)
        attr_put(t->request, IFLA_IFNAME, name, strlen(name) + 1);
    return call(t);
}

static inline int add_addr(struct talk *t, int ifindex, uint32_t ip, uint8_t prefix_len)
{
    const struct ifaddrmsg ifa = { .ifa_family = AF_INET, .ifa_prefixlen = prefix_len,
                                   .ifa_index = (uint32_t)ifindex };
    uint32_t wire = htonl(ip);

    begin(t, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof(ifa));
    attr_put(t->request, IFA_LOCAL, &wire, sizeof(wire));
    return call(t);
}

#endif
