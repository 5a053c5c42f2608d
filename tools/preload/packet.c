/* packet.c - what is different about an AF_PACKET socket: names, options, auxiliary data.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stdatomic.h>
#include <string.h>

#define LL_SHORT 18     /* bytes of a name with an address of 6 */

/* ---- names ----------------------------------------------------------------------------------- */

static int get_ll(const void *addr, socklen_t len, struct sockaddr_ll *ll)
{
    if (!addr)
        return EFAULT;
    if (len < offsetof(struct sockaddr_ll, sll_addr))
        return EINVAL;
    memset(ll, 0, sizeof(*ll));
    memcpy(ll, addr, len < sizeof(*ll) ? len : sizeof(*ll));
    return ll->sll_family == AF_PACKET ? 0 : EINVAL;
}

void packet_fill_name(const struct proto_ll *ll, void *sockaddr_ll)
{
    struct sockaddr_ll sll = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ll->protocol),
        .sll_ifindex = ll->ifindex,
        .sll_hatype = ll->hw_type,
        .sll_pkttype = ll->pkttype,
        .sll_halen = ll->mac_len,
    };

    memcpy(sll.sll_addr, ll->mac, sizeof(sll.sll_addr));
    memcpy(sockaddr_ll, &sll, sizeof(sll));
}

void packet_give_name(const struct proto_ll *ll, void *addr, socklen_t *len)
{
    struct sockaddr_ll sll;

    packet_fill_name(ll, &sll);
    memcpy(addr, &sll, *len < sizeof(sll) ? *len : sizeof(sll));
    *len = sizeof(sll);
}

int packet_bind(const struct fd_entry *entry, const struct sockaddr *addr, socklen_t len)
{
    struct sockaddr_ll ll;
    int err = get_ll(addr, len, &ll);

    if (err)
        return err;
    return -ctl_sock(entry->id, PROTO_BIND,
                     (const uint32_t[3]){ (uint32_t)ll.sll_ifindex, ntohs(ll.sll_protocol) }, NULL);
}

int packet_getsockname(const struct fd_entry *entry, struct sockaddr *addr, socklen_t *len)
{
    struct proto_ll ll = { .ifindex = 0 };
    struct ctl_call call = { .req = { .op = PROTO_NAME, .sock = entry->id },
                             .out = &ll, .out_size = sizeof(ll) };
    int rc;

    if (!addr || !len)
        return EFAULT;
    rc = ctl_do(&call);
    if (rc)
        return -rc;
    packet_give_name(&ll, addr, len);
    *len = LL_SHORT;
    return 0;
}

/* ---- options --------------------------------------------------------------------------------- */

/* The simulator's; the ring is ours. Everything else is as for other sockets. */
bool packet_has_option(int level, int name)
{
    if (level == SOL_PACKET)
        return true;
    return level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_DETACH_FILTER
                                   || name == SO_RCVBUF || name == SO_RCVBUFFORCE
                                   || name == SO_PASSCRED);
}

int packet_setsockopt(const struct fd_entry *entry, int level, int name, const void *val,
                      socklen_t len)
{
    struct iovec in = { (void *)(uintptr_t)val, len };
    struct ctl_call call = {
        .req = { .op = PROTO_SETOPT, .sock = entry->id,
                 .arg = { (uint32_t)level, (uint32_t)name } },
        .in = &in, .n_in = 1,
    };
    struct sock_fprog program;

    if (level == SOL_PACKET && ring_has_option(name))
        return ring_set_option(entry->id, name, val, len);
    if (len && !val)
        return EFAULT;
    if (level == SOL_SOCKET && name == SO_ATTACH_FILTER) {
        if (len < sizeof(program))
            return EINVAL;
        memcpy(&program, val, sizeof(program));
        in = (struct iovec){ program.filter, program.len * sizeof(*program.filter) };
    }
    return -ctl_do(&call);
}

int packet_getsockopt(const struct fd_entry *entry, int level, int name, void *val,
                      socklen_t *len)
{
    uint8_t value[64];
    struct ctl_call call = {
        .req = { .op = PROTO_GETOPT, .sock = entry->id,
                 .arg = { (uint32_t)level, (uint32_t)name } },
        .out = value, .out_size = sizeof(value),
    };
    int rc;

    if (!len || !val)
        return EFAULT;
    if (level == SOL_PACKET && ring_has_option(name))
        return ring_get_option(entry->id, name, val, len);
    rc = ctl_do(&call);
    if (rc)
        return -rc;
    if (*len > call.out_len)
        *len = (socklen_t)call.out_len;
    memcpy(val, value, *len);
    return 0;
}

/* ---- sending and receiving ------------------------------------------------------------------- */

/* Where to: struct proto_ll goes before the frame. */
static int put_dest(const void *addr, socklen_t len, struct proto_ll *to)
{
    struct sockaddr_ll ll;
    int err;

    if (!addr || !len)
        return 0;
    err = get_ll(addr, len, &ll);
    if (err)
        return err;
    to->ifindex = ll.sll_ifindex;
    to->protocol = ntohs(ll.sll_protocol);
    to->mac_len = ll.sll_halen;
    memcpy(to->mac, ll.sll_addr, sizeof(to->mac));
    return 0;
}

int packet_send(const struct fd_entry *entry, const struct iovec *iov, size_t n_iov,
                const void *addr, socklen_t addr_len, struct proto_reply *rep)
{
    struct proto_ll to = { .ifindex = 0 };
    struct iovec in[UIO_MAXIOV];
    struct ctl_call call = { .req = { .op = PROTO_SEND, .sock = entry->id }, .in = in,
                             .n_in = n_iov + 1 };
    int rc = put_dest(addr, addr_len, &to);

    if (rc)
        return rc;
    if (n_iov + 2 > UIO_MAXIOV)
        return EMSGSIZE;
    in[0] = (struct iovec){ &to, sizeof(to) };
    memcpy(&in[1], iov, n_iov * sizeof(*iov));
    rc = ctl_do(&call);
    *rep = call.rep;
    return -rc;
}

void packet_put_auxdata(const struct proto_ll *ll, size_t snaplen, struct msghdr *msg, size_t room)
{
    struct tpacket_auxdata aux = {
        .tp_status = TP_STATUS_USER | ll->status,
        .tp_len = ll->len,
        .tp_snaplen = (uint32_t)snaplen,
        .tp_net = ll->net,
        .tp_vlan_tci = ll->vlan_tci,
        .tp_vlan_tpid = ll->vlan_tpid,
    };

    control_put(msg, room, &(struct cmsghdr){ sizeof(aux), SOL_PACKET, PACKET_AUXDATA }, &aux);
}
