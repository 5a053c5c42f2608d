/* reply_fault_int.h - a message about to be struck, and the kinds of faults: what the files of reply_fault.h share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLY_FAULT_INT_H
#define SIM_REPLY_FAULT_INT_H

#include "netlink/bend.h"
#include "netlink/decode.h"
#include "sim/reply_fault.h"
#include "sim/sim.h"

enum reply_fate { REPLY_ARRIVES, REPLY_IS_LOST, REPLY_COMES_TWICE, REPLY_COMES_LATE, REPLY_LETS_NEXT_PASS };

/* A datagram under way, and the message of it that is looked at. */
struct reply {
    GByteArray *bytes;
    struct bend bend;           /* of the message */
    GArray *attrs;              /* of size_t: bend.attr */
    GArray *pick;               /* of size_t: those of them that may be bent, by number */
    const struct bend_rule *rule;       /* of an attribute's fault, NULL: it is another one */
    size_t bent;                /* number of the attribute that was bent, SIZE_MAX: none */
    enum reply_fate fate;
    uint64_t late_ns;
};

struct nlmsghdr *reply_message(const struct reply *r);

struct reply_kind {
    const char *name, *help;    /* NULL: the rule's */
    bool (*may)(struct reply *r);       /* is there something to do? NULL: in every message */
    void (*apply)(struct reply *r);     /* bend.told says what */
};
/* Kinds that are of messages. One of attributes is 'reply_kind_attr' with a rule. */
extern const struct reply_kind reply_kinds[], reply_kind_attr;
extern const size_t n_reply_kinds;

#endif
