/* fifo.h - see fifo.c. SPDX-License-Identifier: Apache-2.0 */
#ifndef FIFO_H
#define FIFO_H

#include "tools/time/time.h"

/* Would opening it so wait for somebody? */
bool fifo_is_waited_for(long dir, const char *path, long flags);
/* Opens it by 'open', which does the call it is given, with the flags at arg['flags_at']. */
long fifo_open(struct call *c, int flags_at, call_fn *open);

#endif
