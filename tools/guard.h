/* guard.h - the kernel itself keeps a program away from the real network.
 *
 * The preload library answers what a program asks through libc. What gets past it (a static
 * program, syscall(2), libc's own sockets in getaddrinfo()) must not reach the host's devices: a
 * seccomp filter refuses exactly the calls that the library takes over. It stays on in children
 * and programs started by them, and with it "no new privileges": set-user-ID programs run with
 * the user's own rights, and therefore with the preload library.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_GUARD_H
#define TOOLS_GUARD_H

/* Guards this process from now on. Returns 0 or -errno (a system without seccomp). */
int guard_on(void);

#endif
