/* control.c - control messages: what comes along with a datagram.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <linux/netlink.h>
#include <string.h>

/* As much as there is room for, like the kernel. */
void control_put(struct msghdr *msg, size_t room, const struct cmsghdr *kind, const void *data)
{
    size_t used = msg->msg_controllen, left = room > used ? room - used : 0;
    struct cmsghdr head = *kind;
    char *at = (char *)msg->msg_control + used;

    head.cmsg_len = CMSG_LEN(kind->cmsg_len);
    if (left < head.cmsg_len)
        msg->msg_flags |= MSG_CTRUNC;
    if (!msg->msg_control || left < sizeof(head))
        return;
    if (left < head.cmsg_len)
        head.cmsg_len = left;
    memcpy(at, &head, sizeof(head));
    memcpy(at + sizeof(head), data, head.cmsg_len - sizeof(head));
    used += CMSG_SPACE(kind->cmsg_len);
    msg->msg_controllen = used < room ? used : room;
}

void control_put_netlink(struct msghdr *msg, size_t room, const struct proto_dgram *dgram)
{
    const struct nl_pktinfo info = { .group = dgram->group };
    const struct ucred kernel = { .pid = 0 };

    if (dgram->flags & PROTO_PKTINFO)
        control_put(msg, room, &(struct cmsghdr){ sizeof(info), SOL_NETLINK, NETLINK_PKTINFO }, &info);
    if (dgram->flags & PROTO_CREDS)
        control_put(msg, room, &(struct cmsghdr){ sizeof(kernel), SOL_SOCKET, SCM_CREDENTIALS },
                    &kernel);
}

void control_note_fds(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        int came;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; at + sizeof(came) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(came)) {
            memcpy(&came, CMSG_DATA(c) + at, sizeof(came));
            fd_set_state(came, FD_UNKNOWN);
        }
    }
}
