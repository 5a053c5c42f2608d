/* grammar.c - see grammar.h: the rows of messages.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/rtnetlink.h>

#include "dp/act.h"
#include "fuzz/grammar_int.h"

#define GENL(k, n, f, c, ...) [GRAMMAR_##k] = {.name = n, .who = PROGRAM_CLIENT, .family = PROGRAM_##f, .cmd = c, __VA_ARGS__}
#define RT(t, n, ...) [GRAMMAR_RT_##t] = {.name = n, .who = PROGRAM_ROUTE, .rt_type = RTM_##t, __VA_ARGS__}
#define RT_DUMP(o, n) [GRAMMAR_RT_DUMP##o] = {.name = n, .who = PROGRAM_ROUTE, .rt_type = RTM_GET##o, DUMPS}
#define DUMPS .flags = NLM_F_DUMP
#define MAKES .flags = NLM_F_CREATE, .is_new = true

/* clang-format off */
const struct grammar_row grammar_rows[N_GRAMMAR_KINDS] = {
    GENL(FLOW_NEW,       "flow_new",       FLOW,     OVS_FLOW_CMD_NEW, MAKES),
    GENL(FLOW_SET,       "flow_set",       FLOW,     OVS_FLOW_CMD_SET),
    GENL(FLOW_GET,       "flow_get",       FLOW,     OVS_FLOW_CMD_GET),
    GENL(FLOW_DEL,       "flow_del",       FLOW,     OVS_FLOW_CMD_DEL),
    GENL(FLOW_DUMP,      "flow_dump",      FLOW,     OVS_FLOW_CMD_GET, DUMPS),
    GENL(EXECUTE,        "execute",        PACKET,   OVS_PACKET_CMD_EXECUTE),
    GENL(DP_NEW,         "dp_new",         DATAPATH, OVS_DP_CMD_NEW, .is_new = true),
    GENL(DP_SET,         "dp_set",         DATAPATH, OVS_DP_CMD_SET),
    GENL(DP_GET,         "dp_get",         DATAPATH, OVS_DP_CMD_GET),
    GENL(DP_DEL,         "dp_del",         DATAPATH, OVS_DP_CMD_DEL),
    GENL(DP_DUMP,        "dp_dump",        DATAPATH, OVS_DP_CMD_GET, DUMPS),
    GENL(VPORT_NEW,      "vport_new",      VPORT,    OVS_VPORT_CMD_NEW, .is_new = true),
    GENL(VPORT_SET,      "vport_set",      VPORT,    OVS_VPORT_CMD_SET),
    GENL(VPORT_GET,      "vport_get",      VPORT,    OVS_VPORT_CMD_GET),
    GENL(VPORT_DEL,      "vport_del",      VPORT,    OVS_VPORT_CMD_DEL),
    GENL(VPORT_DUMP,     "vport_dump",     VPORT,    OVS_VPORT_CMD_GET, DUMPS),
    GENL(METER_SET,      "meter_set",      METER,    OVS_METER_CMD_SET),
    GENL(METER_GET,      "meter_get",      METER,    OVS_METER_CMD_GET),
    GENL(METER_DEL,      "meter_del",      METER,    OVS_METER_CMD_DEL),
    GENL(METER_FEATURES, "meter_features", METER,    OVS_METER_CMD_FEATURES),
    GENL(CT_LIMIT_SET,   "ct_limit_set",   CT_LIMIT, OVS_CT_LIMIT_CMD_SET),
    GENL(CT_LIMIT_GET,   "ct_limit_get",   CT_LIMIT, OVS_CT_LIMIT_CMD_GET),
    GENL(CT_LIMIT_DEL,   "ct_limit_del",   CT_LIMIT, OVS_CT_LIMIT_CMD_DEL),
    RT(NEWLINK, "rt_newlink", MAKES), RT(SETLINK, "rt_setlink"), RT(DELLINK, "rt_dellink", .is_new = true),
    RT(GETLINK, "rt_getlink"), RT_DUMP(LINK, "rt_dumplink"),
    RT(NEWADDR, "rt_newaddr", MAKES), RT(DELADDR, "rt_deladdr"), RT_DUMP(ADDR, "rt_dumpaddr"),
    RT(NEWROUTE, "rt_newroute", MAKES), RT(DELROUTE, "rt_delroute"), RT(GETROUTE, "rt_getroute"),
    RT_DUMP(ROUTE, "rt_dumproute"),
    RT(NEWRULE, "rt_newrule", MAKES), RT(DELRULE, "rt_delrule"), RT_DUMP(RULE, "rt_dumprule"),
    RT(NEWNEIGH, "rt_newneigh", MAKES), RT(DELNEIGH, "rt_delneigh"), RT(GETNEIGH, "rt_getneigh"),
    RT_DUMP(NEIGH, "rt_dumpneigh"),
    RT(GETQDISC, "rt_getqdisc"), RT_DUMP(QDISC, "rt_dumpqdisc"), RT_DUMP(ACTION, "rt_dumpaction"), RT_DUMP(NSID, "rt_dumpnsid"),
};
/* clang-format on */

struct draw draw_of(struct rng *r)
{
    return (struct draw){
        .r = r,
        .portid = PROGRAM_PORTID(PROGRAM_LISTENER),
        .n_ports = PROGRAM_PORTS + 1,
        .name = "p1",
        .ifindex = PROGRAM_IFINDEX(1),
        .port_no = 1,
    };
}

void grammar_message(struct rng *r, enum grammar_kind kind, GByteArray *out)
{
    const struct draw d = draw_of(r);
    struct grammar_flow flow;

    flow_draw(&d, &flow);
    message_draw(&d, kind, &flow, out);
}

void grammar_key(struct rng *r, struct flow_key *key)
{
    const struct draw d = draw_of(r);

    key_generate(&d, key);
}

void grammar_mask(struct rng *r, const struct flow_key *key, struct flow_key *mask)
{
    const struct draw d = draw_of(r);

    key_mask_generate(&d, key, mask);
}

void grammar_actions(struct rng *r, const struct flow_key *key, GByteArray *attrs)
{
    const struct draw d = draw_of(r);

    acts_generate(&d, key, attrs);
}

void grammar_frame(struct rng *r, const struct flow_key *key, GByteArray *frame)
{
    const struct draw d = draw_of(r);
    struct flow_key any;

    if (!key)
        key_generate(&d, &any);
    frame_draw(&d, key ? key : &any, frame);
}
