/* chance.h - what a machine leaves to chance, as inputs of a run: order, delay and loss of upcalls, CPUs of packets.
 *
 * All of it is off at first and costs nothing then. Each draws from a stream of its own, made from the
 * seed, and for every upcall or packet whatever the others say: turning one on changes no draw of
 * another one's, nor of the datapath's.
 *
 * How it works: an upcall that is not to be handed over at once is kept (a copy) until its time has come on the
 * virtual clock and nothing else is left to do at that time. Those that are due then go to their
 * sockets in the order that is asked for. Only then they count against the sockets' buffers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stddef.h>
#include <stdint.h>

struct device;
struct err;
struct scan;
struct sim;
struct sim_ns;

enum chance_order { CHANCE_FIFO, CHANCE_REVERSE, CHANCE_SEED, N_CHANCE_ORDERS };
enum chance_rx { CHANCE_RX_ONE, CHANCE_RX_HASH, CHANCE_RX_SEED };

struct chance_options {         /* all 0: nothing is left to chance */
    enum chance_order order;    /* of upcalls that are due at the same time */
    uint64_t min_delay_ns, max_delay_ns;
    uint32_t loss;              /* of upcalls: the share times 2^32 */
    enum chance_rx rx;          /* which CPU a packet from the wire arrives on */
    unsigned rx_cpu;            /* CHANCE_RX_ONE: this one, modulo the CPUs that there are */
};

/* ---- as text --------------------------------------------------------------------------------- */

/* One row an option of the command line, and a scenario's command of the same name. */
/* clang-format off */
#define CHANCE_ROWS(ROW) \
    ROW("upcall-order", "fifo|reverse|seed",  "the order in which upcalls of the same time reach their sockets (fifo)", order) \
    ROW("upcall-delay", "TIME|MIN..MAX",      "upcalls reach their sockets so much later on the virtual clock, a seeded time from MIN to MAX (0)", delay) \
    ROW("upcall-loss",  "N%",                 "so many upcalls, seeded ones, find their sockets' buffers full (0%)", loss) \
    ROW("rx-cpu",       "N|hash|seed",        "the CPU that packets from the wire arrive on: N, one for each flow, or seeded (0)", rx)
/* clang-format on */

/* chance_scan_NAME(): takes a row's value; 0, or -EINVAL with a sentence. */
typedef int chance_scan_fn(struct scan *in, struct chance_options *o, struct err *e);
#define CHANCE_SCAN(name, usage, help, id) chance_scan_fn chance_scan_##id;
CHANCE_ROWS(CHANCE_SCAN)
#undef CHANCE_SCAN

/* ---- at work --------------------------------------------------------------------------------- */

/* Made with sim->options.seed and .chance. What is still kept at the end has not arrived. */
struct chance *chance_new(struct sim *sim);
void chance_free(struct chance *c);             /* NULL allowed */

/* From now on; what is kept already arrives when it was to arrive. */
void chance_set(struct sim *sim, const struct chance_options *o);
/* The streams begin anew with this seed. */
void chance_seed(struct chance *c, uint64_t seed);
/* A namespace goes: upcalls on their way to its sockets are lost. */
void chance_forget(struct chance *c, const struct sim_ns *ns);

/* A frame comes from the wire: device_receive() on the CPU that it is to arrive on. */
void chance_receive(struct device *d, const void *frame, size_t len);

#endif
