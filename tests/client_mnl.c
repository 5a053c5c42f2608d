/* client_mnl.c - an ordinary libmnl program that uses the Open vSwitch families; it knows nothing
 * of dpsim and does the same on a kernel with openvswitch.ko.
 *
 * Prints one line for each step; exit status 0 if all of them held. With an argument it stops when ports and upcall
 * sockets are there, and stays until it is killed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/openvswitch.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_check.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ATTR_MAX 32
#define ROOM 65536

enum { DATAPATH, VPORT, FLOW, PACKET, N_FAMILIES };
static const char *const names[N_FAMILIES] = {
    OVS_DATAPATH_FAMILY, OVS_VPORT_FAMILY, OVS_FLOW_FAMILY, OVS_PACKET_FAMILY,
};

static const uint8_t frame[] = {
    2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0,
    10, 0, 0, 1, 10, 0, 0, 2, 0x03, 0xe8, 0x07, 0xd0, 0, 8, 0, 0,
};
static const uint8_t ufid[16] = "client_mnl ufid";

/* Sockets, numbers of the families, and the message last built or read. */
struct client {
    struct mnl_socket *requests, *events, *upcalls;
    uint16_t id[N_FAMILIES];
    uint32_t vport_group;
    int dp_ifindex, answer_dp;
    uint32_t seq;
    const struct nlattr *attr[ATTR_MAX + 1];    /* of the last answer */
    uint8_t answer_cmd;
    unsigned n_answers;
    _Alignas(8) char out[ROOM], in[ROOM], answer[ROOM];
};

/* ---- messages -------------------------------------------------------------------------------- */

static int read_attr(const struct nlattr *a, void *user)
{
    const struct nlattr **table = user;

    if (mnl_attr_get_type(a) <= ATTR_MAX)
        table[mnl_attr_get_type(a)] = a;
    return MNL_CB_OK;
}

static int read_answer(const struct nlmsghdr *msg, void *user)
{
    struct client *c = user;
    bool is_ctrl = msg->nlmsg_type == GENL_ID_CTRL;
    const struct genlmsghdr *genl;

    memcpy(c->answer, msg, msg->nlmsg_len);         /* the ACK behind it takes its place */
    msg = (const void *)c->answer;
    genl = mnl_nlmsg_get_payload(msg);
    memset(c->attr, 0, sizeof(c->attr));
    c->answer_cmd = genl->cmd;
    c->n_answers++;
    if (!is_ctrl)
        memcpy(&c->answer_dp, genl + 1, sizeof(c->answer_dp));
    (void)mnl_attr_parse(msg, sizeof(*genl) + (is_ctrl ? 0 : sizeof(struct ovs_header)), read_attr,
                         c->attr);
    return MNL_CB_OK;
}

static struct nlmsghdr *begin(struct client *c, int family, uint8_t cmd, unsigned flags)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(c->out);
    struct genlmsghdr *genl;
    struct ovs_header *ovs;

    msg->nlmsg_type = c->id[family];
    msg->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    msg->nlmsg_seq = ++c->seq;
    genl = mnl_nlmsg_put_extra_header(msg, sizeof(*genl));
    genl->cmd = cmd;
    genl->version = family == DATAPATH ? OVS_DATAPATH_VERSION : 1;
    ovs = mnl_nlmsg_put_extra_header(msg, sizeof(*ovs));
    ovs->dp_ifindex = c->dp_ifindex;
    return msg;
}

/* Sends and reads everything up to the ACK or the end of the dump. 0 or an errno. */
static int call(struct client *c, const struct nlmsghdr *msg)
{
    int r = MNL_CB_OK;

    c->n_answers = 0;
    CHECK(mnl_socket_sendto(c->requests, msg, msg->nlmsg_len) == (ssize_t)msg->nlmsg_len);
    while (r == MNL_CB_OK) {
        ssize_t n = mnl_socket_recvfrom(c->requests, c->in, sizeof(c->in));

        CHECK(n > 0);
        r = mnl_cb_run(c->in, (size_t)n, c->seq, mnl_socket_get_portid(c->requests), read_answer,
                       c);
    }
    return r == MNL_CB_ERROR ? errno : 0;
}

/* A message of our datapath that must be there already; others' may be before it. */
static void read_event(struct client *c, struct mnl_socket *from)
{
    do {
        ssize_t n = recv(mnl_socket_get_fd(from), c->in, sizeof(c->in), MSG_DONTWAIT);

        CHECK(n > 0);
        CHECK(mnl_cb_run(c->in, (size_t)n, 0, 0, read_answer, c) == MNL_CB_OK);
    } while (c->answer_dp != c->dp_ifindex);
}

/* ---- flows ----------------------------------------------------------------------------------- */

/* recirc_id(N),in_port(1),eth(),eth_type(0x0800),ipv4(...): the UDP packet above. */
static void put_key(struct nlmsghdr *msg, uint32_t recirc_id)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, OVS_FLOW_ATTR_KEY);
    struct ovs_key_ipv4 ip = {.ipv4_proto = 17, .ipv4_ttl = 64};

    memcpy(&ip.ipv4_src, frame + 26, 4);
    memcpy(&ip.ipv4_dst, frame + 30, 4);
    mnl_attr_put_u32(msg, OVS_KEY_ATTR_RECIRC_ID, recirc_id);
    mnl_attr_put_u32(msg, OVS_KEY_ATTR_IN_PORT, 1);
    mnl_attr_put(msg, OVS_KEY_ATTR_ETHERNET, 12, "\2\0\0\0\0\1\2\0\0\0\0\2");
    mnl_attr_put(msg, OVS_KEY_ATTR_ETHERTYPE, 2, frame + 12);
    mnl_attr_put(msg, OVS_KEY_ATTR_IPV4, sizeof(ip), &ip);
    mnl_attr_put(msg, OVS_KEY_ATTR_UDP, 4, frame + 34);
    mnl_attr_nest_end(msg, nest);
}

static void put_mask(struct nlmsghdr *msg)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, OVS_FLOW_ATTR_MASK);

    mnl_attr_put_u32(msg, OVS_KEY_ATTR_RECIRC_ID, UINT32_MAX);
    mnl_attr_put_u32(msg, OVS_KEY_ATTR_IN_PORT, UINT32_MAX);
    mnl_attr_put_u16(msg, OVS_KEY_ATTR_ETHERTYPE, UINT16_MAX);
    mnl_attr_nest_end(msg, nest);
}

static void put_action(struct nlmsghdr *msg, uint16_t nest_type, uint16_t type, uint32_t arg)
{
    struct nlattr *nest = mnl_attr_nest_start(msg, nest_type);

    mnl_attr_put_u32(msg, type, arg);
    mnl_attr_nest_end(msg, nest);
}

static struct nlmsghdr *begin_flow(struct client *c, uint8_t cmd, unsigned flags,
                                   uint32_t recirc_id)
{
    struct nlmsghdr *msg = begin(c, FLOW, cmd, flags | NLM_F_ACK);

    put_key(msg, recirc_id);
    return msg;
}

/* The flow's packets; its only action must be output to 'port'. */
static uint64_t flow_packets(const struct client *c, uint32_t port)
{
    const struct nlattr *acts = c->attr[OVS_FLOW_ATTR_ACTIONS], *a;
    struct ovs_flow_stats stats = {0};

    CHECK(acts && c->attr[OVS_FLOW_ATTR_KEY] && c->attr[OVS_FLOW_ATTR_MASK]);
    a = mnl_attr_get_payload(acts);
    CHECK(mnl_attr_get_type(a) == OVS_ACTION_ATTR_OUTPUT && mnl_attr_get_u32(a) == port);
    if (c->attr[OVS_FLOW_ATTR_STATS])
        memcpy(&stats, mnl_attr_get_payload(c->attr[OVS_FLOW_ATTR_STATS]), sizeof(stats));
    return stats.n_packets;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void open_sockets(struct client *c)
{
    struct mnl_socket **all[] = {&c->requests, &c->events, &c->upcalls};

    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        *all[i] = mnl_socket_open(NETLINK_GENERIC);
        CHECK(*all[i]);
        CHECK(!mnl_socket_bind(*all[i], 0, MNL_SOCKET_AUTOPID));
    }
}

static int read_group_attr(const struct nlattr *a, void *user)
{
    if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GRP_ID)
        ((struct client *)user)->vport_group = mnl_attr_get_u32(a);
    return MNL_CB_OK;
}

static int read_group(const struct nlattr *group, void *user)
{
    return mnl_attr_parse_nested(group, read_group_attr, user);
}

static void resolve_families(struct client *c)
{
    for (int i = 0; i < N_FAMILIES; i++) {
        struct nlmsghdr *msg = mnl_nlmsg_put_header(c->out);
        struct genlmsghdr *genl;

        msg->nlmsg_type = GENL_ID_CTRL;
        msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        msg->nlmsg_seq = ++c->seq;
        genl = mnl_nlmsg_put_extra_header(msg, sizeof(*genl));
        genl->cmd = CTRL_CMD_GETFAMILY;
        genl->version = 1;
        mnl_attr_put_strz(msg, CTRL_ATTR_FAMILY_NAME, names[i]);
        CHECK(!call(c, msg) && c->attr[CTRL_ATTR_FAMILY_ID]);
        c->id[i] = mnl_attr_get_u16(c->attr[CTRL_ATTR_FAMILY_ID]);
        CHECK(mnl_attr_get_u32(c->attr[CTRL_ATTR_HDRSIZE]) == sizeof(struct ovs_header));
        if (i == VPORT)
            (void)mnl_attr_parse_nested(c->attr[CTRL_ATTR_MCAST_GROUPS], read_group, c);
    }
    CHECK(c->vport_group);
    CHECK(!mnl_socket_setsockopt(c->events, NETLINK_ADD_MEMBERSHIP, &c->vport_group,
                                 sizeof(c->vport_group)));
}

static void make_datapath(struct client *c)
{
    struct nlmsghdr *msg = begin(c, DATAPATH, OVS_DP_CMD_NEW, NLM_F_ECHO | NLM_F_ACK);

    mnl_attr_put_strz(msg, OVS_DP_ATTR_NAME, "mnl0");
    mnl_attr_put_u32(msg, OVS_DP_ATTR_UPCALL_PID, 0);
    CHECK(!call(c, msg));
    CHECK(c->answer_cmd == OVS_DP_CMD_NEW && c->answer_dp > 0);
    c->dp_ifindex = c->answer_dp;
    CHECK(!strcmp(mnl_attr_get_str(c->attr[OVS_DP_ATTR_NAME]), "mnl0"));
    CHECK(call(c, msg) == EEXIST);
}

static void make_port(struct client *c, const char *name, uint32_t port_no)
{
    struct nlmsghdr *msg = begin(c, VPORT, OVS_VPORT_CMD_NEW, NLM_F_ECHO | NLM_F_ACK);

    mnl_attr_put_strz(msg, OVS_VPORT_ATTR_NAME, name);
    mnl_attr_put_u32(msg, OVS_VPORT_ATTR_TYPE, OVS_VPORT_TYPE_INTERNAL);
    mnl_attr_put_u32(msg, OVS_VPORT_ATTR_UPCALL_PID, mnl_socket_get_portid(c->upcalls));
    CHECK(!call(c, msg));
    CHECK(mnl_attr_get_u32(c->attr[OVS_VPORT_ATTR_PORT_NO]) == port_no);
    read_event(c, c->events);
    CHECK(c->answer_cmd == OVS_VPORT_CMD_NEW);
    CHECK(!strcmp(mnl_attr_get_str(c->attr[OVS_VPORT_ATTR_NAME]), name));
}

static void make_ports(struct client *c)
{
    make_port(c, "mnl1", 1);
    make_port(c, "mnl2", 2);
}

static void put_flows(struct client *c)
{
    struct nlmsghdr *msg = begin_flow(c, OVS_FLOW_CMD_NEW, NLM_F_CREATE, 1);

    put_mask(msg);
    put_action(msg, OVS_FLOW_ATTR_ACTIONS, OVS_ACTION_ATTR_OUTPUT, 2);
    CHECK(!call(c, msg) && !c->n_answers);
    CHECK(call(c, msg) == EEXIST);
    msg = begin_flow(c, OVS_FLOW_CMD_NEW, NLM_F_CREATE, 2);
    put_mask(msg);
    mnl_attr_put(msg, OVS_FLOW_ATTR_UFID, sizeof(ufid), ufid);
    put_action(msg, OVS_FLOW_ATTR_ACTIONS, OVS_ACTION_ATTR_OUTPUT, 1);
    CHECK(!call(c, msg));
}

static int get_by_ufid(struct client *c, uint8_t cmd)
{
    struct nlmsghdr *msg = begin(c, FLOW, cmd, NLM_F_ACK);

    mnl_attr_put(msg, OVS_FLOW_ATTR_UFID, sizeof(ufid), ufid);
    return call(c, msg);
}

static void get_flows(struct client *c)
{
    CHECK(!call(c, begin_flow(c, OVS_FLOW_CMD_GET, 0, 1)) && flow_packets(c, 2) == 0);
    CHECK(!get_by_ufid(c, OVS_FLOW_CMD_GET) && flow_packets(c, 1) == 0);
    CHECK(!memcmp(mnl_attr_get_payload(c->attr[OVS_FLOW_ATTR_UFID]), ufid, sizeof(ufid)));
    CHECK(call(c, begin_flow(c, OVS_FLOW_CMD_GET, 0, 2)) == ENOENT);    /* it has a UFID */
    CHECK(call(c, begin_flow(c, OVS_FLOW_CMD_GET, 0, 3)) == ENOENT);
}

static unsigned n_flows(struct client *c)
{
    CHECK(!call(c, begin(c, FLOW, OVS_FLOW_CMD_GET, NLM_F_DUMP)));
    return c->n_answers;
}

static void dump_flows(struct client *c)
{
    CHECK(n_flows(c) == 2);
}

/* The packet is looked up with this recirc_id, in the sender's own call. */
static void send_packet(struct client *c, uint32_t recirc_id)
{
    struct nlmsghdr *msg = begin(c, PACKET, OVS_PACKET_CMD_EXECUTE, NLM_F_ACK);
    struct nlattr *key;

    mnl_attr_put(msg, OVS_PACKET_ATTR_PACKET, sizeof(frame), frame);
    key = mnl_attr_nest_start(msg, OVS_PACKET_ATTR_KEY);
    mnl_attr_put_u32(msg, OVS_KEY_ATTR_IN_PORT, 1);
    mnl_attr_nest_end(msg, key);
    put_action(msg, OVS_PACKET_ATTR_ACTIONS, OVS_ACTION_ATTR_RECIRC, recirc_id);
    CHECK(!call(c, msg));
}

static void receive_miss(struct client *c)
{
    const struct nlattr *packet;

    send_packet(c, 7);
    read_event(c, c->upcalls);
    CHECK(c->answer_cmd == OVS_PACKET_CMD_MISS);
    packet = c->attr[OVS_PACKET_ATTR_PACKET];
    CHECK(packet && mnl_attr_get_payload_len(packet) == sizeof(frame));
    CHECK(!memcmp(mnl_attr_get_payload(packet), frame, sizeof(frame)));
    CHECK(c->attr[OVS_PACKET_ATTR_KEY] && c->attr[OVS_PACKET_ATTR_HASH]);
}

static void check_statistics(struct client *c)
{
    struct ovs_dp_stats stats;

    send_packet(c, 1);
    send_packet(c, 1);
    send_packet(c, 2);
    CHECK(recv(mnl_socket_get_fd(c->upcalls), c->in, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK(!call(c, begin_flow(c, OVS_FLOW_CMD_GET, 0, 1)) && flow_packets(c, 2) == 2);
    CHECK(!get_by_ufid(c, OVS_FLOW_CMD_GET) && flow_packets(c, 1) == 1);
    CHECK(!call(c, begin(c, DATAPATH, OVS_DP_CMD_GET, NLM_F_ACK)));
    memcpy(&stats, mnl_attr_get_payload(c->attr[OVS_DP_ATTR_STATS]), sizeof(stats));
    CHECK(stats.n_hit == 3 && stats.n_missed == 1 && stats.n_lost == 0 && stats.n_flows == 2);
}

static void change_flow(struct client *c)
{
    struct nlmsghdr *msg = begin_flow(c, OVS_FLOW_CMD_SET, 0, 1);

    put_mask(msg);
    put_action(msg, OVS_FLOW_ATTR_ACTIONS, OVS_ACTION_ATTR_OUTPUT, 0);
    mnl_attr_put(msg, OVS_FLOW_ATTR_CLEAR, 0, NULL);
    CHECK(!call(c, msg));
    CHECK(!call(c, begin_flow(c, OVS_FLOW_CMD_GET, 0, 1)) && flow_packets(c, 0) == 0);
}

static void delete_flows(struct client *c)
{
    CHECK(!get_by_ufid(c, OVS_FLOW_CMD_DEL));
    CHECK(get_by_ufid(c, OVS_FLOW_CMD_DEL) == ENOENT);
    CHECK(!call(c, begin_flow(c, OVS_FLOW_CMD_DEL, 0, 1)));
    CHECK(call(c, begin_flow(c, OVS_FLOW_CMD_DEL, 0, 1)) == ENOENT);
    CHECK(n_flows(c) == 0);
    CHECK(!call(c, begin(c, FLOW, OVS_FLOW_CMD_DEL, NLM_F_ACK)));
}

static void delete_all(struct client *c)
{
    struct nlmsghdr *msg = begin(c, VPORT, OVS_VPORT_CMD_DEL, NLM_F_ACK);

    mnl_attr_put_u32(msg, OVS_VPORT_ATTR_PORT_NO, 2);
    CHECK(!call(c, msg));
    read_event(c, c->events);
    CHECK(c->answer_cmd == OVS_VPORT_CMD_DEL);
    CHECK(call(c, msg) == ENODEV);
    CHECK(!call(c, begin(c, DATAPATH, OVS_DP_CMD_DEL, NLM_F_ACK)));
    CHECK(call(c, begin(c, DATAPATH, OVS_DP_CMD_GET, NLM_F_ACK)) == ENODEV);
}

static const struct step {
    const char *name;
    void (*run)(struct client *c);
} steps[] = {
    {"sockets are open", open_sockets},
    {"families are resolved", resolve_families},
    {"a datapath is there", make_datapath},
    {"ports are there, and told to the group", make_ports},
    {"flows are put", put_flows},
    {"flows are got by key and by UFID", get_flows},
    {"flows are dumped", dump_flows},
    {"a miss comes up", receive_miss},
    {"statistics are right", check_statistics},
    {"a flow is changed and cleared", change_flow},
    {"flows are deleted", delete_flows},
    {"ports and datapath are deleted", delete_all},
};

#define N_STEPS_TO_LISTEN 4

int main(int argc, char **argv)
{
    static struct client c;
    size_t n = argc > 1 ? N_STEPS_TO_LISTEN : ARRAY_SIZE(steps);

    (void)argv;
    for (size_t i = 0; i < n; i++) {
        steps[i].run(&c);
        printf("ok %zu %s\n", i + 1, steps[i].name);
        (void)fflush(stdout);
    }
    if (argc > 1) {
        fprintf(stderr, "listening as %d\n", (int)getpid());
        (void)pause();
    }
    (void)mnl_socket_close(c.requests);
    (void)mnl_socket_close(c.events);
    (void)mnl_socket_close(c.upcalls);
    return 0;
}
