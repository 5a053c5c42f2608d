/* world.h - the world of program.h in this process, and programs run in it.
 *
 * How it works: the world is kept from one input to the next. What an input may leave behind is either put back by
 * world_ready() (flows, counters, queues, time) or noticed by it (a device more, a request accepted that is
 * not of flows or packets), and then the world is built anew: an input's outcome depends on nothing but the input.
 * The datapath has the features UNALIGNED and VPORT_PIDS.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include "fuzz/program.h"
#include "netlink/socket.h"
#include "sim/device.h"

enum oracle_sum { SUM_NONE, SUM_RIGHT, SUM_WRONG };     /* NONE: there is none, or not all that it sums up */
struct oracle_sums {
    enum oracle_sum ip, transport;
};

/* What an input may change and world_ready() does not put back, as numbers: in a fresh world they are always the same. */
struct world_shape {
    guint n_namespaces, n_devices, n_addrs, n_routes, n_tables, n_rules, n_neighs, n_dps;
    int next_ifindex;
    uint32_t last_conn, n_expects, next_ip_id;
};                      /* (compared as bytes: no padding) */

struct world {
    struct sim *sim;
    struct sim_ns *ns;
    struct datapath *dp;                    /* d0 */
    struct sock *sock[N_PROGRAM_SOCKS];
    struct program_numbers numbers;
    struct world_shape fresh;
    uint64_t fresh_event_id;                /* of the event that the clock would get next */
    bool is_worn;                           /* something that world_ready() cannot put back has been changed */
    bool is_new;                            /* built for this input */
    GByteArray *scratch;                    /* a step's messages with real numbers */
    unsigned n_heavy;                       /* requests of this step that may change more than world_ready() puts back */
    struct world_step {
        unsigned n_asked, n_acks;           /* requests; those of them that asked for an answer */
        bool has_packet;                    /* what leaves now comes of one known packet, whose checksums were: */
        struct oracle_sums sums;
    } step;                                 /* under way */
    bool is_watched;                        /* digest is kept, each frame is looked up by oracle_lookup() */
    uint64_t digest;                        /* of all that clients received and all frames sent */
    struct world_figures {
        uint64_t n_puts, n_deep_puts;       /* flow NEW and SET; accepted, or refused by the table itself */
        uint64_t n_frames, n_executes, n_sent;
    } figures;                              /* of this input */
};

/* The one world of this process, as at the start; used before, or not. */
struct world *world_ready(void);
struct world *world_new(void);
void world_free(void);
/* Runs a program; world_ready() does away with what it leaves. */
void world_run(struct world *w, const uint8_t *program, size_t len);

/* Deletes d0 as a client would, and makes it anew. False, and nothing is done: the world is worn. */
bool world_renew_datapath(struct world *w);

/* The world of this simulation. */
struct world *world_of_sim(const struct sim *sim);

/* For world.c: counts a refused request (a netlink_refused_fn; 'user': the world), sees a frame leave (dp_env.transmit). */
void world_refused(void *user, struct sock *s, const struct nlmsghdr *msg, int error, const struct err *e);
void world_transmit(void *ctx, struct netdev *dev, const struct pkt *p);

#endif
