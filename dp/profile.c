/* profile.c - the kernels that can be emulated. SPDX-License-Identifier: Apache-2.0 */
#include "dp/profile.h"

const struct profile profile_6_1 = {.name = "6.1", .release = "6.1.0-56-cloud-amd64", .kernel = KVER(6, 1)};
