/* recorder.h - the flight recorder: what goes in and out of a simulation, in one pcapng file on the
 * virtual clock.
 *
 * Interface 0, "netlink", has every datagram between clients and the datapath's sockets (not the
 * simulator's own: sim/local), with the header of LINKTYPE_NETLINK. Direction: in, to the kernel;
 * out, queued for the client. Comment: "port=PORTID sock=N", "group=G" if it went to a multicast
 * group, "cpu=N" if a request came from another CPU than the first.
 *
 * Each device is an interface of its own from its first frame on, named as the device, with
 * "@netns N" behind in other namespaces; another one after it was renamed. In: what the port
 * receives, out: what leaves by it; an internal port receives what the host sends. There are as many
 * frames as the device's counters say: what reaches a device that is down is in neither (only of the
 * answers of a geneve port to what is too long the kernel counts none). Comment "fed": the frame came
 * from a file; others follow from what is recorded before them.
 *
 * What changes the world and is no message is an event, one line (values after '=' have no blanks
 * but the last one of a line; data=HEX is bytes):
 *
 *   world seed=N cpus=N ...                struct sim_options, member by member; the first line
 *   open sock=N protocol=P type=T ns=N process=N       a netlink socket; sockets and processes are counted
 *                                                      from 1, in the order they came
 *   open sock=N family=packet protocol=0xP type=T ns=N process=N       AF_PACKET
 *   bind sock=N port=PORTID groups=0xM     as asked for: port 0, the lowest free number
 *   connect sock=N                         the same without groups
 *   bind sock=N ifindex=I protocol=0xP     AF_PACKET
 *   setopt sock=N level=L name=N value=V | data=HEX            AF_PACKET: the value's bytes; what is
 *                                          on SOL_SOCKET there only concerns what the program reads
 *   recv sock=N len=L                      the client's largest buffer so far, which dumps fill
 *   frame sock=N data=HEX                  sent by AF_PACKET: struct proto_ll, the frame
 *   close sock=N
 *   lost sock=N group=G len=L              a datagram that found no room in the socket's queue
 *   error sock=N errno=ENAME               pending on the socket from now on
 *   netns-add ns=N, netns-del ns=N         namespaces that clients make, and that end with them
 *   ioctl ns=N cmd=0xC data=HEX            one that may change something: struct proto_if
 *   do LINE                                a scenario command that builds, or feeds frames of its own;
 *                                          with its "!ENAME"; without LINE: the first, whatever it is
 *   did LINE                               one that need not be repeated: it moves time or feeds a file,
 *                                          which stamps and frames tell
 *   failed ENAME SENTENCE                  the command before
 *   fault NAME[:N]                         a fault that was asked for: fault.h
 *   clock ns=N                             what the last request asked of the world: the clients' clock,
 *   pid pid=P ns=N                         the namespace of a process (ns=-1: there is no such)
 *   end                                    a recording without it was cut off
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_RECORDER_H
#define SIM_RECORDER_H

#include "base/err.h"
#include "sim/pcapng.h"
#include "sim/sim.h"

struct device;
struct recorder;

/* Records 'sim' from now on; before clients_new() and the first command. 0, -EBUSY: it does already,
 * or -errno of the file. */
int recorder_open(struct sim *sim, const char *path, struct err *e);
/* Ends it; a failed write is told here. Without a recording: 0. */
int recorder_close(struct sim *sim, struct err *e);

/* A line, without its end. 'sim' without a recording: nothing happens. */
void recorder_event(struct sim *sim, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same with " data=HEX" behind. */
void recorder_data(struct sim *sim, const void *bytes, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Nothing is written: 'frame' hears of frames, 'device' as interfaces are named. One of both at a time. */
typedef void recorder_frame_fn(void *ctx, const char *device, bool is_in, const void *frame, size_t len);
void recorder_listen(struct sim *sim, recorder_frame_fn *frame, void *ctx);

/* For those below sim->recorder is not NULL. */
/* "close sock=N". Those that end together, as a process's do, are told in the order of their numbers. */
void recorder_close_sock(struct sim *sim, unsigned number);
void recorder_frame(struct device *d, enum pcapng_direction direction, const void *frame, size_t len);
/* A datagram of a socket with this NETLINK_* number. */
void recorder_netlink(struct sim *sim, enum pcapng_direction direction, int protocol,
                      const void *bytes, size_t len, const char *comment);
/* The numbers of a client's process, by its pid, and of its next socket. */
unsigned recorder_process(struct sim *sim, uint32_t pid);
unsigned recorder_next_sock(struct sim *sim);

#endif
