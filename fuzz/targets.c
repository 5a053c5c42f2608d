/* targets.c - the list of fuzz targets. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/target.h"

const struct fuzz_target *const fuzz_targets[] = {
    &fuzz_netlink,
};
const size_t n_fuzz_targets = G_N_ELEMENTS(fuzz_targets);
