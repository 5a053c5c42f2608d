/* sock.c - opening a fake socket, its names and its options.
 * SPDX-License-Identifier: Apache-2.0 */
#include "tools/preload/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <string.h>

#define PEERPIDFD 77    /* SO_PEERPIDFD of Linux 6.5: the descriptor may know it, ours does not */
#define TYPE_MASK 0xf   /* the rest of socket()'s type argument is flags */

/* The other protocols are the host's. */
static bool is_taken_over(int domain, int protocol)
{
    if (domain == AF_PACKET)
        return true;
    return domain == AF_NETLINK && (protocol == NETLINK_GENERIC || protocol == NETLINK_ROUTE ||
                                    protocol == NETLINK_NETFILTER);
}

EXPORT int socket(int domain, int type, int protocol)
{
    struct proto_hello hello = { .kind = PROTO_DATA, .type = type & TYPE_MASK,
                                 .protocol = protocol };
    struct proto_welcome welcome;
    int fd;

    if (!preload_on() || !is_taken_over(domain, protocol)) {
        fd = real.socket(domain, type, protocol);
        if (fd >= 0 && preload_on())
            fd_set_state(fd, FD_FOREIGN);
        return fd;
    }
    if (hello.type != SOCK_RAW && hello.type != SOCK_DGRAM)
        return fail(ESOCKTNOSUPPORT);
    if (domain == AF_PACKET)
        hello.type |= PROTO_PACKET;
    hello.ns = netns_id();
    fd = ctl_connect(&hello, &welcome, type & SOCK_CLOEXEC);
    if (fd < 0)
        return fail(-fd);
    if (type & SOCK_NONBLOCK)
        (void)real.fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    fd_set_sock(fd, welcome.sock, hello.type, protocol);
    if (fd_state(fd) != welcome.sock) {     /* number beyond the table */
        real.close(fd);
        return fail(EMFILE);
    }
    return fd;
}

/* Runs a request about a socket for a function that returns 0 or -1. */
static int ask(const struct fd_entry *entry, enum proto_op op, const uint32_t arg[3],
               struct proto_reply *rep)
{
    int rc = ctl_sock(entry->id, op, arg, rep);

    return rc ? fail(-rc) : 0;
}

static int get_nl(const struct sockaddr *addr, socklen_t len, struct sockaddr_nl *nl)
{
    if (!addr)
        return EFAULT;
    if (len < sizeof(*nl))
        return EINVAL;
    memcpy(nl, addr, sizeof(*nl));
    return nl->nl_family == AF_NETLINK ? 0 : EINVAL;
}

EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    struct sockaddr_nl nl;
    int err;

    if (!entry)
        return real.bind(fd, addr, len);
    if (fd_is_packet(entry)) {
        err = packet_bind(entry, addr, len);
        return err ? fail(err) : 0;
    }
    err = get_nl(addr, len, &nl);
    if (err)
        return fail(err);
    return ask(entry, PROTO_BIND, (const uint32_t[3]){ nl.nl_pid, nl.nl_groups }, NULL);
}

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    struct sockaddr_nl nl;
    int err;

    if (!entry)
        return real.connect(fd, addr, len);
    if (fd_is_packet(entry))
        return fail(EOPNOTSUPP);
    if (addr && len >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC)
        return 0;
    err = get_nl(addr, len, &nl);
    if (!err && nl.nl_pid)
        err = ECONNREFUSED;
    return err ? fail(err) : ask(entry, PROTO_CONNECT, NULL, NULL);
}

static int give_name(struct sockaddr *addr, socklen_t *len, uint32_t pid, uint32_t groups)
{
    struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = pid, .nl_groups = groups };

    if (!addr || !len)
        return fail(EFAULT);
    memcpy(addr, &nl, *len < sizeof(nl) ? *len : sizeof(nl));
    *len = sizeof(nl);
    return 0;
}

EXPORT int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    struct proto_reply rep;

    if (!entry)
        return real.getsockname(fd, addr, len);
    if (fd_is_packet(entry)) {
        int err = packet_getsockname(entry, addr, len);

        return err ? fail(err) : 0;
    }
    if (ask(entry, PROTO_NAME, NULL, &rep))
        return -1;
    return give_name(addr, len, rep.value, rep.value2);
}

EXPORT int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    if (entry && fd_is_packet(entry))
        return fail(EOPNOTSUPP);
    return entry ? give_name(addr, len, 0, 0) : real.getpeername(fd, addr, len);
}

EXPORT int shutdown(int fd, int how)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    return entry ? fail(EOPNOTSUPP) : real.shutdown(fd, how);
}

EXPORT int listen(int fd, int backlog)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;

    return entry ? fail(EOPNOTSUPP) : real.listen(fd, backlog);
}

/* Options: one row says who answers. */
enum opt_how {
    OPT_NATIVE,     /* the descriptor */
    OPT_ASK,        /* the simulator, as an int */
    OPT_MEMBERS,    /* the simulator, as a bit mask */
    OPT_DOMAIN,
    OPT_TYPE,
    OPT_PROTOCOL,
    OPT_ERROR,
    OPT_REFUSE,     /* would act on our header instead of the message */
    OPT_UNABLE,
    OPT_NO_PEER,    /* there is nobody at the other end */
    OPT_NO_DATA,
};

static const struct opt {
    int level, name;        /* -1: all others */
    enum opt_how get, set;
} opts[] = {
    { SOL_SOCKET,  SO_DOMAIN,                OPT_DOMAIN,   OPT_REFUSE },
    { SOL_SOCKET,  SO_TYPE,                  OPT_TYPE,     OPT_REFUSE },
    { SOL_SOCKET,  SO_PROTOCOL,              OPT_PROTOCOL, OPT_REFUSE },
    { SOL_SOCKET,  SO_ERROR,                 OPT_ERROR,    OPT_REFUSE },
    { SOL_SOCKET,  SO_RCVBUF,                OPT_ASK,      OPT_ASK },
    { SOL_SOCKET,  SO_RCVBUFFORCE,           OPT_REFUSE,   OPT_ASK },
    { SOL_SOCKET,  SO_PASSCRED,              OPT_ASK,      OPT_ASK },
    { SOL_SOCKET,  SO_PEERCRED,              OPT_NO_PEER,  OPT_REFUSE },
    { SOL_SOCKET,  SO_PEERGROUPS,            OPT_NO_DATA,  OPT_REFUSE },
    { SOL_SOCKET,  PEERPIDFD,                OPT_REFUSE,   OPT_REFUSE },
    { SOL_SOCKET,  SO_PEEK_OFF,              OPT_UNABLE,   OPT_UNABLE },
    { SOL_SOCKET,  SO_ATTACH_FILTER,         OPT_REFUSE,   OPT_REFUSE },
    { SOL_SOCKET,  SO_ATTACH_BPF,            OPT_REFUSE,   OPT_REFUSE },
    { SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, OPT_MEMBERS,  OPT_REFUSE },
    { SOL_NETLINK, -1,                       OPT_ASK,      OPT_ASK },
    { SOL_SOCKET,  -1,                       OPT_NATIVE,   OPT_NATIVE },
    { -1,          -1,                       OPT_REFUSE,   OPT_REFUSE },
};

static const struct opt *find_opt(const struct fd_entry *entry, int level, int name)
{
    if (level == SOL_NETLINK && fd_is_packet(entry))
        return &opts[ARRAY_SIZE(opts) - 1];
    for (size_t i = 0; i < ARRAY_SIZE(opts); i++) {
        if ((opts[i].level == level || opts[i].level == -1)
            && (opts[i].name == name || opts[i].name == -1))
            return &opts[i];
    }
    return NULL;
}

EXPORT int setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    const struct opt *o = entry ? find_opt(entry, level, name) : NULL;
    int value = 0;

    if (entry && fd_is_packet(entry) && packet_has_option(level, name)) {
        int err = packet_setsockopt(entry, level, name, val, len);

        return err ? fail(err) : 0;
    }
    if (!o || o->set == OPT_NATIVE)
        return real.setsockopt(fd, level, name, val, len);
    if (o->set != OPT_ASK)
        return fail(o->set == OPT_UNABLE ? EOPNOTSUPP : ENOPROTOOPT);
    if (len < sizeof(value) && level == SOL_SOCKET)
        return fail(EINVAL);
    if (!val && len >= sizeof(value))
        return fail(EFAULT);
    if (len >= sizeof(value))       /* netlink takes a short value for 0 */
        memcpy(&value, val, sizeof(value));
    return ask(entry, PROTO_SETOPT,
               (const uint32_t[3]){ (uint32_t)level, (uint32_t)name, (uint32_t)value }, NULL);
}

/* As netlink does: as many words as fit are written, the length needed is returned. */
static int get_members(const struct fd_entry *entry, void *val, socklen_t *len)
{
    uint32_t words[64];
    struct ctl_call call = { .req = { .op = PROTO_GROUPS, .sock = entry->id },
                             .out = words, .out_size = sizeof(words) };
    int rc = ctl_do(&call);
    size_t room = *len & ~(size_t)3;

    if (rc)
        return fail(-rc);
    if (val)
        memcpy(val, words, call.out_len < room ? call.out_len : room);
    *len = (socklen_t)call.out_len;
    return 0;
}

static int give(const void *from, size_t size, void *val, socklen_t *len)
{
    if (!val)
        return fail(EFAULT);
    if (*len > size)
        *len = (socklen_t)size;
    memcpy(val, from, *len);
    return 0;
}

static int ask_opt(const struct fd_entry *entry, int level, int name, int *value)
{
    struct proto_reply rep;

    if (ask(entry, PROTO_GETOPT, (const uint32_t[3]){ (uint32_t)level, (uint32_t)name }, &rep))
        return -1;
    *value = (int)rep.value;
    return 0;
}

static int get_value(const struct fd_entry *entry, const struct opt *o, int name, int *value)
{
    switch (o->get) {
    case OPT_ASK:
        return ask_opt(entry, o->level, name, value);
    case OPT_DOMAIN:
        *value = fd_is_packet(entry) ? AF_PACKET : AF_NETLINK;
        return 0;
    case OPT_TYPE:
        *value = entry->type & TYPE_MASK;
        return 0;
    case OPT_PROTOCOL:
        *value = fd_is_packet(entry) ? 0 : entry->protocol;
        return 0;
    case OPT_ERROR:
        *value = ctl_page_error(entry->id);
        return 0;
    case OPT_UNABLE:
        return fail(EOPNOTSUPP);
    case OPT_NO_DATA:
        return fail(ENODATA);
    case OPT_NATIVE:
    case OPT_REFUSE:
    case OPT_NO_PEER:
    case OPT_MEMBERS:
        break;
    }
    return fail(ENOPROTOOPT);
}

EXPORT int getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
    struct fd_entry *entry = preload_on() ? fd_sock(fd) : NULL;
    const struct opt *o = entry ? find_opt(entry, level, name) : NULL;
    const struct ucred nobody = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
    int value = 0;

    if (entry && fd_is_packet(entry) && packet_has_option(level, name)) {
        int err = packet_getsockopt(entry, level, name, val, len);

        return err ? fail(err) : 0;
    }
    if (!o || o->get == OPT_NATIVE)
        return real.getsockopt(fd, level, name, val, len);
    if (!len)
        return fail(EFAULT);
    if (o->get == OPT_MEMBERS)
        return get_members(entry, val, len);
    if (level == SOL_NETLINK && *len < sizeof(value))
        return fail(EINVAL);
    if (o->get == OPT_NO_PEER)
        return give(&nobody, sizeof(nobody), val, len);
    return get_value(entry, o, name, &value) ? -1 : give(&value, sizeof(value), val, len);
}
