/* act_ct.h - the stored form of the ct() action, for the files that make, run and dump it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_ACT_CT_H
#define DP_ACT_CT_H

#include "dp/act.h"
#include "dp/act_ct_nat.h"
#include "dp/ct/helper.h"
#include "dp/ct/timeout.h"

#define CT_HELPER_NAME_MAX 16           /* with its NUL */

/* Attributes are aligned to 4 bytes only, so that pointers are kept as bytes. */
struct ct_args {
    uint16_t zone, l3_type;
    bool commits, forces, has_event_mask, has_timeout;
    uint32_t event_mask, mark, mark_mask;
    uint8_t labels[16], labels_mask[16];
    uint8_t helper[sizeof(void *)];     /* const struct ct_helper *, may be NULL */
    uint8_t timeout[sizeof(void *)];    /* struct ct_timeout *, held by the list; may be NULL */
    char timeout_name[CT_TIMEOUT_NAME_MAX];
    struct ct_nat_args nat;
};

static inline const struct ct_helper *ct_args_helper(const struct ct_args *args)
{
    const struct ct_helper *helper;

    memcpy(&helper, args->helper, sizeof(helper));
    return helper;
}

static inline struct ct_timeout *ct_args_timeout(const struct ct_args *args)
{
    struct ct_timeout *timeout;

    memcpy(&timeout, args->timeout, sizeof(timeout));
    return timeout;
}

static inline bool ct_args_has_labels(const struct ct_args *args)
{
    static const uint8_t none[sizeof(args->labels_mask)];

    return memcmp(args->labels_mask, none, sizeof(none)) != 0;
}

/* Runs it (act_ct_run.c). 0, or -errno: the packet is dropped. */
int act_ct_run(struct act_run *run, const struct nlattr *a, bool is_last);

/* ovs_ct_clear: the packet and its key know of no connection any more. */
void act_ct_forget(struct pkt *p, struct flow_key *key);

#endif
