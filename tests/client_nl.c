/* client_nl.c - an ordinary libnl-3 program that uses the Open vSwitch families; it knows nothing
 * of dpsim and does the same on a kernel with openvswitch.ko.
 *
 * client_nl COMMAND: COMMAND is run by the shell and makes a frame arrive on the port "nl1".
 * Prints one line for each step; exit status 0 if all of them held.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client_check.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ATTR_MAX 32

enum { DATAPATH, VPORT, FLOW, PACKET, N_FAMILIES };
static const char *const names[N_FAMILIES] = {
    OVS_DATAPATH_FAMILY, OVS_VPORT_FAMILY, OVS_FLOW_FAMILY, OVS_PACKET_FAMILY,
};
static const unsigned char ufid[16] = "client_nl's ufid";

struct client {
    struct nl_sock *requests, *events, *upcalls;
    int id[N_FAMILIES];
    int dp_ifindex, answer_dp;
    const char *command;
    struct nl_msg *answer;                  /* the last one, held */
    struct nlattr *attr[ATTR_MAX + 1];
    int answer_cmd;
    unsigned n_answers;
    bool is_done;
};

/* ---- messages -------------------------------------------------------------------------------- */

static int read_answer(struct nl_msg *msg, void *user)
{
    struct client *c = user;
    struct genlmsghdr *genl = genlmsg_hdr(nlmsg_hdr(msg));
    const struct ovs_header *ovs = genlmsg_user_hdr(genl);

    nlmsg_get(msg);
    nlmsg_free(c->answer);
    c->answer = msg;
    c->answer_cmd = genl->cmd;
    c->answer_dp = ovs->dp_ifindex;
    c->n_answers++;
    CHECK(!genlmsg_parse(nlmsg_hdr(msg), sizeof(*ovs), c->attr, ATTR_MAX, NULL));
    return NL_OK;
}

static int read_end(struct nl_msg *msg, void *user)
{
    (void)msg;
    ((struct client *)user)->is_done = true;
    return NL_STOP;
}

static struct nl_msg *begin(const struct client *c, int family, uint8_t cmd, int flags)
{
    struct nl_msg *msg = nlmsg_alloc();
    struct ovs_header *ovs;

    CHECK(msg);
    ovs = genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, c->id[family], sizeof(*ovs), flags, cmd,
                      family == DATAPATH ? OVS_DATAPATH_VERSION : 1);
    CHECK(ovs);
    ovs->dp_ifindex = c->dp_ifindex;
    return msg;
}

/* Sends and reads everything up to the ACK or the end of the dump. 0 or -NLE_*. */
static int call(struct client *c, struct nl_msg *msg)
{
    int r = nl_send_auto(c->requests, msg);

    nlmsg_free(msg);
    c->n_answers = 0;
    c->is_done = false;
    while (r >= 0 && !c->is_done)
        r = nl_recvmsgs_default(c->requests);
    return r < 0 ? r : 0;
}

/* A message of our datapath that must be there already; others' may be before it. */
static void read_event(struct client *c, struct nl_sock *from)
{
    do
        CHECK(nl_recvmsgs_default(from) == 0);
    while (c->answer_dp != c->dp_ifindex);
}

/* ---- flows ----------------------------------------------------------------------------------- */

static void put_key(struct nl_msg *msg, uint32_t recirc_id)
{
    static const unsigned char eth[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    struct nlattr *nest = nla_nest_start(msg, OVS_FLOW_ATTR_KEY);

    CHECK(!nla_put_u32(msg, OVS_KEY_ATTR_RECIRC_ID, recirc_id));
    CHECK(!nla_put_u32(msg, OVS_KEY_ATTR_IN_PORT, 1));
    CHECK(!nla_put(msg, OVS_KEY_ATTR_ETHERNET, sizeof(eth), eth));
    CHECK(!nla_put(msg, OVS_KEY_ATTR_ETHERTYPE, 2, "\x88\xb5"));
    nla_nest_end(msg, nest);
}

static void put_mask(struct nl_msg *msg)
{
    struct nlattr *nest = nla_nest_start(msg, OVS_FLOW_ATTR_MASK);

    CHECK(!nla_put_u32(msg, OVS_KEY_ATTR_RECIRC_ID, UINT32_MAX));
    CHECK(!nla_put_u32(msg, OVS_KEY_ATTR_IN_PORT, UINT32_MAX));
    CHECK(!nla_put_u16(msg, OVS_KEY_ATTR_ETHERTYPE, UINT16_MAX));
    nla_nest_end(msg, nest);
}

static void put_action(struct nl_msg *msg, int nest_type, int type, uint32_t arg)
{
    struct nlattr *nest = nla_nest_start(msg, nest_type);

    CHECK(!nla_put_u32(msg, type, arg));
    nla_nest_end(msg, nest);
}

static struct nl_msg *begin_flow(const struct client *c, uint8_t cmd, int flags, uint32_t recirc_id)
{
    struct nl_msg *msg = begin(c, FLOW, cmd, flags);

    put_key(msg, recirc_id);
    return msg;
}

static struct nl_msg *new_flow(const struct client *c, uint32_t recirc_id, uint32_t port)
{
    struct nl_msg *msg = begin_flow(c, OVS_FLOW_CMD_NEW, NLM_F_CREATE, recirc_id);

    put_mask(msg);
    put_action(msg, OVS_FLOW_ATTR_ACTIONS, OVS_ACTION_ATTR_OUTPUT, port);
    return msg;
}

static struct nl_msg *begin_ufid(const struct client *c, uint8_t cmd)
{
    struct nl_msg *msg = begin(c, FLOW, cmd, 0);

    CHECK(!nla_put(msg, OVS_FLOW_ATTR_UFID, sizeof(ufid), ufid));
    return msg;
}

static uint64_t flow_packets(const struct client *c)
{
    struct ovs_flow_stats stats = {0};

    CHECK(c->attr[OVS_FLOW_ATTR_KEY] && c->attr[OVS_FLOW_ATTR_MASK]);
    CHECK(c->attr[OVS_FLOW_ATTR_ACTIONS]);
    if (c->attr[OVS_FLOW_ATTR_STATS])
        nla_memcpy(&stats, c->attr[OVS_FLOW_ATTR_STATS], sizeof(stats));
    return stats.n_packets;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void open_sockets(struct client *c)
{
    struct nl_sock **all[] = {&c->requests, &c->events, &c->upcalls};

    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        *all[i] = nl_socket_alloc();
        CHECK(*all[i] && !genl_connect(*all[i]));
        CHECK(!nl_socket_modify_cb(*all[i], NL_CB_VALID, NL_CB_CUSTOM, read_answer, c));
    }
    CHECK(!nl_socket_modify_cb(c->requests, NL_CB_ACK, NL_CB_CUSTOM, read_end, c));
    CHECK(!nl_socket_modify_cb(c->requests, NL_CB_FINISH, NL_CB_CUSTOM, read_end, c));
    nl_socket_disable_seq_check(c->events);
    nl_socket_disable_seq_check(c->upcalls);
    CHECK(!nl_socket_set_nonblocking(c->events) && !nl_socket_set_nonblocking(c->upcalls));
}

static void resolve_families(struct client *c)
{
    int group;

    for (int i = 0; i < N_FAMILIES; i++) {
        c->id[i] = genl_ctrl_resolve(c->requests, names[i]);
        CHECK(c->id[i] > 0);
    }
    CHECK(genl_ctrl_resolve(c->requests, "no_such_family") < 0);
    group = genl_ctrl_resolve_grp(c->requests, OVS_VPORT_FAMILY, OVS_VPORT_MCGROUP);
    CHECK(group > 0 && !nl_socket_add_membership(c->events, group));
}

static void make_datapath(struct client *c)
{
    struct nl_msg *msg = begin(c, DATAPATH, OVS_DP_CMD_NEW, NLM_F_ECHO);

    CHECK(!nla_put_string(msg, OVS_DP_ATTR_NAME, "nl0"));
    CHECK(!nla_put_u32(msg, OVS_DP_ATTR_UPCALL_PID, 0));
    CHECK(!call(c, msg) && c->answer_cmd == OVS_DP_CMD_NEW && c->answer_dp > 0);
    c->dp_ifindex = c->answer_dp;
    CHECK(!strcmp(nla_get_string(c->attr[OVS_DP_ATTR_NAME]), "nl0"));
}

static void make_port(struct client *c, const char *name, uint32_t port_no)
{
    struct nl_msg *msg = begin(c, VPORT, OVS_VPORT_CMD_NEW, NLM_F_ECHO);

    CHECK(!nla_put_string(msg, OVS_VPORT_ATTR_NAME, name));
    CHECK(!nla_put_u32(msg, OVS_VPORT_ATTR_TYPE, OVS_VPORT_TYPE_INTERNAL));
    CHECK(!nla_put_u32(msg, OVS_VPORT_ATTR_UPCALL_PID, nl_socket_get_local_port(c->upcalls)));
    CHECK(!call(c, msg) && nla_get_u32(c->attr[OVS_VPORT_ATTR_PORT_NO]) == port_no);
    read_event(c, c->events);
    CHECK(c->answer_cmd == OVS_VPORT_CMD_NEW);
    CHECK(!strcmp(nla_get_string(c->attr[OVS_VPORT_ATTR_NAME]), name));
}

static void make_ports(struct client *c)
{
    make_port(c, "nl1", 1);
    make_port(c, "nl2", 2);
    CHECK(nl_recvmsgs_default(c->upcalls) == -NLE_AGAIN);
}

static void put_flows(struct client *c)
{
    struct nl_msg *msg = new_flow(c, 2, 1);

    CHECK(!nla_put(msg, OVS_FLOW_ATTR_UFID, sizeof(ufid), ufid));
    CHECK(!call(c, msg));
    CHECK(!call(c, new_flow(c, 1, 2)));
    CHECK(call(c, new_flow(c, 1, 2)) == -NLE_EXIST);
    msg = begin(c, FLOW, OVS_FLOW_CMD_NEW, NLM_F_CREATE);
    CHECK(call(c, msg) == -NLE_INVAL);
}

static void get_flows(struct client *c)
{
    CHECK(!call(c, begin_flow(c, OVS_FLOW_CMD_GET, 0, 1)) && flow_packets(c) == 0);
    CHECK(!call(c, begin_ufid(c, OVS_FLOW_CMD_GET)) && flow_packets(c) == 0);
    CHECK(nla_len(c->attr[OVS_FLOW_ATTR_UFID]) == sizeof(ufid));
    CHECK(call(c, begin_flow(c, OVS_FLOW_CMD_GET, 0, 9)) == -NLE_OBJ_NOTFOUND);
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

static void receive_miss(struct client *c)
{
    CHECK(system(c->command) == 0);
    read_event(c, c->upcalls);
    CHECK(c->answer_cmd == OVS_PACKET_CMD_MISS);
    CHECK(nla_len(c->attr[OVS_PACKET_ATTR_PACKET]) >= 14 && c->attr[OVS_PACKET_ATTR_KEY]);
}

/* The packet that has come up goes down again, to be looked up by its recirc_id. */
static void execute(struct client *c, uint32_t recirc_id)
{
    struct nlattr *packet = c->attr[OVS_PACKET_ATTR_PACKET], *key = c->attr[OVS_PACKET_ATTR_KEY];
    struct nl_msg *msg = begin(c, PACKET, OVS_PACKET_CMD_EXECUTE, 0);

    CHECK(!nla_put(msg, OVS_PACKET_ATTR_PACKET, nla_len(packet), nla_data(packet)));
    CHECK(!nla_put(msg, OVS_PACKET_ATTR_KEY, nla_len(key), nla_data(key)));
    put_action(msg, OVS_PACKET_ATTR_ACTIONS, OVS_ACTION_ATTR_RECIRC, recirc_id);
    CHECK(!call(c, msg));
}

static void check_statistics(struct client *c)
{
    struct ovs_dp_stats stats;

    execute(c, 1);
    execute(c, 1);
    execute(c, 2);
    CHECK(!call(c, begin_flow(c, OVS_FLOW_CMD_GET, 0, 1)) && flow_packets(c) == 2);
    CHECK(!call(c, begin_ufid(c, OVS_FLOW_CMD_GET)) && flow_packets(c) == 1);
    CHECK(!call(c, begin(c, DATAPATH, OVS_DP_CMD_GET, 0)));
    nla_memcpy(&stats, c->attr[OVS_DP_ATTR_STATS], sizeof(stats));
    CHECK(stats.n_hit == 3 && stats.n_missed == 1 && stats.n_lost == 0 && stats.n_flows == 2);
}

static void delete_flows(struct client *c)
{
    CHECK(!call(c, begin_ufid(c, OVS_FLOW_CMD_DEL)));
    CHECK(call(c, begin_ufid(c, OVS_FLOW_CMD_DEL)) == -NLE_OBJ_NOTFOUND);
    CHECK(!call(c, begin_flow(c, OVS_FLOW_CMD_DEL, 0, 1)));
    CHECK(n_flows(c) == 0);
}

static void delete_all(struct client *c)
{
    struct nl_msg *msg = begin(c, VPORT, OVS_VPORT_CMD_DEL, 0);

    CHECK(!nla_put_string(msg, OVS_VPORT_ATTR_NAME, "nl2"));
    CHECK(!call(c, msg));
    read_event(c, c->events);
    CHECK(c->answer_cmd == OVS_VPORT_CMD_DEL);
    CHECK(!call(c, begin(c, DATAPATH, OVS_DP_CMD_DEL, 0)));
    CHECK(call(c, begin(c, DATAPATH, OVS_DP_CMD_GET, 0)) == -NLE_NODEV);
}

static const struct step {
    const char *name;
    void (*run)(struct client *c);
} steps[] = {
    {"sockets are open", open_sockets},
    {"families and a group are resolved", resolve_families},
    {"a datapath is there", make_datapath},
    {"ports are there, and told to the group", make_ports},
    {"flows are put", put_flows},
    {"flows are got by key and by UFID", get_flows},
    {"flows are dumped", dump_flows},
    {"a miss comes up", receive_miss},
    {"it goes down again, statistics are right", check_statistics},
    {"flows are deleted", delete_flows},
    {"ports and datapath are deleted", delete_all},
};

int main(int argc, char **argv)
{
    static struct client c;

    CHECK(argc == 2);
    c.command = argv[1];
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        steps[i].run(&c);
        printf("ok %zu %s\n", i + 1, steps[i].name);
        (void)fflush(stdout);
    }
    nlmsg_free(c.answer);
    nl_socket_free(c.requests);
    nl_socket_free(c.events);
    nl_socket_free(c.upcalls);
    return 0;
}
