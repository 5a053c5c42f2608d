/* bend.h - one attribute of a message made wrong by one rule: what fuzzing sends, and what faulty replies are.
 *
 * How it works: whoever knows where the attributes are (decode.h does) lists them; a rule moves bytes and puts right all lengths
 * around them that it is not there to break, so that exactly one thing is wrong.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_BEND_H
#define NETLINK_BEND_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

struct bend {
    GByteArray *bytes;          /* a datagram: whole messages, whose attributes have their padding */
    size_t msg;                 /* where in it the message is, a multiple of 4 */
    const size_t *attr;         /* where its attributes are; nests come before what is in them */
    size_t n_attrs;
    struct rng *rng;
    char told[96];              /* what has been done: "12 -> 5 bytes" */
};

/* One row a rule. */
struct bend_rule {
    const char *name, *help;
    bool (*may)(const struct bend *b, size_t i);    /* is there something to break? NULL: in every attribute */
    void (*apply)(struct bend *b, size_t i);        /* the list of attributes does not hold any more */
};
extern const struct bend_rule bend_rules[];
extern const size_t n_bend_rules;

const struct bend_rule *bend_rule_by_name(const char *name);   /* NULL: there is none */

/* Of the 'n_picks' attributes 'pick' (indices) draws one that the rule can be applied to, and applies it. Returns its index,
 * or SIZE_MAX: there is none, nothing has changed. */
size_t bend_apply(struct bend *b, const struct bend_rule *rule, const size_t *pick, size_t n_picks);

/* For those who break messages in other ways: replaces 'cut' bytes at 'at' by 'n' of 'bytes' (NULL: drawn ones), both multiples
 * of 4, and puts right the length of the message. */
void bend_splice(struct bend *b, size_t at, size_t cut, const void *bytes, size_t n);
/* 0 .. n-1 */
uint32_t bend_below(struct bend *b, uint32_t n);

#endif
