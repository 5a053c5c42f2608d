/* io.h - what read.c and write.c share. SPDX-License-Identifier: Apache-2.0 */
#ifndef IO_H
#define IO_H

#include "tools/time/time.h"

bool io_is_ready(int fd, short events);
bool io_blocks(int fd);         /* is it without O_NONBLOCK? */
/* Waits for POLLIN or POLLOUT of arg[0], no longer than the socket's own time-out: then -EAGAIN. */
long io_wait(struct call *c, short events);
/* A wait's is_over(): try again whenever anything has changed. */
bool io_always(struct wait *w);
/* Makes the call 'now', which does not wait, until it gives neither -EAGAIN nor -EACCES: again whenever somebody
 * has done something. */
long io_retry(struct call *c, struct call *now);

#endif
