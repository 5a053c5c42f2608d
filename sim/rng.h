/* rng.h - moved to base/rng.h; for files that are still on their way. SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include "base/rng.h"

#endif
