/* fuzz_rows.h - names of attributes as the recorded-case language has them, nest by nest.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_KERNEL_FUZZ_ROWS_H
#define TOOLS_KERNEL_FUZZ_ROWS_H

#include "netlink/form.h"

/* What is in a nest: 'rows' by type, or 'each' whose types are numbers. Neither: no nest. */
struct fuzz_nest {
    const struct policy *rows;
    uint16_t max_attr;
    const struct form *each;
};

/* Fills in the rows of keys and actions from dp/'s tables. Once. */
void fuzz_rows_start(void);
/* Of an attribute by its row (NULL: unknown). */
struct fuzz_nest fuzz_nest_of(const struct policy *row);
/* Behind NLMSG_ERROR and NLMSG_DONE. */
extern const struct fuzz_nest fuzz_extack;

#endif
