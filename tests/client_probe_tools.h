/* client_probe_tools.h - what the cases of client_probe.c share: a claim, a request, its reply.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CLIENT_PROBE_TOOLS_H
#define TESTS_CLIENT_PROBE_TOOLS_H

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CHECK(claim)                                                                             \
    do {                                                                                         \
        if (!(claim)) {                                                                          \
            fprintf(stderr, "%s:%d: %s (errno %d)\n", __func__, __LINE__, #claim, errno);        \
            return 1;                                                                            \
        }                                                                                        \
    } while (0)

/* ---- requests -------------------------------------------------------------------------------- */

struct request {
    struct nlmsghdr nl;
    struct genlmsghdr genl;
    struct nlattr attr;
    char name[16];
};

/* GETFAMILY by name; a wrong name is answered with ENOENT. */
static struct request getfamily(const char *name, uint32_t seq)
{
    struct request r = {
        .nl = { .nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = seq },
        .genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
        .attr = { .nla_type = CTRL_ATTR_FAMILY_NAME },
    };

    strncpy(r.name, name, sizeof(r.name) - 1);
    r.attr.nla_len = (uint16_t)(sizeof(r.attr) + strlen(r.name) + 1);
    r.nl.nlmsg_len = (uint32_t)(sizeof(r.nl) + sizeof(r.genl) + ((r.attr.nla_len + 3u) & ~3u));
    return r;
}

static int open_sock(int flags)
{
    return socket(AF_NETLINK, SOCK_RAW | flags, NETLINK_GENERIC);
}

/* One request, one reply without waiting. Returns 0 if it is the right one. */
static int ask(int fd, uint32_t seq)
{
    struct request r = getfamily("nlctrl", seq);
    char buf[8192];
    struct nlmsghdr nl;
    ssize_t n;

    CHECK(send(fd, &r, r.nl.nlmsg_len, 0) == (ssize_t)r.nl.nlmsg_len);
    n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
    CHECK(n > (ssize_t)sizeof(nl));
    memcpy(&nl, buf, sizeof(nl));
    CHECK(nl.nlmsg_type == GENL_ID_CTRL && nl.nlmsg_seq == seq && (ssize_t)nl.nlmsg_len == n);
    CHECK(recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 && errno == EAGAIN);
    return 0;
}

static int child_status(pid_t pid)
{
    int status;

    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
