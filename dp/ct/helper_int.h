/* helper_int.h - the helpers' rows, each at the end of its file. SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_CT_HELPER_INT_H
#define DP_CT_HELPER_INT_H

#include "dp/ct/helper.h"

extern const struct ct_helper ct_helper_ftp, ct_helper_tftp;

#endif
