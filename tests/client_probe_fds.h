/* client_probe_fds.h - cases about descriptors: passed on, inherited, duplicated and closed in every way that
 * programs do it, and the numbers that others take then.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLIENT_PROBE_FDS_H
#define TESTS_CLIENT_PROBE_FDS_H

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/select.h>

#include "tests/client_probe_tools.h"

extern char **environ;

static char self_path[4096];

static int run_self(int fd, const char *what)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", fd);
    execl(self_path, self_path, what, number, NULL);
    return 127;
}

/* The number that the next descriptor gets. */
static int next_number(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

/* Do these two carry bytes? Then nobody takes them for anything else. */
static int try_pipe(const int *pair)
{
    char got[4] = "";

    CHECK(write(pair[1], "xyz", 3) == 3 && read(pair[0], got, sizeof(got)) == 3);
    CHECK(!memcmp(got, "xyz", 3));
    return close(pair[0]) || close(pair[1]);
}

/* ---- SCM_RIGHTS ------------------------------------------------------------------------------ */

#define N_PASSED 2      /* descriptors in a message */

union passed {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(N_PASSED * sizeof(int))];
};

static int send_fds(int to, const int *fds)
{
    union passed control = { .head = { .cmsg_len = CMSG_LEN(N_PASSED * sizeof(int)),
                                       .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    struct iovec iov = { &(char){ 0 }, 1 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                          .msg_controllen = sizeof(control) };

    memcpy(CMSG_DATA(&control.head), fds, N_PASSED * sizeof(int));
    return sendmsg(to, &msg, 0) == 1 ? 0 : -1;
}

static int receive_fds(int from, int *fds, bool as_many)
{
    union passed control;
    char byte;
    struct iovec iov = { &byte, 1 };
    struct mmsghdr vec = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                        .msg_controllen = sizeof(control) } };

    if (as_many)
        CHECK(recvmmsg(from, &vec, 1, 0, NULL) == 1);
    else
        CHECK(recvmsg(from, &vec.msg_hdr, 0) == 1);
    CHECK(control.head.cmsg_len == CMSG_LEN(N_PASSED * sizeof(int)));
    memcpy(fds, CMSG_DATA(&control.head), N_PASSED * sizeof(int));
    return 0;
}

/* Another process opens the socket, uses it, passes it on with a plain descriptor, and ends. */
static int pass_on(int to, const int *plain)
{
    struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = 0xabcd0007 };
    int fd = open_sock(0);

    CHECK(!bind(fd, (struct sockaddr *)&nl, sizeof(nl)) && !ask(fd, 1));
    return send_fds(to, (const int[]){ fd, plain[1] });
}

static int receive_from_child(bool as_many)
{
    struct sockaddr_nl nl = { 0 };
    socklen_t len = sizeof(nl);
    int pair[2], plain[2], got[2], value;
    pid_t pid;

    CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) && !pipe(plain));
    pid = fork();
    if (!pid)
        _exit(pass_on(pair[0], plain));
    CHECK(child_status(pid) == 0 && !close(plain[1]));
    CHECK(!receive_fds(pair[1], got, as_many));
    CHECK(!getsockname(got[0], (struct sockaddr *)&nl, &len) && nl.nl_pid == 0xabcd0007);
    len = sizeof(value);
    CHECK(!getsockopt(got[0], SOL_SOCKET, SO_DOMAIN, &value, &len) && value == AF_NETLINK);
    CHECK(!ask(got[0], 2) && !try_pipe((const int[]){ plain[0], got[1] }));
    return ask(got[0], 3) || close(got[0]) || close(pair[0]) || close(pair[1]);
}

static int passed(void)
{
    int before = next_number();

    CHECK(!receive_from_child(false) && !receive_from_child(true));
    /* What came and went has left nothing behind, neither here nor at the port id. */
    return next_number() == before ? 0 : 1;
}

/* ---- children -------------------------------------------------------------------------------- */

static int vforks(void)
{
    int fd = open_sock(0), other = open_sock(0), low, pair[2];
    pid_t pid;

    CHECK(!ask(fd, 1));
    pid = vfork();
    if (!pid) {
        close(fd);              /* must not be closed, or forgotten, in the parent */
        _exit(run_self(other, "inherited"));
    }
    CHECK(child_status(pid) == 0 && !ask(fd, 2) && !ask(other, 3));
    low = next_number();
    pid = vfork();
    if (!pid) {
        dup2(fd, low);
        dup2(STDERR_FILENO, other);
        close_range((unsigned)low + 1, ~0u, 0);
        _exit(run_self(low, "inherited"));
    }
    CHECK(child_status(pid) == 0 && !ask(other, 4));
    pid = vfork();
    if (!pid) {
        dup2(fd, low);
        close(low);
        _exit(0);
    }
    CHECK(child_status(pid) == 0);
    CHECK(!pipe(pair) && pair[0] == low && !try_pipe(pair));
    return ask(fd, 5) || close(fd) || close(other);
}

static int spawns(void)
{
    int fd = open_sock(SOCK_CLOEXEC), other = open_sock(0);
    char number[16];
    char *argv[] = { self_path, (char *)(uintptr_t)"inherited", number, NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid;

    CHECK(!ask(fd, 1) && !ask(other, 2));
    snprintf(number, sizeof(number), "%d", 50);
    CHECK(!posix_spawn_file_actions_init(&actions));
    CHECK(!posix_spawn_file_actions_adddup2(&actions, fd, 50));
    CHECK(!posix_spawn_file_actions_addclose(&actions, fd));
    CHECK(!posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, other));
    CHECK(!posix_spawn(&pid, self_path, &actions, NULL, argv, environ));
    CHECK(!posix_spawn_file_actions_destroy(&actions) && child_status(pid) == 0);
    return ask(fd, 3) || ask(other, 4) || close(fd) || close(other);
}

struct worker {
    pthread_t thread;
    _Atomic bool *is_over;
    intptr_t bad;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    int fd = open_sock(0);

    for (uint32_t i = 1; !*w->is_over; i++)
        w->bad |= ask(fd, i);
    close(fd);
    return NULL;
}

/* A child has one thread and the sockets, but not the other threads' conversations. */
static int ask_in_child(int fd, uint32_t seq)
{
    int fresh = open_sock(0);

    CHECK(!ask(fd, seq) && !ask(fresh, seq));
    return close(fresh);
}

static int forks_among_threads(void)
{
    _Atomic bool is_over = false;
    struct worker workers[4];
    int fd = open_sock(0);

    for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
        workers[i] = (struct worker){ .is_over = &is_over };
        CHECK(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
    }
    for (uint32_t i = 1; i <= 40; i++) {
        pid_t pid = fork();

        if (!pid)
            _exit(ask_in_child(fd, i));
        CHECK(child_status(pid) == 0 && !ask(fd, i));
    }
    is_over = true;
    for (size_t i = 0; i < ARRAY_SIZE(workers); i++)
        CHECK(!pthread_join(workers[i].thread, NULL) && !workers[i].bad);
    return close(fd);
}

/* ---- closing and duplicating ----------------------------------------------------------------- */

static int closes(void)
{
    int pair[2], fd = open_sock(0);

    CHECK(!ask(fd, 1));
    CHECK(!close_range((unsigned)fd, ~0u, 0));
    CHECK(close(fd) == -1 && errno == EBADF);
    CHECK(!pipe(pair) && pair[0] == fd && !try_pipe(pair));
    fd = open_sock(0);
    CHECK(!ask(fd, 2));
    closefrom(fd);
    CHECK(!pipe(pair) && pair[0] == fd && !try_pipe(pair));
    fd = open_sock(0);
    for (int i = 3; i < 1024; i++)      /* as daemons do */
        close(i);
    CHECK(!pipe(pair) && pair[0] == 3 && !try_pipe(pair));
    fd = open_sock(0);
    CHECK(!ask(fd, 3));
    CHECK(dup2(STDERR_FILENO, 900) == 900 && dup2(STDERR_FILENO, 901) == 901);
    return ask(fd, 4) || close(900) || close(901) || ask(fd, 5) || close(fd);
}

static int closes_at_exec(void)
{
    int fd = open_sock(0), kept;
    pid_t pid;

    CHECK(!ask(fd, 1) && !fcntl(fd, F_GETFD));
    CHECK(!close_range((unsigned)fd, ~0u, CLOSE_RANGE_CLOEXEC));
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && !ask(fd, 2));
    kept = dup(fd);
    CHECK(!fcntl(kept, F_GETFD) && fcntl(fcntl(fd, F_DUPFD_CLOEXEC, 60), F_GETFD) == FD_CLOEXEC);
    pid = fork();
    if (!pid)
        _exit(run_self(kept, "inherited"));
    CHECK(child_status(pid) == 0);
    pid = fork();
    if (!pid)
        _exit(run_self(fd, "closed"));
    CHECK(child_status(pid) == 0);
    return ask(fd, 3) || ask(60, 4) || close(fd) || close(kept) || close(60);
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

static int not_blocking(void)
{
    int fd = open_sock(0), flags = fcntl(fd, F_GETFL);
    char byte;

    CHECK(flags == O_RDWR && !fcntl(fd, F_SETFL, flags | O_NONBLOCK));
    CHECK(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK));
    CHECK(recv(fd, &byte, 1, 0) == -1 && errno == EAGAIN);
    return ask(fd, 1) || close(fd);
}

/* Up to the last number that a set has room for. */
static int selects(void)
{
    struct request r = getfamily("nlctrl", 6);
    int fd = open_sock(0);

    for (int number = 600; number < FD_SETSIZE; number += 212) {
        int high = fcntl(fd, F_DUPFD, number);
        struct timeval now = { 0 };
        fd_set readable;
        char buf[4096];

        CHECK(high >= number && high < FD_SETSIZE);
        FD_ZERO(&readable);
        FD_SET(high, &readable);
        CHECK(select(high + 1, &readable, NULL, NULL, &now) == 0);
        CHECK(send(high, &r, r.nl.nlmsg_len, 0) > 0);
        FD_SET(high, &readable);
        CHECK(select(high + 1, &readable, NULL, NULL, NULL) == 1 && FD_ISSET(high, &readable));
        CHECK(recv(high, buf, sizeof(buf), 0) > 0 && !close(high));
    }
    return ask(fd, 7) || close(fd);
}

#endif
