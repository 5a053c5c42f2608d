/* rule.h - a namespace's policy rules: which tables a look-up goes through, and for which packets.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_RULE_H
#define SIM_RULE_H

#include "netlink/rt.h"
#include "sim/sim.h"

/* With the rules every namespace has from the start. */
GPtrArray *rule_list_new(void);

/* As RTM_NEWRULE and DELRULE: 0, -EEXIST (NLM_F_EXCL), -ENOBUFS; -ENOENT. What a request to delete
 * leaves out matches anything. */
int rule_add(struct sim_ns *ns, const struct rt_rule *r, uint16_t flags, struct req *cause,
             struct err *e);
int rule_del(struct sim_ns *ns, const struct rt_rule *r, bool has_priority, struct req *cause,
             struct err *e);
/* Of a rule that names none: before all but the first. */
uint32_t rule_default_priority(const struct sim_ns *ns, uint8_t family);

/* Is the packet one of the rule's? */
bool rule_matches(const struct sim_ns *ns, const struct rt_rule *r, const struct rt_flow *flow);
/* Position of the rule to look at next: behind 'at', or where a goto leads the packet. Behind the
 * last: none. */
guint rule_next(const struct sim_ns *ns, guint at, const struct rt_flow *flow);

/* A device came, went or has another name: rules that name it know. */
void rule_devices_changed(struct sim_ns *ns);

#endif
