/* program.h - what a fuzz input says: a list of steps. Any bytes are a program, and a program cut anywhere is one.
 *
 * A step is a byte for its kind, a byte for who does it, two bytes (little endian) for the length of its data, the data. Numbers
 * that are known only where a program runs (ids of families, ifindexes, port ids) stand for themselves in the messages until
 * program_resolve() puts the real ones there: the same program runs in a process of its own, through dpsim run and on a kernel.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The world that a program finds: datapath "d0" with the internal ports "p1", "p2" and "p3" (1, 2, 3), which are up; its upcalls go
 * to PROGRAM_LISTENER, a member of all groups of the OVS families. */
enum program_who {
    PROGRAM_CLIENT,             /* NETLINK_GENERIC */
    PROGRAM_LISTENER,           /* NETLINK_GENERIC */
    PROGRAM_ROUTE,              /* NETLINK_ROUTE */
    PROGRAM_NETFILTER,          /* NETLINK_NETFILTER */
    N_PROGRAM_SOCKS
};
#define PROGRAM_PORTS 3

enum program_kind {
    PROGRAM_SEND,               /* socket who % N_PROGRAM_SOCKS sends the data: one or several messages */
    PROGRAM_FRAME,              /* port 1 + who % PROGRAM_PORTS receives the data as a frame */
    PROGRAM_TIME,               /* time moves by so many milliseconds: up to 4 bytes, little endian */
    N_PROGRAM_KINDS
};

struct program_step {
    enum program_kind kind;     /* the byte modulo N_PROGRAM_KINDS */
    uint8_t who;
    size_t len;                 /* no more than there is */
    const uint8_t *data;
};
#define PROGRAM_ROOM 1024u      /* bytes that one step, or the growth of a program by one, mostly does with: for arrays made for it */

/* Takes the next step from *at, of which *left bytes are left. False: there is none (fewer than 4 bytes). */
bool program_next(const uint8_t **at, size_t *left, struct program_step *step);
/* Appends a step; 'len' is at most 65535. */
void program_put(GByteArray *program, enum program_kind kind, uint8_t who, const void *data, size_t len);

/* ---- numbers that stand for others ------------------------------------------------------------------- */

enum program_family {
    PROGRAM_DATAPATH, PROGRAM_VPORT, PROGRAM_FLOW, PROGRAM_PACKET, PROGRAM_METER, PROGRAM_CT_LIMIT,
    N_PROGRAM_FAMILIES
};
extern const char *const program_family_name[N_PROGRAM_FAMILIES];      /* "ovs_datapath" */

#define PROGRAM_TYPE(family) (0x7d00u + (family))       /* as nlmsg_type */
#define PROGRAM_IFINDEX(port) (0x7d010000u + (port))    /* as a word: of d0 (0) or of a port */
#define PROGRAM_PORTID(who) (0x7d020000u + (who))       /* as a word: of a socket */

struct program_numbers {
    uint16_t family[N_PROGRAM_FAMILIES];
    uint32_t ifindex[PROGRAM_PORTS + 1];
    uint32_t portid[N_PROGRAM_SOCKS];
};

/* Puts the real numbers where theirs stand: types of messages, words at offsets that are multiples of four. */
void program_resolve(void *messages, size_t len, const struct program_numbers *numbers);

#endif
