/* pcapng.h - captures of several interfaces: what the flight recorder writes and replay reads.
 *
 * Of pcapng: a section header; interface descriptions as interfaces come up, stamps in nanoseconds;
 * enhanced packet blocks with direction and comment; and events, which are no packets: custom
 * blocks (0x00000BAD, private enterprise number 32473, which is reserved for examples) that hold
 * "dpsim TIME_NS TEXT" as text. Wireshark shows those as custom blocks without a protocol.
 *
 * libpcap 1.10 refuses files whose interfaces differ in link type ("an interface has a type 1
 * different from the type of the first interface"), hence a reader of our own. Captures that are
 * to be fed as Ethernet frames are read by sim/pcap_in.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PCAPNG_H
#define SIM_PCAPNG_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { PCAPNG_ETHERNET = 1, PCAPNG_NETLINK = 253 };     /* LINKTYPE_* */

enum pcapng_direction {     /* as in epb_flags, seen from the one who captures */
    PCAPNG_UNKNOWN,
    PCAPNG_IN,
    PCAPNG_OUT,
};

/* ---- writing: pcapng_out.c, in the machine's byte order ---------------------------------------- */

struct pcapng_out;

/* Makes or empties the file. NULL with 'e' if it cannot be written. */
struct pcapng_out *pcapng_out_open(const char *path, struct err *e);

/* Describes one more interface; its number, from 0. */
unsigned pcapng_out_interface(struct pcapng_out *out, const char *name, uint16_t link_type);

struct pcapng_packet {
    unsigned interface;         /* as pcapng_out_interface() gave it */
    enum pcapng_direction direction;
    uint64_t time_ns;           /* since the start of the simulation */
    const void *head;           /* what stands before the data, 'head_len' bytes; NULL: nothing */
    size_t head_len;
    const void *data;
    size_t len;
    const char *comment;        /* NULL: none */
};

/* A failed write, or a packet longer than 256 KiB (left out), is kept and told by check and close. */
void pcapng_out_packet(struct pcapng_out *out, const struct pcapng_packet *p);
/* 'text': one line, without its end. */
void pcapng_out_event(struct pcapng_out *out, uint64_t time_ns, const char *text);

/* Writes out what is buffered. 0, or -errno of the first failure. */
int pcapng_out_check(struct pcapng_out *out, struct err *e);
/* The same, then frees it. NULL allowed. */
int pcapng_out_close(struct pcapng_out *out, struct err *e);

/* ---- reading: pcapng_in.c ----------------------------------------------------------------------- */

struct pcapng_in;

struct pcapng_record {          /* all of it borrowed until the next call */
    enum { PCAPNG_PACKET, PCAPNG_EVENT } kind;
    uint64_t block;             /* number of the block (pcap: of the record) in the file, from 1 */
    size_t offset;              /* of the block in the file, bytes */
    int64_t time_ns;            /* of the file: since the start of the simulation, or since 1970 */
    const char *comment;        /* of a packet, "": none; of an event: its text */
    /* Of a packet: */
    unsigned interface;         /* number in its section; pcap: 0 */
    const char *name;           /* of the interface, "": not said */
    uint16_t link_type;
    enum pcapng_direction direction;
    const uint8_t *data;
    size_t len;                 /* captured */
    size_t full_len;            /* before the capture cut it */
};

/* A pcapng or pcap file of either byte order, whatever its link types. NULL with 'e': cannot be
 * read, or is neither. */
struct pcapng_in *pcapng_in_open(const char *path, struct err *e);
/* The same of bytes in memory, of which it keeps a reference; errors call them 'name'. */
struct pcapng_in *pcapng_in_bytes(GBytes *bytes, const char *name, struct err *e);
void pcapng_in_close(struct pcapng_in *in);         /* NULL allowed */

/* 1: a record, 0: the end, -EBADMSG: damaged from here on, with file, block and offset in 'e'; not
 * to be called again then.
 * Blocks and options that are not known are skipped; blocks that hold packets in a form that is
 * not read (simple and obsolete packet blocks) are refused rather than left out. */
int pcapng_in_next(struct pcapng_in *in, struct pcapng_record *record, struct err *e);

#endif
