/* ctrl.h - the nlctrl family (id 16): GETFAMILY, GETPOLICY. Catalogue 01, section 1.9.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_CTRL_H
#define NETLINK_CTRL_H

#include "netlink/family.h"

extern const struct family ctrl_family;

#endif
