/* targets.c - the list of fuzz targets. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/target.h"

const struct fuzz_target *const fuzz_targets[] = {
    &fuzz_actions,  &fuzz_conntrack, &fuzz_extract,   &fuzz_flow_put, &fuzz_flow_text,
    &fuzz_netlink,  &fuzz_pcap,      &fuzz_recording, &fuzz_scenario,
};
const size_t n_fuzz_targets = G_N_ELEMENTS(fuzz_targets);
