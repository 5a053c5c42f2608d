/* tape.h - a recording in memory: its records in order, read from a pcapng or pcap file, written back in parts.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLAY_TAPE_H
#define SIM_REPLAY_TAPE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pcapng_in;

enum tape_kind {
    TAPE_EVENT,         /* a line of sim/recorder.h */
    TAPE_REQUEST,       /* a datagram to the kernel */
    TAPE_ANSWER,        /* a datagram to a client */
    TAPE_FRAME_IN,      /* a frame that a device received */
    TAPE_FRAME_OUT,     /* a frame that left by it */
};

struct tape_record {
    enum tape_kind kind;
    uint64_t number;            /* in the file, from 1, as dpsim show and Wireshark count; 0: was not there */
    uint64_t time_ns;           /* since the start */
    char *text;                 /* the event, or a packet's comment: "WORD NAME=VALUE ..." */
    int protocol;               /* of datagrams, NETLINK_* */
    unsigned sock;              /* the socket it is about, as numbered in the recording; 0: none */
    char *device;               /* of frames: as the interface is named */
    uint8_t *data;              /* of packets, without the cooked header; at least a nlmsghdr's length */
    size_t len;
    bool is_done;               /* for players */
};

struct tape {
    char *path;
    GPtrArray *records;         /* of struct tape_record, owned */
    uint64_t n_read;            /* records of the file so far */
    bool has_events;            /* false: of a real kernel, by nlmon */
    bool is_whole;              /* its "end" is there */
    uint64_t most_events;       /* of the clock when it is played, 0: any number */
};

/* NULL with 'e', which names file, block and offset of damage. */
struct tape *tape_read(const char *path, struct err *e);
/* The same of a file that is open, which it closes; errors call it 'path'. */
struct tape *tape_take(struct pcapng_in *in, const char *path, struct err *e);
void tape_free(struct tape *t);         /* NULL allowed */
void tape_record_free(void *record);

/* A copy with those records that 'keeps' has set. */
struct tape *tape_part(const struct tape *t, const bool *keeps);
int tape_write(const struct tape *t, const char *path, struct err *e);

/* Is it an event that begins with this word? Its line behind it, or NULL. */
const char *tape_event(const struct tape_record *r, const char *word);
/* The number of "NAME=" in a line, 'otherwise' if it is not there; decimal, hexadecimal, negative. */
int64_t tape_number(const char *text, const char *name, int64_t otherwise);
/* Of a datagram's first message. */
uint32_t tape_seq(const struct tape_record *r);
/* For trees whose keys are sockets' numbers. */
int tape_sock_order(const void *a, const void *b, void *unused);
/* The bytes of "NAME=HEX", NULL: not there or no bytes. New array. */
GByteArray *tape_bytes(const char *text, const char *name);

#endif
