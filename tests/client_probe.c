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

#include "tests/client_probe_fds.h"
#include "tests/client_probe_load.h"
#include "tests/client_probe_opts.h"
#include "tests/client_probe_tools.h"

/* ---- cases ----------------------------------------------------------------------------------- */

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
    CASE(names), CASE(no_peer), CASE(memberships), CASE(control), CASE(addresses), CASE(port_ids),
    CASE(peek_trunc), CASE(duplicates), CASE(not_blocking), CASE(selects), CASE(forks), CASE(execs),
    CASE(vforks), CASE(spawns), CASE(threads), CASE(forks_among_threads), CASE(polls),
    CASE(many_at_once), CASE(timeouts), CASE(as_files), CASE(passed), CASE(closes),
    CASE(closes_at_exec), CASE(interfaces), CASE(dumps), CASE(namespaces),
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

    if (argc == 3 && !strcmp(argv[1], "closed"))
        return fcntl(atoi(argv[2]), F_GETFD) < 0 ? 0 : 1;
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
