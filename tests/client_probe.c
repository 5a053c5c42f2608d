/* client_probe.c - a program that knows only libc and uses a netlink socket in every way that
 * programs do; it runs under the preload library and, but for "probe_*", on a real kernel.
 *
 * client_probe CASE...     runs these cases; "all": those that a kernel can answer, too
 * Exit status 0: all held. Each failure is a line with the case, the line and what is wrong.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "tests/client_probe_load.h"
#include "tests/client_probe_tools.h"

static char self_path[4096];

/* ---- cases ----------------------------------------------------------------------------------- */

static int names(void)
{
    struct sockaddr_nl nl = { 0 };
    socklen_t len = sizeof(nl);
    int fd = open_sock(SOCK_CLOEXEC), value;
    static const struct {
        int name, want;
    } ints[] = {
        { SO_DOMAIN, AF_NETLINK }, { SO_TYPE, SOCK_RAW }, { SO_PROTOCOL, NETLINK_GENERIC },
        { SO_ERROR, 0 },
    };

    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(!getsockname(fd, (struct sockaddr *)&nl, &len) && len == sizeof(nl));
    CHECK(nl.nl_family == AF_NETLINK && !nl.nl_pid);
    nl.nl_pid = 0;
    CHECK(!bind(fd, (struct sockaddr *)&nl, sizeof(nl)));
    CHECK(!getsockname(fd, (struct sockaddr *)&nl, &len) && nl.nl_pid);
    CHECK(!getpeername(fd, (struct sockaddr *)&nl, &len) && !nl.nl_pid && len == 12);
    for (size_t i = 0; i < ARRAY_SIZE(ints); i++) {
        len = sizeof(value);
        CHECK(!getsockopt(fd, SOL_SOCKET, ints[i].name, &value, &len) && value == ints[i].want);
    }
    value = 50000;
    CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value)));
    CHECK(!getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len) && value == 100000);
    value = 1;
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &value, sizeof(value)));
    value = 0;
    CHECK(!getsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &value, &len) && value == 1);
    CHECK(setsockopt(fd, SOL_NETLINK, 77, &value, sizeof(value)) == -1 && errno == ENOPROTOOPT);
    CHECK(!setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &value, 1));
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, 1) == -1 && errno == EINVAL);
    CHECK(shutdown(fd, SHUT_RDWR) == -1 && errno == EOPNOTSUPP);
    return ask(fd, 1) || close(fd);
}

static int addresses(void)
{
    struct sockaddr_nl nl = { .nl_family = AF_INET }, from = { 0 };
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    struct request r = getfamily("nlctrl", 9);
    socklen_t len = sizeof(from);
    char buf[4096];
    int fd = open_sock(0);

    CHECK(bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == -1 && errno == EINVAL);
    nl.nl_family = AF_NETLINK;
    CHECK(bind(fd, (struct sockaddr *)&nl, 8) == -1 && errno == EINVAL);
    CHECK(!connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)));
    CHECK(sendto(fd, &r, r.nl.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) > 0);
    CHECK(recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) > 0);
    CHECK(len == sizeof(from) && from.nl_family == AF_NETLINK && !from.nl_pid && !from.nl_groups);
    CHECK(socket(AF_NETLINK, SOCK_STREAM, NETLINK_GENERIC) == -1 && errno == ESOCKTNOSUPPORT);
    return close(fd);
}

static int port_ids(void)
{
    struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = 0xabcd0001 };
    int a = open_sock(0), b = open_sock(0);

    CHECK(!bind(a, (struct sockaddr *)&nl, sizeof(nl)));
    CHECK(bind(b, (struct sockaddr *)&nl, sizeof(nl)) == -1 && errno == EADDRINUSE);
    /* close() is over when it returns. */
    for (int i = 0; i < 200; i++) {
        CHECK(!close(a));
        a = open_sock(0);
        CHECK(!bind(a, (struct sockaddr *)&nl, sizeof(nl)));
    }
    nl.nl_pid++;
    CHECK(bind(a, (struct sockaddr *)&nl, sizeof(nl)) == -1 && errno == EINVAL);
    return close(a) || close(b);
}

static int peek_trunc(void)
{
    struct request r = getfamily("nlctrl", 5);
    char big[8192], small[20];
    struct iovec iov = { small, sizeof(small) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    int fd = open_sock(0);
    ssize_t n;

    for (int i = 0; i < 3; i++)
        CHECK(send(fd, &r, r.nl.nlmsg_len, 0) > 0);
    n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
    CHECK(n > 100);
    CHECK(recv(fd, small, sizeof(small), MSG_PEEK) == sizeof(small));
    CHECK(recvmsg(fd, &msg, 0) == sizeof(small) && msg.msg_flags == MSG_TRUNC);
    CHECK(recv(fd, small, 1, MSG_TRUNC | MSG_DONTWAIT) == n);
    iov = (struct iovec){ big, sizeof(big) };
    CHECK(recvmsg(fd, &msg, 0) == n && msg.msg_flags == 0);
    CHECK(recv(fd, big, sizeof(big), MSG_DONTWAIT) == -1 && errno == EAGAIN);
    return close(fd);
}

static int duplicates(void)
{
    int fd = open_sock(0), a = dup(fd), b = dup2(fd, 77), c = fcntl(fd, F_DUPFD, 50);

    CHECK(a >= 0 && b == 77 && c >= 50);
    CHECK(!close(fd));
    CHECK(!ask(a, 1) && !ask(b, 2) && !ask(c, 3));
    CHECK(dup3(a, 78, O_CLOEXEC) == 78 && fcntl(78, F_GETFD) == FD_CLOEXEC && !ask(78, 4));
    /* A file takes the number of a socket. */
    CHECK(dup2(STDERR_FILENO, 77) == 77 && write(77, "", 0) == 0);
    CHECK(send(77, "", 1, 0) == -1);
    return close(a) || close(77) || close(78) || ask(c, 5) || close(c);
}

static int forks(void)
{
    int fd = open_sock(0);
    pid_t pid;

    CHECK(!ask(fd, 1));
    pid = fork();
    if (!pid)
        _exit(ask(fd, 2) || ask(fd, 3));
    CHECK(child_status(pid) == 0);
    CHECK(!ask(fd, 4));
    pid = fork();
    if (!pid)
        _exit(close(fd));
    CHECK(child_status(pid) == 0);
    return ask(fd, 5) || close(fd);
}

static int run_self(int fd, const char *what)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", fd);
    execl(self_path, self_path, what, number, NULL);
    return 127;
}

static int execs(void)
{
    int fd = open_sock(0);
    pid_t pid;

    CHECK(!ask(fd, 1));
    pid = fork();
    if (!pid)
        _exit(run_self(fd, "inherited"));
    CHECK(child_status(pid) == 0);
    return ask(fd, 2) || close(fd);
}

static int vforks(void)
{
    int fd = open_sock(0), other = open_sock(0);
    pid_t pid;

    CHECK(!ask(fd, 1));
    pid = vfork();
    if (!pid) {
        close(fd);              /* must not be closed, or forgotten, in the parent */
        _exit(run_self(other, "inherited"));
    }
    CHECK(child_status(pid) == 0);
    return ask(fd, 2) || ask(other, 3) || close(fd) || close(other);
}

static void *one_thread(void *arg)
{
    int fd = open_sock(0);
    intptr_t bad = 0;

    (void)arg;
    for (uint32_t i = 1; i <= 500; i++)
        bad |= ask(fd, i);
    close(fd);
    return (void *)bad;
}

static int threads(void)
{
    pthread_t thread[8];

    for (size_t i = 0; i < ARRAY_SIZE(thread); i++)
        CHECK(!pthread_create(&thread[i], NULL, one_thread, NULL));
    for (size_t i = 0; i < ARRAY_SIZE(thread); i++) {
        void *bad;

        CHECK(!pthread_join(thread[i], &bad) && !bad);
    }
    return 0;
}

static int polls(void)
{
    struct request r = getfamily("nlctrl", 6);
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    int fd = open_sock(SOCK_NONBLOCK), ep = epoll_create1(0);
    struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
    char buf[4096];

    CHECK(!epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
    CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
    CHECK(epoll_wait(ep, &event, 1, 0) == 0);
    CHECK(recv(fd, buf, sizeof(buf), 0) == -1 && errno == EAGAIN);
    CHECK(send(fd, &r, r.nl.nlmsg_len, 0) > 0);
    CHECK(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLOUT));
    CHECK(epoll_wait(ep, &event, 1, 0) == 1);
    CHECK(recv(fd, buf, sizeof(buf), 0) > 0);
    CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
    return close(ep) || close(fd);
}

static int many_at_once(void)
{
    struct request r[4];
    struct iovec out[4], in[8];
    struct mmsghdr send_vec[4], recv_vec[8];
    static char buf[8][4096];
    struct timespec timeout = { .tv_sec = 1 };
    int fd = open_sock(0);

    memset(send_vec, 0, sizeof(send_vec));
    memset(recv_vec, 0, sizeof(recv_vec));
    for (uint32_t i = 0; i < 4; i++) {
        r[i] = getfamily("nlctrl", i);
        out[i] = (struct iovec){ &r[i], r[i].nl.nlmsg_len };
        send_vec[i].msg_hdr = (struct msghdr){ .msg_iov = &out[i], .msg_iovlen = 1 };
    }
    for (int i = 0; i < 8; i++) {
        in[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
        recv_vec[i].msg_hdr = (struct msghdr){ .msg_iov = &in[i], .msg_iovlen = 1 };
    }
    CHECK(sendmmsg(fd, send_vec, 4, 0) == 4 && send_vec[3].msg_len == r[3].nl.nlmsg_len);
    CHECK(recvmmsg(fd, recv_vec, 8, MSG_WAITFORONE, &timeout) == 4);
    for (uint32_t i = 0; i < 4; i++)
        CHECK(((struct nlmsghdr *)(void *)buf[i])->nlmsg_seq == i);
    CHECK(recvmmsg(fd, recv_vec, 8, MSG_DONTWAIT, NULL) == -1 && errno == EAGAIN);
    return close(fd);
}

static int timeouts(void)
{
    struct timeval tv = { .tv_usec = 20000 };
    int fd = open_sock(0);
    char buf[64];

    CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
    CHECK(recv(fd, buf, sizeof(buf), 0) == -1 && errno == EAGAIN);
    return ask(fd, 1) || close(fd);
}

static int as_files(void)
{
    struct request r = getfamily("nlctrl", 7);
    struct iovec out[] = { { &r, 20 }, { (char *)&r + 20, r.nl.nlmsg_len - 20 } };
    char a[16], b[8192];
    struct iovec in[] = { { a, sizeof(a) }, { b, sizeof(b) } };
    int fd = open_sock(0);

    CHECK(write(fd, &r, r.nl.nlmsg_len) == (ssize_t)r.nl.nlmsg_len);
    CHECK(read(fd, b, 0) == 0);
    CHECK(read(fd, b, sizeof(b)) > 100);
    CHECK(writev(fd, out, 2) == (ssize_t)r.nl.nlmsg_len);
    CHECK(readv(fd, in, 2) > 100 && ((struct nlmsghdr *)(void *)a)->nlmsg_seq == 7);
    return close(fd);
}

/* Sends a descriptor through a pair of sockets and receives it under another number. */
static int pass_fd(int fd)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS } };
    char byte = 0;
    struct iovec iov = { &byte, 1 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                          .msg_controllen = sizeof(control) };
    int pair[2], got = -1;

    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || sendmsg(pair[0], &msg, 0) != 1)
        return -1;
    close(fd);
    if (recvmsg(pair[1], &msg, 0) == 1)
        memcpy(&got, CMSG_DATA(&control.head), sizeof(got));
    close(pair[0]);
    close(pair[1]);
    return got;
}

static int passed(void)
{
    int fd = open_sock(0);

    CHECK(!ask(fd, 1));
    fd = pass_fd(fd);
    return ask(fd, 2) || close(fd);
}

static int closes(void)
{
    int pair[2], fd = open_sock(0);

    CHECK(!ask(fd, 1));
    CHECK(!close_range((unsigned)fd, ~0u, 0));
    CHECK(close(fd) == -1 && errno == EBADF);
    CHECK(!pipe(pair) && pair[0] == fd);
    CHECK(write(pair[1], "xyz", 3) == 3 && read(pair[0], &(char[4]){ 0 }, 4) == 3);
    close_range((unsigned)fd, ~0u, 0);
    fd = open_sock(0);
    CHECK(!ask(fd, 2));
    for (int i = 3; i < 1024; i++)      /* as daemons do */
        close(i);
    fd = open_sock(0);
    CHECK(!ask(fd, 3));
    CHECK(dup2(STDERR_FILENO, 900) == 900 && dup2(STDERR_FILENO, 901) == 901);
    return ask(fd, 4) || close(900) || close(901) || ask(fd, 5) || close(fd);
}

static int interfaces(void)
{
    struct ifreq ifr = { .ifr_name = "lo" };
    struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
    struct if_nameindex *list = if_nameindex();
    unsigned index = if_nametoindex("lo");
    char name[IF_NAMESIZE];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    CHECK(index && if_indextoname(index, name) && !strcmp(name, "lo"));
    CHECK(list && list[0].if_index && list[0].if_name);
    if_freenameindex(list);
    CHECK(!if_nametoindex("no-such-dev") && errno == ENODEV);
    CHECK(!if_indextoname(0x7ffffff, name) && errno == ENXIO);
    CHECK(!ioctl(fd, SIOCGIFFLAGS, &ifr) && (ifr.ifr_flags & IFF_LOOPBACK));
    CHECK(!ioctl(fd, SIOCGIFMTU, &ifr) && ifr.ifr_mtu == 65536);
    CHECK(!ioctl(fd, SIOCGIFHWADDR, &ifr) && ifr.ifr_hwaddr.sa_family == 772);
    CHECK(!ioctl(fd, SIOCGIFINDEX, &ifr) && ifr.ifr_ifindex == (int)index);
    CHECK(!ioctl(fd, SIOCGIFNAME, &ifr) && !strcmp(ifr.ifr_name, "lo"));
    ifr.ifr_data = (char *)&info;
    CHECK(ioctl(fd, SIOCETHTOOL, &ifr) == -1 && errno == EOPNOTSUPP);
    info.cmd = ETHTOOL_GSET;
    CHECK(ioctl(fd, SIOCETHTOOL, &ifr) == -1 && errno == EOPNOTSUPP);
    info.cmd = ETHTOOL_GFLAGS;
    CHECK(!ioctl(fd, SIOCETHTOOL, &ifr) && !((struct ethtool_value *)&info)->data);
    strcpy(ifr.ifr_name, "no-such-dev");
    CHECK(ioctl(fd, SIOCGIFFLAGS, &ifr) == -1 && errno == ENODEV);
    ifr.ifr_data = (char *)&info;
    CHECK(ioctl(fd, SIOCETHTOOL, &ifr) == -1 && errno == ENODEV);
    CHECK(ioctl(STDERR_FILENO, FIONREAD, &index) == 0 || errno == ENOTTY || errno == EINVAL);
    return close(fd);
}

static int dumps(void)
{
    struct request r = getfamily("", 8);
    struct nlmsghdr nl;
    char buf[65536];
    int fd = open_sock(0), n_messages = 0;

    r.nl.nlmsg_flags |= NLM_F_DUMP;
    r.nl.nlmsg_len = (uint32_t)(sizeof(r.nl) + sizeof(r.genl) + ((r.attr.nla_len + 3u) & ~3u));
    CHECK(send(fd, &r, r.nl.nlmsg_len, 0) > 0);
    do {
        ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

        CHECK(n >= (ssize_t)sizeof(nl));
        memcpy(&nl, buf, sizeof(nl));
        n_messages++;
    } while (nl.nlmsg_type != NLMSG_DONE);
    CHECK(n_messages >= 2);
    return ask(fd, 9) || close(fd);
}

static int namespaces(void)
{
    struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = 0xabcd0009 };
    int outside = open_sock(0), fd;
    pid_t pid;

    CHECK(!bind(outside, (struct sockaddr *)&nl, sizeof(nl)));
    pid = fork();
    if (!pid) {
        CHECK(!unshare(CLONE_NEWNET));
        fd = open_sock(0);
        if (bind(fd, (struct sockaddr *)&nl, sizeof(nl)))   /* taken outside, free here */
            _exit(10);
        for (int i = 3; i < 1024; i++)
            if (i != fd)
                close(i);
        _exit(run_self(fd, "in_namespace"));
    }
    CHECK(child_status(pid) == 0);
    return ask(outside, 1) || close(outside);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define CASE(name) { #name, name }

static const struct {
    const char *name;
    int (*run)(void);
} cases[] = {
    CASE(names), CASE(addresses), CASE(port_ids), CASE(peek_trunc), CASE(duplicates), CASE(forks),
    CASE(execs), CASE(vforks), CASE(threads), CASE(polls), CASE(many_at_once), CASE(timeouts),
    CASE(as_files), CASE(passed), CASE(closes), CASE(interfaces), CASE(dumps), CASE(namespaces),
    CASE(probe_big), CASE(probe_dump), CASE(probe_window), CASE(probe_overrun), CASE(bench),
};

/* What the execs and namespaces cases start. */
static int inherited(int fd, bool in_namespace)
{
    struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = 0xabcd0009 };
    socklen_t len = sizeof(nl);
    int value = 0, fresh;

    CHECK(!getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len) && value == AF_NETLINK);
    len = sizeof(nl);
    CHECK(!ask(fd, 1));
    if (!in_namespace)
        return 0;
    CHECK(!getsockname(fd, (struct sockaddr *)&nl, &len) && nl.nl_pid == 0xabcd0009);
    fresh = open_sock(0);
    CHECK(bind(fresh, (struct sockaddr *)&nl, sizeof(nl)) == -1 && errno == EADDRINUSE);
    CHECK(!close(fd) && !bind(fresh, (struct sockaddr *)&nl, sizeof(nl)));
    return ask(fresh, 2);
}

static int run_case(const char *name, bool *found)
{
    bool is_all = !strcmp(name, "all");
    int bad = 0;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bool is_plain = strncmp(cases[i].name, "probe_", 6) && strcmp(cases[i].name, "bench");

        if (strcmp(cases[i].name, name) && !(is_all && is_plain))
            continue;
        *found = true;
        bad |= cases[i].run();
    }
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0;

    if (argc == 3 && (!strcmp(argv[1], "inherited") || !strcmp(argv[1], "in_namespace")))
        return inherited(atoi(argv[2]), argv[1][2] == '_');
    if (readlink("/proc/self/exe", self_path, sizeof(self_path) - 1) < 0)
        return 1;
    for (int i = 1; i < argc; i++) {
        bool found = false;

        bad |= run_case(argv[i], &found);
        if (!found) {
            fprintf(stderr, "client_probe: no case %s\n", argv[i]);
            bad = 1;
        }
    }
    return bad;
}
