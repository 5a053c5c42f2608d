/* limits.c - see limits.h. SPDX-License-Identifier: Apache-2.0 */
#include "sim/limits.h"

#include <errno.h>
#include <string.h>

#include "base/scan.h"

/* Where the kernel bounds the same thing, its errno; clients have a path for that. */
/* clang-format off */
const struct limit_row limit_rows[N_LIMITS] = {
    [LIMIT_SOCKETS] = { "sockets", 16384, EMFILE,
        "netlink and AF_PACKET sockets that are open", "socket() fails, as at RLIMIT_NOFILE" },
    [LIMIT_CONNECTIONS] = { "connections", 4096, EMFILE,
        "other connections: one for each thread, each namespace and each `dpsim do`", "the call that needs one fails" },
    [LIMIT_DESCRIPTORS] = { "descriptors", 75, ENFILE,
        "percent of the descriptors that other clients have left dpsim (of its hard RLIMIT_NOFILE)",
        "as sockets and connections" },
    [LIMIT_NAMESPACES] = { "namespaces", 256, ENOSPC,
        "network namespaces that it has made and that live", "unshare() fails, as at user.max_net_namespaces" },
    [LIMIT_QUEUED] = { "queued-bytes", 64 << 20, ENOBUFS,
        "bytes that its sockets have not read, counted as against SO_RCVBUF, whatever their SO_RCVBUF",
        "the datagram is lost, the next receive fails" },
    [LIMIT_DUMPS] = { "dumps", 1024, ENOBUFS,
        "dumps that have begun and have not been read to their end", "the request is answered with the error" },
    [LIMIT_WAITS] = { "waits", 64, EAGAIN,
        "`dpsim do wait` that nothing has answered yet", "the command fails" },
    [LIMIT_TURN] = { "turn-us", 200, 0,
        "microseconds of the simulator's time in a row while others are waiting, at least a request",
        "nothing: it waits until the others have been served" },
};
/* clang-format on */

uint64_t limits_most(const struct limits *l, enum limit limit)
{
    return l->most[limit] ? l->most[limit] : limit_rows[limit].most;
}

static int find(const char *name, size_t len, enum limit *limit)
{
    for (unsigned i = 0; i < N_LIMITS; i++) {
        if (strlen(limit_rows[i].name) == len && !strncmp(limit_rows[i].name, name, len)) {
            *limit = i;
            return 0;
        }
    }
    return -ENOENT;
}

int limits_scan(struct limits *l, const char *text, struct err *e)
{
    size_t len = strcspn(text, "=");
    enum limit limit;
    struct scan in;
    uint64_t n;

    if (find(text, len, &limit))
        return err_set(e, EINVAL, "no limit is called %.*s", (int)len, text);
    scan_init(&in, text + len);
    if (!scan_char(&in, '=') || !scan_u64(&in, UINT64_MAX, &n) || !scan_done(&in) || !n)
        return err_set(e, EINVAL, "%s is a number from 1", limit_rows[limit].name);
    l->most[limit] = n;
    return 0;
}
