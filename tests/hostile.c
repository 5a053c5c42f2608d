/* hostile.c - a client that wants to harm: each row of the table is an attack on a simulator.
 *
 *     hostile SOCKET ATTACK [N]
 *
 * Says "under way" once the attack has begun and goes on with it, or keeps what it has got, until its input ends. Fails if
 * the simulator treats it otherwise than it should. N: how often, or how many, instead of the row's number.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/sockios.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/hostile_nonsense.h"
#include "tests/hostile_tools.h"

#define WAITS    64             /* the limit */

/* ---- death ------------------------------------------------------------------------------------------ */

/* How far a client comes before it dies. */
static void live_until(unsigned step)
{
    const struct proto_req list = { .op = PROTO_IFLIST }, line = { .op = PROTO_DO };
    const char wait[] = "wait 100s expect p1 packets=1000000";
    struct proto_hello half = { .magic = PROTO_MAGIC };
    uint64_t id;
    int ctl = dial();

    if (step == 0)
        _exit(0);
    (void)send(ctl, &half, step == 1 ? 5 : sizeof(half), MSG_NOSIGNAL);
    if (step <= 2)
        _exit(0);
    (void)ask(ctl, &list, "", 0, 0);            /* reads neither the welcome nor the list */
    if (step == 3)
        _exit(0);
    ctl = open_ctl();
    (void)ask(ctl, &line, wait, sizeof(wait) - 1, 0);
    if (step == 4)
        _exit(0);
    ctl = open_ctl();
    CHECK(open_sock(&id) >= 0);
    (void)send_nlctrl(ctl, id, NLM_F_DUMP, 0);
    if (step == 5)
        _exit(0);
    (void)open_kind(PROTO_HOLD, PROTO_NS_NEW, 0, NULL);
    (void)ask(ctl, &(struct proto_req){ .op = PROTO_PULL, .sock = id }, "", 0, 0);
    _exit(0);
}

static void deaths(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();
        int status;

        if (!pid)
            live_until(i % 7);
        CHECK(waitpid(pid, &status, 0) == pid && !status);
    }
    stay();
}

static void half_closes(unsigned n)
{
    const struct proto_req list = { .op = PROTO_IFLIST };

    for (unsigned i = 0; i < n; i++) {
        int how[] = { SHUT_RD, SHUT_WR, SHUT_RDWR }, ctl = open_ctl(), data;
        uint64_t id;

        CHECK((data = open_sock(&id)) >= 0);
        CHECK(!shutdown(data, how[i % 3]));
        (void)send_nlctrl(ctl, id, NLM_F_DUMP, 0);
        for (int j = 0; j < 100; j++)
            (void)send_nlctrl(ctl, id, 0, 4000);
        (void)ask(ctl, &list, "", 0, 0);
        CHECK(!shutdown(ctl, how[i % 3]));
        (void)ask(ctl, &list, "", 0, 0);
    }
    stay();
}

/* ---- too much --------------------------------------------------------------------------------------- */

static void have_descriptors(void)
{
    struct rlimit all;

    CHECK(!getrlimit(RLIMIT_NOFILE, &all));
    all.rlim_cur = all.rlim_max;
    CHECK(!setrlimit(RLIMIT_NOFILE, &all));
}

/* Tells how many it got, and why no more. */
static void told(unsigned got, int rc)
{
    printf("%u, then %s\n", got, rc ? strerrorname_np(-rc) : "enough");
}

static void sockets(unsigned n)
{
    unsigned i = 0;
    int rc = 0;

    have_descriptors();
    while (i < n && (rc = open_sock(NULL)) >= 0)
        i++;
    told(i, MIN(rc, 0));
    stay();
}

static void connections(unsigned n)
{
    unsigned i = 0;
    int rc = 0;

    have_descriptors();
    while (i < n && (rc = open_kind(PROTO_CTL, 0, 0, NULL)) >= 0)
        i++;
    told(i, MIN(rc, 0));
    stay();
}

/* Without a hello: those that are too many are hung up on. */
static void silent_connections(unsigned n)
{
    unsigned n_ended = 0;
    struct pollfd *fds = calloc(n, sizeof(*fds));

    have_descriptors();
    CHECK(fds);
    for (unsigned i = 0; i < n; i++)
        CHECK((fds[i] = (struct pollfd){ .fd = dial(), .events = POLLIN }).fd >= 0);
    CHECK(open_kind(PROTO_CTL, 0, 0, NULL) < 0);        /* when it is refused, so are those before it */
    CHECK(poll(fds, n, 0) >= 0);
    for (unsigned i = 0; i < n; i++)
        n_ended += !!fds[i].revents;
    told(n - n_ended, -EMFILE);
    free(fds);
    stay();
}

static void namespaces(unsigned n)
{
    unsigned i = 0;
    int rc = 0;

    while (i < n && (rc = open_kind(PROTO_HOLD, PROTO_NS_NEW, 0, NULL)) >= 0)
        i++;
    told(i, MIN(rc, 0));
    stay();
}

static void dumps(unsigned n)
{
    int ctl = open_ctl(), data, rc = 0;
    unsigned i = 0;
    uint64_t id;

    have_descriptors();
    while (i < n && !rc) {
        CHECK((data = open_sock(&id)) >= 0);
        CHECK(!send_nlctrl(ctl, id, NLM_F_DUMP, 0));
        rc = first_error(data);
        i += !rc;
    }
    told(i, rc);
    stay();
}

static void waits(unsigned n)
{
    const char text[] = "wait 1000s expect p1 packets=1000000";
    struct pollfd *fds = calloc(n, sizeof(*fds));
    unsigned n_waiting = n;

    CHECK(fds);
    for (unsigned i = 0; i < n; i++) {
        fds[i] = (struct pollfd){ .fd = open_ctl(), .events = POLLIN };
        CHECK(ask(fds[i].fd, &(struct proto_req){ .op = PROTO_DO }, text, sizeof(text) - 1, 0));
    }
    while (n_waiting > WAITS) {
        CHECK(poll(fds, n, -1) > 0);
        for (unsigned i = 0; i < n; i++) {
            if (!fds[i].revents)
                continue;
            CHECK(answer(fds[i].fd).status == -EAGAIN);
            fds[i].fd = -1;
            n_waiting--;
        }
    }
    told(n_waiting, -EAGAIN);
    free(fds);
    stay();
}

/* A receive buffer as large as can be asked for, and answers that fill it. */
static void giant_buffers(unsigned n)
{
    const struct proto_req force = { .op = PROTO_SETOPT, .arg = { SOL_SOCKET, SO_RCVBUFFORCE, INT32_MAX } };
    int ctl = open_ctl();
    struct proto_req req = force;
    uint64_t id;

    CHECK(open_sock(&id) >= 0);
    req.sock = id;
    CHECK(!call(ctl, &req, "", 0));
    for (unsigned i = 0; i < n; i++)
        CHECK(!send_nlctrl(ctl, id, 0, 50000));
    req = (struct proto_req){ .op = PROTO_ERROR, .sock = id };
    CHECK(ask(ctl, &req, "", 0, 0));
    told(0, -(int)answer(ctl).value);
    stay();
}

/* ---- silence ---------------------------------------------------------------------------------------- */

/* Asks as long as it is listened to, and never reads. */
static void never_reads(unsigned n)
{
    const struct proto_req list = { .op = PROTO_IFLIST };

    for (unsigned i = 0; i < n; i++) {
        int ctl = open_ctl();

        while (ask(ctl, &list, "", 0, MSG_DONTWAIT))
            ;
        CHECK(errno == EAGAIN);
    }
    stay();
}

/* Members of all groups, whose queues others fill. */
static void never_listens(unsigned n)
{
    int ctl = open_ctl();

    have_descriptors();
    for (unsigned i = 0; i < n; i++) {
        struct proto_req join = { .op = PROTO_SETOPT, .arg = { SOL_NETLINK, NETLINK_ADD_MEMBERSHIP } };
        int protocol = i % 2 ? NETLINK_GENERIC : NETLINK_ROUTE;
        int data = open_kind(PROTO_DATA, 0, protocol, &join.sock);

        CHECK(data >= 0);
        for (join.arg[2] = 1; join.arg[2] < 40; join.arg[2]++)
            (void)call(ctl, &join, "", 0);
        for (int j = 0; i < 20 && j < 600; j++)
            (void)send_nlctrl(ctl, join.sock, 0, 0);
    }
    stay();
}

/* ---- floods ----------------------------------------------------------------------------------------- */

/* On 'n' connections, each always full of requests. */
static void flood(unsigned n, const struct proto_req *req, const void *payload, size_t len)
{
    struct pollfd *fds = calloc(n + 1, sizeof(*fds));
    uint8_t reply[65536];

    CHECK(fds);
    fds[n] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
    for (unsigned i = 0; i < n; i++)
        fds[i] = (struct pollfd){ .fd = open_ctl(), .events = POLLIN | POLLOUT };
    begun();
    while (!is_over()) {
        CHECK(poll(fds, n + 1, -1) > 0);
        for (unsigned i = 0; i < n; i++) {
            while (fds[i].revents & POLLOUT && ask(fds[i].fd, req, payload, len, MSG_DONTWAIT))
                ;
            while (fds[i].revents & POLLIN && recv(fds[i].fd, reply, sizeof(reply), MSG_DONTWAIT) > 0)
                ;
        }
    }
    free(fds);
}

static void flood_requests(unsigned n)
{
    flood(n, &(struct proto_req){ .op = PROTO_IFLIST }, "", 0);
}

static void flood_ioctls(unsigned n)
{
    const struct proto_if io = { .name = "lo" };

    flood(n, &(struct proto_req){ .op = PROTO_IOCTL, .arg = { SIOCGIFHWADDR } }, &io, sizeof(io));
}

/* Thousands of messages in each datagram, all answered with an error that is not read. */
static void flood_netlink(unsigned n)
{
    struct nlmsghdr msgs[3000];
    uint64_t id;

    for (size_t i = 0; i < sizeof(msgs) / sizeof(*msgs); i++)
        msgs[i] = (struct nlmsghdr){ .nlmsg_len = sizeof(*msgs), .nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = NLM_F_REQUEST };
    CHECK(open_sock(&id) >= 0);
    flood(n, &(struct proto_req){ .op = PROTO_SEND, .sock = id }, msgs, sizeof(msgs));
}

/* ---- virtual time ----------------------------------------------------------------------------------- */

/* Says that it lives in virtual time, and has hung up before it gets its turn, or hangs up when it has it; and lives on. */
static void joins_and_leaves(unsigned n)
{
    struct proto_hello h = { .magic = PROTO_MAGIC, .kind = PROTO_TIME, .pid = (uint32_t)getpid() };
    struct proto_welcome w;

    for (unsigned i = 0; i < n; i++) {
        int fd = dial();

        h.type = (int32_t)(i % 4) - 1;          /* as a new one, or one of those that there are */
        CHECK(send(fd, &h, sizeof(h), MSG_NOSIGNAL) == (ssize_t)sizeof(h));
        if (i % 2)
            (void)recv(fd, &w, sizeof(w), 0);
        close(fd);
    }
    stay();
}

/* ---- figures ---------------------------------------------------------------------------------------- */

/* No attack: what a request takes, in microseconds. */
static void measure(unsigned n)
{
    const struct proto_req req = { .op = PROTO_IOCTL, .arg = { SIOCGIFFLAGS } };
    const struct proto_if io = { .name = "lo" };
    struct timespec from, to;
    int ctl = open_ctl();

    CHECK(!clock_gettime(CLOCK_MONOTONIC, &from));
    for (unsigned i = 0; i < n; i++)
        CHECK(!call(ctl, &req, &io, sizeof(io)));
    CHECK(!clock_gettime(CLOCK_MONOTONIC, &to));
    printf("%.1f us\n", ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1e3 / n);
}

/* clang-format off */
static const struct {
    const char *name;
    void (*run)(unsigned n);
    unsigned n;
} attacks[] = {
    { "garbage-hello",      garbage_hello,      500 },
    { "garbage-requests",   garbage_requests,   5000 },
    { "garbage-netlink",    garbage_netlink,    5000 },
    { "cut-messages",       cut_messages,       1 },
    { "descriptors",        descriptors,        100 },
    { "write-page",         write_page,         1 },
    { "deaths",             deaths,             70 },
    { "half-closes",        half_closes,        30 },
    { "sockets",            sockets,            10000 },
    { "connections",        connections,        10000 },
    { "silent-connections", silent_connections, 10000 },
    { "namespaces",         namespaces,         10000 },
    { "dumps",              dumps,              3000 },
    { "waits",              waits,              1000 },
    { "giant-buffers",      giant_buffers,      5000 },
    { "never-reads",        never_reads,        20 },
    { "never-listens",      never_listens,      500 },
    { "flood-requests",     flood_requests,     8 },
    { "flood-ioctls",       flood_ioctls,       8 },
    { "flood-netlink",      flood_netlink,      4 },
    { "joins-and-leaves",   joins_and_leaves,   10 },
    { "measure",            measure,            20000 },
};
/* clang-format on */

int main(int argc, char **argv)
{
    CHECK(argc >= 3 && strlen(argv[1]) < sizeof(at.sun_path));
    memcpy(at.sun_path, argv[1], strlen(argv[1]) + 1);
    for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
        if (strcmp(attacks[i].name, argv[2]))
            continue;
        attacks[i].run(argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : attacks[i].n);
        return 0;
    }
    fprintf(stderr, "hostile: no attack is called %s\n", argv[2]);
    return 2;
}
