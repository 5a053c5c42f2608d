/* limits.c - docs/limits.md: what one client may use of a simulator.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "sim/limits.h"
#include "tools/docs/docs.h"

int print_limits(void)
{
    printf("# What one client may use\n\n"
           "A client is a process, as SO_PEERCRED names it. None can take from the others what they need: a request that would\n"
           "pass a limit is refused with the errno that the kernel has for the like, counted, and told by `dpsim do clients`, by\n"
           "`dpsim run --summary` and at the end of `dpsim serve`. `--limit NAME=N`, of `run` and `serve`, sets another limit.\n\n"
           "| NAME | N | errno | limits | the client sees |\n"
           "|---|---|---|---|---|\n");
    for (unsigned i = 0; i < N_LIMITS; i++) {
        const struct limit_row *row = &limit_rows[i];

        printf("| %s | %" PRIu64 " | %s | %s | %s |\n", row->name, row->most, row->error ? err_name(row->error) : "",
               row->what, row->refused);
    }
    printf("\nBesides:\n\n"
           "- A socket's own queue is bounded by its SO_RCVBUF, as in the kernel; NETLINK_NO_ENOBUFS hides the loss, not the bound.\n"
           "- A client that does not read its answers is not listened to until it does, and nobody waits for it. One that\n"
           "  speaks wrongly is hung up on. One that lost or closed a connection in the middle of anything loses only that.\n"
           "- The socket is private: its file has mode 0600, in a folder of mode 0700 where dpsim makes that, and only\n"
           "  processes of dpsim's own user and of root are let in; others get EACCES. A program that gives up root\n"
           "  keeps the sockets that it has, and gets no new ones. Descriptors sent along with a message are refused by\n"
           "  Linux 6.16 and later, and closed unread before.\n"
           "- dpsim raises its own RLIMIT_NOFILE to the hard limit; programs that it starts find the limit as it was.\n"
           "- What clients make together has the kernel's limits and no others: flows, ports, devices, connections tracked.\n"
           "- In virtual time programs take turns by memory that they share. One that keeps its turn\n"
           "  stops time, which the watchdog tells after 10 s (docs/virtual-time.md); one that writes there at random can end\n"
           "  the run. In real time and in lockstep clients can write to nothing of the simulator's.\n");
    return 0;
}
