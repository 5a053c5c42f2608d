/* act_later.c - actions of kernels after 6.1: rows that say since when they exist, and refuse until then.
 *
 * They have no 'run': a profile that has them needs it first. Catalogue 07.1, 11.7.
 * SPDX-License-Identifier: Apache-2.0 */
#include "dp/act_rows.h"

const struct act act_drop = {
    .uapi = "OVS_ACTION_ATTR_DROP",
    .name = "drop",
    .len = sizeof(uint32_t),
    .since = KVER(6, 6),
    .field = (const struct key_field[]){{.name = "", .wire = &wire_u32, .wire_size = 4, .key_size = 4}},
    .n_fields = 1,
};

const struct act act_psample = {
    .uapi = "OVS_ACTION_ATTR_PSAMPLE",
    .name = "psample",
    .len = ACT_LEN_VAR,
    .since = KVER(6, 11),
};
