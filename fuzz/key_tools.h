/* key_tools.h - flow keys in targets: as attributes, and compared.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_KEY_TOOLS_H
#define FUZZ_KEY_TOOLS_H

#include "dp/key.h"
#include "fuzz/target.h"

#define KEY_TOLD_ROOM 4096      /* more than the attributes of any key */

/* One nest of attributes as key_put() writes it. */
struct key_told {
    union {
        struct nlmsghdr head;
        uint8_t room[KEY_TOLD_ROOM];
    };
};

/* 'out' is 'key', or a mask of it. Returns the nest, in 'told'. */
const struct nlattr *key_tell(struct key_told *told, uint16_t type, const struct flow_key *key, const struct flow_key *out);

/* Ends the process with the sentence and the first member's offset if two keys, or masks, differ. */
void key_check_same(const struct flow_key *is, const struct flow_key *was, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
