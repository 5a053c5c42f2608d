/* sim.h - one simulation: clock, random source, namespaces with devices, netlink, datapath.
 *
 * Everything above dp/ hangs on struct sim; struct dp_env is made here. One simulation is
 * single-threaded; several may live in one process.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "dp/dp.h"
#include "netlink/family.h"
#include "sim/chance.h"
#include "sim/clock.h"
#include "sim/limits.h"

struct clients;
struct kernel;
struct player;
struct recorder;
struct scenario;
struct reply_faults;
struct sim_faults;
struct trace;

#define SIM_MOST_CPUS 1024u     /* what a cpu_set_t holds */
#define SIM_START_NS (100 * UINT64_C(1000000000))   /* monotonic time does not start near 0 */

struct sim_options {
    uint64_t seed;              /* of the random source */
    unsigned n_cpus;            /* 0: 4, as the recorded kernel */
    bool shows_cpus;            /* clients see n_cpus in place of the machine's */
    bool is_on_one_cpu;         /* requests run on the first CPU, not on the client's modulo n_cpus */
    uint32_t no_features;       /* OVS_DP_F_* that datapaths refuse, as older kernels do */
    struct chance_options chance;
    uint64_t most_events;       /* of the clock; a command after them is refused. 0: any number */
    struct limits limits;       /* of clients */
};

/* A network namespace: sockets, datapaths, devices. */
struct sim_ns {
    struct sim *sim;
    unsigned id;                /* 0: the first one */
    struct netns *net;
    struct dp_ns *dp;
    GPtrArray *devices;         /* of struct device, in order of ifindex */
    int next_ifindex;
    GQueue packet_socks;        /* of struct packet_sock, in opening order */
    struct packet_sock *sender; /* whose frame is about to meet the taps, NULL: nobody's */
    GPtrArray *addrs;           /* of struct rt_addr: addr.c */
    GPtrArray *routes;          /* of struct rt_route: route.c */
    GArray *tables;             /* that were ever used: route.c */
    GPtrArray *rules;           /* of struct rt_rule: rule.c */
    bool has_own_rules;         /* IPv4's tables local and main are looked at apart */
    GPtrArray *neighs;          /* of struct rt_neigh: neigh.c */
    uint16_t next_ip_id;        /* of IPv4 packets that the host makes */
    unsigned n_users;           /* client processes that hold it */
    bool is_named;              /* a scenario knows it, as ip netns add would: it stays without them */
};

struct sim {
    struct sim_options options;
    struct clock clock;
    struct rng rng;
    struct chance *chance;      /* order, delay and loss of upcalls */
    unsigned cpu;               /* that runs what runs now */
    struct netlink *nl;
    struct dp_env env;
    struct dp_world *dp;
    GPtrArray *namespaces;      /* of struct sim_ns */
    unsigned next_ns_id;
    struct trace *trace;        /* NULL: off */
    struct recorder *recorder;  /* NULL: off */
    struct sim_faults *faults;  /* NULL: nothing is counted and nothing fails */
    struct reply_faults *reply_faults;  /* NULL: clients get what the kernel would send */
    bool is_fed;                /* for it: the frame about to arrive comes from a file */
    struct scenario *scenario;  /* what scenario commands have set up, NULL: nothing yet */
    /* The namespace of a client's process, NULL: there is none. NULL: there are no such clients. */
    struct sim_ns *(*ns_of_pid)(struct sim *sim, uint32_t pid);
    struct clients *clients;    /* NULL: there are none */
    struct player *player;      /* who plays a recorded client, NULL: nobody */
    struct kernel *kernel;      /* who plays a recorded kernel, NULL: nobody */
    struct err refusal;         /* why the last refused request was; code 0: none yet */
    GQueue on_wire;             /* frames between the ends of pairs: wire.c */
    uint64_t wire_ns;           /* when the last one was sent, and how many at that time */
    unsigned n_wire_burst;
    unsigned n_tunnels;         /* under way in each other: tunnel_out.c */
    uint64_t wake_ns, wake_id;  /* the event that calls dp_wake(); UINT64_MAX: there is none */
    uint64_t n_seen;            /* dp_account.n_born at the last rebalance */
};

struct sim *sim_new(const struct sim_options *options);     /* NULL: defaults */
void sim_free(struct sim *sim);                             /* NULL allowed */

/* Before there are datapaths or devices but lo. */
void sim_set_cpus(struct sim *sim, unsigned n);

/* Time is what it was when the simulation began. False, and nothing is done: something is still to happen. */
bool sim_restart_time(struct sim *sim);

/* Delivers what is between the ends of pairs now, without moving time. For the end of a request
 * or command: others wait for the next event. */
void sim_settle(struct sim *sim);

/* The namespace that clients start in; made by sim_new() with a loopback device "lo". */
struct sim_ns *sim_root_ns(struct sim *sim);
struct sim_ns *sim_ns_new(struct sim *sim);
struct sim_ns *sim_ns_by_id(struct sim *sim, unsigned id);  /* NULL: no such */
void sim_ns_free(struct sim_ns *ns);

#endif
