/* page.c - what this process and thread are to the others. SPDX-License-Identifier: Apache-2.0 */
#include "tools/time/time.h"

struct vtime_page *page;
