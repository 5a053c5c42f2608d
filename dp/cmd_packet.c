/* cmd_packet.c - the ovs_packet family: EXECUTE. Catalogue 08.5.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/if_ether.h>

#include "dp/datapath.h"
#include "dp/key_decode.h"
#include "dp/extract.h"
#include "netlink/attr.h"

#define HASH_IS_SOFTWARE (UINT64_C(1) << 32)
#define HASH_IS_L4 (UINT64_C(1) << 33)
#define BIT(type) (UINT64_C(1) << (type))

static const struct form len_form = { .wire = &wire_u32 };
static const struct form hash_form = { .role = ROLE_CHANCE, .wire = &wire_u64x };

/* clang-format off */
static const struct policy packet_policy[OVS_PACKET_ATTR_MAX + 1] = {
    ATTR(OVS_PACKET_ATTR_PACKET, .kind = POL_MIN_LEN, .len = ETH_HLEN),
    ATTR(OVS_PACKET_ATTR_KEY, .kind = POL_NESTED, .form = &key_form),
    ATTR(OVS_PACKET_ATTR_ACTIONS, .kind = POL_NESTED, .form = &acts_form),
    ATTR(OVS_PACKET_ATTR_USERDATA),
    ATTR(OVS_PACKET_ATTR_EGRESS_TUN_KEY),
    ATTR(OVS_PACKET_ATTR_PROBE, .kind = POL_FLAG),
    ATTR(OVS_PACKET_ATTR_MRU, .kind = POL_U16),
    ATTR(OVS_PACKET_ATTR_LEN, .form = &len_form),
    ATTR(OVS_PACKET_ATTR_HASH, .kind = POL_U64, .form = &hash_form),
};
static const char *const packet_cmds[] = {
    CMD(OVS_PACKET_CMD_MISS), CMD(OVS_PACKET_CMD_ACTION), CMD(OVS_PACKET_CMD_EXECUTE),
};
static const struct msg_form packet_form = {
    .msg = packet_cmds, .n_msgs = G_N_ELEMENTS(packet_cmds), OVS_HEADER_FORM,
    .rows = packet_policy, .max_attr = OVS_PACKET_ATTR_MAX,
};
/* clang-format on */

static struct pkt *packet_of_request(struct req *req)
{
    const struct nlattr *bytes = req->attr[OVS_PACKET_ATTR_PACKET];
    const struct nlattr *mru = req->attr[OVS_PACKET_ATTR_MRU];
    const struct nlattr *hash_attr = req->attr[OVS_PACKET_ATTR_HASH];
    struct pkt *p = pkt_new(&req_ns(req)->world->pool, mnl_attr_get_payload(bytes),
                            mnl_attr_get_payload_len(bytes));
    uint64_t hash = hash_attr ? mnl_attr_get_u64(hash_attr) : 0;

    p->mru = mru ? mnl_attr_get_u16(mru) : 0;
    p->hash = (uint32_t)hash;
    p->hash_is_sw = hash & HASH_IS_SOFTWARE;
    p->hash_is_l4 = hash & HASH_IS_L4;
    return p;
}

static bool is_nd(const struct flow_key *key)
{
    return key_when_holds(&key_attrs[OVS_KEY_ATTR_ND].when, key);
}

/* The original tuple shares bytes with other protocols' fields: it must fit the packet. */
static int check_tuple(const struct flow_key *key, uint64_t seen, struct err *e)
{
    if (seen & BIT(OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4) && key->eth_type != ETH_P_IP)
        return err_set(e, EINVAL, "key: CT_ORIG_TUPLE_IPV4 on a packet that is not IPv4");
    if (seen & BIT(OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6) && (key->eth_type != ETH_P_IPV6 || is_nd(key)))
        return err_set(e, EINVAL, "key: CT_ORIG_TUPLE_IPV6 on a packet that is not IPv6, or is ND");
    return 0;
}

/* Metadata from KEY, everything else from the packet. */
static int key_of_request(struct req *req, struct pkt *p, struct flow_key *key, struct err *e)
{
    uint16_t l3_type;
    uint64_t seen;
    bool is_l3;
    int err;

    key_clear(key);
    err = key_parse_metadata(req_ns(req)->world->profile, key, req->attr[OVS_PACKET_ATTR_KEY],
                             &l3_type, &is_l3, &seen, e);
    if (err)
        return err;
    p->has_eth = !is_l3;
    p->protocol = is_l3 ? l3_type : 0;
    p->priority = key->priority;
    p->mark = key->skb_mark;
    if (key_extract(key, p))
        return err_set(e, EINVAL, "packet: key extraction refused it");
    return check_tuple(key, seen, e);
}

static struct vport *input_port(const struct datapath *dp, const struct flow_key *key)
{
    struct vport *v = datapath_port(dp, key->in_port);

    return v ? v : datapath_port(dp, DP_PORT_LOCAL);
}

/* Everything that can be refused before the packet exists for the datapath. */
static int execute_parse(struct req *req, struct pkt *p, struct flow_key *key,
                         struct act_list **acts, struct datapath **dp, struct err *e)
{
    const struct nlattr *list = req->attr[OVS_PACKET_ATTR_ACTIONS];
    int err = key_of_request(req, p, key, e);

    if (!err)
        err = acts_check(req_ns(req), key, mnl_attr_get_payload(list),
                         mnl_attr_get_payload_len(list), acts, e);
    if (!err)
        err = datapath_of_request(req, dp, e);
    if (err)
        return err;
    p->input = input_port(*dp, key);
    return p->input ? 0 : err_set(e, ENODEV, "the datapath has no local port");
}

static int packet_execute(struct req *req, struct err *e)
{
    struct dp_world *w = req_ns(req)->world;
    struct act_list *acts = NULL;
    struct flow_key key;
    struct datapath *dp;
    struct pkt *p;
    int err;

    if (!req->attr[OVS_PACKET_ATTR_PACKET] || !req->attr[OVS_PACKET_ATTR_KEY] ||
        !req->attr[OVS_PACKET_ATTR_ACTIONS])
        return err_set(e, EINVAL, "PACKET, KEY or ACTIONS is missing");
    if ((err = req_faulty(req, DP_FAULT_EXECUTE_PKT, e)) || (err = req_faulty(req, DP_FAULT_EXECUTE_FLOW, e)))
        return err;
    p = packet_of_request(req);
    err = execute_parse(req, p, &key, &acts, &dp, e);
    if (err) {
        act_list_free(acts);
        pkt_free(&w->pool, p);
        return err;
    }
    w->account.n_born++;
    if (tracing(w))
        trace_begin(w, "ovs_packet_cmd_execute", "%s len %u", datapath_name(dp), p->len);
    err = acts_execute(dp, p, acts, &key);
    trace_end(w);
    act_list_free(acts);
    return err ? err_set(e, -err, "an action failed") : 0;
}

static const struct genl_op packet_ops[] = {
    {.cmd = OVS_PACKET_CMD_EXECUTE, .flags = GENL_UNS_ADMIN_PERM, .doit = packet_execute,
     .needs = GENL_ATTR(OVS_PACKET_ATTR_PACKET) | GENL_ATTR(OVS_PACKET_ATTR_KEY) | GENL_ATTR(OVS_PACKET_ATTR_ACTIONS),
     .takes = GENL_ATTR(OVS_PACKET_ATTR_PROBE) | GENL_ATTR(OVS_PACKET_ATTR_MRU) | GENL_ATTR(OVS_PACKET_ATTR_HASH)},
};

const struct family dp_packet_family = {
    .name = OVS_PACKET_FAMILY,
    .version = OVS_PACKET_VERSION,
    .hdrsize = sizeof(struct ovs_header),
    .max_attr = OVS_PACKET_ATTR_MAX,
    .policy = packet_policy,
    .op = packet_ops,
    .n_ops = G_N_ELEMENTS(packet_ops),
    .n_legacy_cmds = OVS_PACKET_CMD_EXECUTE + 1,
    .form = &packet_form,
};
