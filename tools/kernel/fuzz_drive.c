/* fuzz_drive.c - runs fuzz programs as an ordinary netlink client: on dpsim and on a real kernel. docs/kernel-run.md
 *
 * How it works: input is lines "program NAME HEX", the bytes as fuzz/program.h says. Each program gets a network namespace of its
 * own with the world of that file. The kernel answers, notifies and hands up packets before a send returns, so that what is
 * there after a step belongs to that step, and nothing is waited for. Output for each program: "program NAME", "numbers" (ids of
 * the families, ifindexes, port ids), lines "STEP WHO HEX" for datagrams and "STEP WHO !ERRNO" for calls that fail, "end".
 * With -k the names go to the kernel's log, too, and what is said goes to the disk after each program: when the machine is lost,
 * the log and the last "end" tell where. The kernel's own threads go first then.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/openvswitch.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fuzz/program.h"
#include "netlink/attr.h"

#define RECEIVE_ROOM (1 << 22)  /* of a listener that is told everything and reads after each step */
#define DATAGRAM_ROOM (1 << 17)

struct family_ids {
    uint16_t id;
    uint32_t group;             /* 0: has none */
};

struct world {
    struct program_numbers numbers;
    int sock[N_PROGRAM_SOCKS];
    int packet;                 /* AF_PACKET: frames go in here */
};

static const int protocols[N_PROGRAM_SOCKS] = {
    [PROGRAM_CLIENT] = NETLINK_GENERIC,
    [PROGRAM_LISTENER] = NETLINK_GENERIC,
    [PROGRAM_ROUTE] = NETLINK_ROUTE,
    [PROGRAM_NETFILTER] = NETLINK_NETFILTER,
};
static struct family_ids families[N_PROGRAM_FAMILIES];      /* the same in every namespace */
static int kernel_log = -1;                                 /* -k */
static uint8_t datagram[DATAGRAM_ROOM] __attribute__((aligned(8)));

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("fuzz-drive: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, ": %s\n", strerror(errno));
    exit(2);
}

/* ---- requests of our own --------------------------------------------------------------------------------- */

static struct nlmsghdr *request_begin(uint16_t type, uint8_t cmd, uint8_t version, const uint32_t *ifindex)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(datagram);
    struct genlmsghdr *g = mnl_nlmsg_put_extra_header(msg, sizeof(*g));

    msg->nlmsg_type = type;
    msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ECHO;
    g->cmd = cmd;
    g->version = version;
    if (ifindex)
        memcpy(mnl_nlmsg_put_extra_header(msg, sizeof(*ifindex)), ifindex, sizeof(*ifindex));
    return msg;
}

/* Sends what is in 'datagram'; the answer is there then. An error ends the program. */
static const struct nlmsghdr *ask(int sock, const struct nlmsghdr *msg, const char *what)
{
    ssize_t len;

    if (send(sock, msg, msg->nlmsg_len, 0) < 0 || (len = recv(sock, datagram, sizeof(datagram), 0)) < 0)
        die("%s", what);
    msg = (const void *)datagram;
    if (!mnl_nlmsg_ok(msg, (int)len))
        die("%s: no whole message", what);
    if (msg->nlmsg_type == NLMSG_ERROR) {
        errno = -((const struct nlmsgerr *)mnl_nlmsg_get_payload(msg))->error;
        die("%s", what);
    }
    return msg;
}

static void learn_groups(const struct nlattr *groups, struct family_ids *f)
{
    const struct nlattr *group, *a;
    int left, left_in_group;

    attr_for_each_nested(group, groups, left)
        attr_for_each_nested(a, group, left_in_group)
            if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GRP_ID)
                f->group = mnl_attr_get_u32(a);
}

static void learn_family(int sock, const char *name, struct family_ids *f)
{
    struct nlmsghdr *msg = request_begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NULL);
    const struct nlmsghdr *answer;
    const struct nlattr *a;
    int left;

    mnl_attr_put_strz(msg, CTRL_ATTR_FAMILY_NAME, name);
    answer = ask(sock, msg, name);
    attr_for_each(a, mnl_nlmsg_get_payload_offset(answer, sizeof(struct genlmsghdr)),
                  mnl_nlmsg_get_payload_len(answer) - sizeof(struct genlmsghdr), left) {
        if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID)
            f->id = mnl_attr_get_u16(a);
        else if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GROUPS)
            learn_groups(a, f);
    }
}

/* ---- the world --------------------------------------------------------------------------------------------- */

static int socket_open(int protocol, uint32_t *portid)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    socklen_t len = sizeof(address);
    int room = RECEIVE_ROOM, yes = 1, sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

    if (sock < 0 || bind(sock, (void *)&address, len) < 0 || getsockname(sock, (void *)&address, &len) < 0)
        die("netlink socket of protocol %d", protocol);
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
        die("SO_RCVBUFFORCE");
    if (setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof(yes)) < 0)
        die("NETLINK_EXT_ACK");
    *portid = address.nl_pid;
    return sock;
}

static void device_up(const struct world *w, const char *name, uint32_t *ifindex)
{
    struct ifreq r = {0};

    memcpy(r.ifr_name, name, strlen(name));
    if (ioctl(w->packet, SIOCGIFINDEX, &r) < 0)
        die("%s: SIOCGIFINDEX", name);
    *ifindex = (uint32_t)r.ifr_ifindex;
    r.ifr_flags = IFF_UP;
    if (ioctl(w->packet, SIOCSIFFLAGS, &r) < 0)
        die("%s: SIOCSIFFLAGS", name);
}

static void datapath_new(struct world *w)
{
    int sock = w->sock[PROGRAM_CLIENT];
    uint32_t no_ifindex = 0, listener = w->numbers.portid[PROGRAM_LISTENER];
    struct nlmsghdr *msg = request_begin(families[PROGRAM_DATAPATH].id, OVS_DP_CMD_NEW, OVS_DATAPATH_VERSION, &no_ifindex);

    mnl_attr_put_strz(msg, OVS_DP_ATTR_NAME, "d0");
    mnl_attr_put_u32(msg, OVS_DP_ATTR_UPCALL_PID, listener);
    mnl_attr_put_u32(msg, OVS_DP_ATTR_USER_FEATURES, OVS_DP_F_UNALIGNED);
    ask(sock, msg, "OVS_DP_CMD_NEW");
    device_up(w, "d0", &w->numbers.ifindex[0]);
    for (uint32_t port = 1; port <= PROGRAM_PORTS; port++) {
        char name[] = {'p', (char)('0' + port), 0};

        msg = request_begin(families[PROGRAM_VPORT].id, OVS_VPORT_CMD_NEW, OVS_VPORT_VERSION, &w->numbers.ifindex[0]);
        mnl_attr_put_strz(msg, OVS_VPORT_ATTR_NAME, name);
        mnl_attr_put_u32(msg, OVS_VPORT_ATTR_TYPE, OVS_VPORT_TYPE_INTERNAL);
        mnl_attr_put_u32(msg, OVS_VPORT_ATTR_PORT_NO, port);
        mnl_attr_put_u32(msg, OVS_VPORT_ATTR_UPCALL_PID, listener);
        ask(sock, msg, "OVS_VPORT_CMD_NEW");
        device_up(w, name, &w->numbers.ifindex[port]);
    }
}

static void world_open(struct world *w)
{
    if (unshare(CLONE_NEWNET) < 0)
        die("unshare(CLONE_NEWNET)");
    w->packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (w->packet < 0)
        die("packet socket");
    for (int who = 0; who < N_PROGRAM_SOCKS; who++)
        w->sock[who] = socket_open(protocols[who], &w->numbers.portid[who]);
    for (int i = 0; i < N_PROGRAM_FAMILIES; i++) {
        if (!families[i].id)
            learn_family(w->sock[PROGRAM_CLIENT], program_family_name[i], &families[i]);
        w->numbers.family[i] = families[i].id;
    }
    datapath_new(w);
    for (int i = 0; i < N_PROGRAM_FAMILIES; i++)
        if (families[i].group && setsockopt(w->sock[PROGRAM_LISTENER], SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &families[i].group,
                                            sizeof(families[i].group)) < 0)
            die("group of %s", program_family_name[i]);
}

static void world_close(struct world *w)
{
    for (int who = 0; who < N_PROGRAM_SOCKS; who++)
        close(w->sock[who]);
    close(w->packet);
}

/* ---- steps --------------------------------------------------------------------------------------------------- */

static void print_hex(const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        putchar(digits[bytes[i] >> 4]);
        putchar(digits[bytes[i] & 15]);
    }
    putchar('\n');
}

static void print_numbers(const struct program_numbers *n)
{
    printf("numbers");
    for (int i = 0; i < N_PROGRAM_FAMILIES; i++)
        printf(" %u", n->family[i]);
    for (int i = 0; i <= PROGRAM_PORTS; i++)
        printf(" %u", n->ifindex[i]);
    for (int i = 0; i < N_PROGRAM_SOCKS; i++)
        printf(" %u", n->portid[i]);
    putchar('\n');
}

/* All that is there. An error of recv() is news, too, and there may be more behind it. */
static void drain(const struct world *w, unsigned step, int who)
{
    for (;;) {
        ssize_t len = recv(w->sock[who], datagram, sizeof(datagram), MSG_TRUNC);

        if (len < 0 && errno == EAGAIN)
            return;
        if (len < 0)
            printf("%u %d !%d\n", step, who, errno);
        else if ((size_t)len > sizeof(datagram))
            printf("%u %d !%d\n", step, who, EMSGSIZE);
        else {
            printf("%u %d ", step, who);
            print_hex(datagram, (size_t)len);
        }
    }
}

static void send_messages(const struct world *w, unsigned step, const struct program_step *s)
{
    int who = s->who % N_PROGRAM_SOCKS;
    uint8_t *copy = g_memdup2(s->data, s->len);

    program_resolve(copy, s->len, &w->numbers);
    if (send(w->sock[who], copy ? copy : datagram, s->len, 0) < 0)
        printf("%u %d !%d\n", step, who, errno);
    g_free(copy);
}

static void send_frame(const struct world *w, unsigned step, const struct program_step *s)
{
    uint32_t port = 1 + s->who % PROGRAM_PORTS;
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_ifindex = (int)w->numbers.ifindex[port], .sll_halen = ETH_ALEN,
    };

    if (sendto(w->packet, s->data, s->len, 0, (void *)&to, sizeof(to)) < 0)
        printf("%u %d !%d\n", step, N_PROGRAM_SOCKS + (int)port, errno);
}

static void run_step(const struct world *w, unsigned step, const struct program_step *s)
{
    if (s->kind == PROGRAM_SEND)
        send_messages(w, step, s);
    else if (s->kind == PROGRAM_FRAME)
        send_frame(w, step, s);         /* PROGRAM_TIME: here time goes by itself */
    sched_yield();
    for (int who = 0; who < N_PROGRAM_SOCKS; who++)
        drain(w, step, who);
}

/* What a port's host receives may be its softirq thread's work: that goes first, as all threads of the kernel's. */
static void log_begin(void)
{
    const struct sched_param lowest = {0};

    kernel_log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    if (kernel_log < 0 || sched_setscheduler(0, SCHED_IDLE, &lowest) < 0)
        die("/dev/kmsg, SCHED_IDLE");
}

/* As a warning: quiet consoles show no less. */
static void log_name(const char *name)
{
    g_autofree char *line = g_strdup_printf("<4>program %s\n", name);

    if (kernel_log >= 0 && write(kernel_log, line, strlen(line)) < 0)
        die("/dev/kmsg");
}

static void run_program(const char *name, const uint8_t *bytes, size_t len)
{
    struct world w = {0};
    struct program_step s;

    log_name(name);
    world_open(&w);
    printf("program %s\n", name);
    print_numbers(&w.numbers);
    for (unsigned step = 0; program_next(&bytes, &len, &s); step++)
        run_step(&w, step, &s);
    world_close(&w);
    printf("end\n");
    fflush(stdout);                     /* the next one may end the machine */
    if (kernel_log >= 0)
        fdatasync(STDOUT_FILENO);
}

static size_t scan_hex(uint8_t *bytes, const char *text)
{
    size_t n = 0;
    unsigned byte;

    for (; sscanf(text, "%2x", &byte) == 1 && *text != '\n'; text += 2)
        bytes[n++] = (uint8_t)byte;
    return n;
}

static void run_line(char *line)
{
    char *name, *hex, *rest = line;
    uint8_t *bytes;

    if (strcmp(strsep(&rest, " "), "program") || !rest)
        return;
    name = strsep(&rest, " \n");
    hex = rest ? rest : (char *)"";
    bytes = g_malloc(strlen(hex) + 1);
    run_program(name, bytes, scan_hex(bytes, hex));
    g_free(bytes);
}

int main(int argc, char **argv)
{
    bool logs = argc == 3 && !strcmp(argv[1], "-k");
    FILE *in = argc == 2 + logs ? fopen(argv[1 + logs], "r") : NULL;
    char *line = NULL;
    size_t room = 0;

    if (argc != 2 + logs) {
        fprintf(stderr, "usage: fuzz-drive [-k] FILE\n");
        return 2;
    }
    if (!in)
        die("%s", argv[1 + logs]);
    if (logs)
        log_begin();
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    while (getline(&line, &room, in) > 0)
        run_line(line);
    free(line);
    fclose(in);
    return 0;
}
