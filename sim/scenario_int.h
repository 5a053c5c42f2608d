/* scenario_int.h - what the files of the scenario engine share with each other and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SCENARIO_INT_H
#define SIM_SCENARIO_INT_H

#include "base/scan.h"
#include "dp/key.h"
#include "sim/device.h"
#include "sim/local.h"
#include "sim/pcap_out.h"
#include "sim/scenario.h"

struct scenario {
    struct sim *sim;
    struct sim_ns *ns;          /* the namespace that names are looked up in */
    struct local nl;            /* the socket that requests go through */
    char *in_folder, *out_folder;       /* NULL: the current one */
    GPtrArray *recordings;      /* of struct recording */
    GPtrArray *injections;      /* of struct injection, not ended */
    struct upcall_watch *upcalls;       /* NULL: misses are not answered here */
    bool is_refused;            /* the datapath answered the command with an error */
    bool is_running;            /* run: time stops with the last injection */
    const struct scenario_programs *programs;   /* NULL: none may be started */
    const struct scenario_files *files;         /* NULL: those of in_folder and out_folder */
    int exit_status;            /* of the program that the command has run, -1: it has run none */
    void (*at)(void *ctx, const char *where);   /* NULL: nobody wants to know */
    void *at_ctx;
    struct err failed;          /* first failure of an injection, code 0: none */
};

enum scn_effect {
    SCN_LOOKS,          /* asks, compares or records; leaves all as it is */
    SCN_BUILDS,         /* changes what there is */
    SCN_FEEDS,          /* makes packets and lets them in */
    SCN_INJECTS,        /* lets packets of a file in, now and later */
    SCN_MOVES_TIME,     /* returns at a later time */
};

/* The rest of a line after the command's name is in 'args'. */
struct scn_command {
    const char *name, *usage, *help;
    enum scn_effect effect;
    int (*run)(struct scenario *scn, struct scan *args, GString *out, struct err *e);
};

extern const struct scn_command scn_commands[];         /* ends with name NULL */
const struct scn_command *scn_command_find(const char *name);

struct scenario *scenario_get(struct sim *sim);         /* made at the first use */
/* Where a file that a command names is to be found, or made: new string, NULL with 'e': it is refused. */
char *scn_path(const struct scenario *scn, const char *name, bool is_written, struct err *e);
char *scn_folder_path(const char *folder, const char *name);        /* the same of a folder, NULL: the current one */

/* ---- arguments (scenario_args.c) ------------------------------------------------------------- */

/* Each takes leading blanks, then what it names; -EINVAL with a sentence if it is not there. */
int scn_word(struct scan *args, const char *what, char *word, size_t size, struct err *e);
int scn_end(struct scan *args, struct err *e);
int scn_device(struct scenario *scn, struct scan *args, struct device **d, struct err *e);
/* A datapath by name: its local device. */
int scn_dp(struct scenario *scn, struct scan *args, struct device **local, struct err *e);
/* Moves time by so much. -ERANGE: time ends before. */
int scn_move_on(struct scenario *scn, uint64_t ns, struct err *e);
int scn_duration(struct scan *args, uint64_t *ns, struct err *e);
int scn_hex(struct scan *args, GByteArray *bytes, struct err *e);

/* "name=number" options in any order. */
struct scn_number {
    const char *name;
    uint64_t max;
    uint64_t value;
    bool is_given;
};

/* Takes options until something else comes. */
int scn_numbers(struct scan *args, struct scn_number *numbers, size_t n, struct err *e);

/* Compares what was given with 'got', of 'what': 0, or -EPROTO naming each difference. */
int scn_compare(const struct scn_number *want, const uint64_t *got, size_t n, const char *what,
                struct err *e);

/* Port names of a datapath in flow text; 'names' points into 'ctx'. */
struct scn_names {
    struct scenario *scn;
    int dp_ifindex;
    struct key_text text;
};

void scn_names_init(struct scn_names *names, struct scenario *scn, int dp_ifindex);

/* A request of the command: local_call() that notes a refusal by the datapath. */
int scn_call(struct scenario *scn, const GByteArray *request, local_answer_fn *fn, void *ctx,
             struct err *e);

/* ---- commands -------------------------------------------------------------------------------- */

#define SCN_COMMAND(x)                                                                            \
    int scn_##x(struct scenario *scn, struct scan *args, GString *out, struct err *e)

/* scenario_dp.c */
SCN_COMMAND(dp_add);
SCN_COMMAND(dp_del);
SCN_COMMAND(port_add);
SCN_COMMAND(port_del);
SCN_COMMAND(upcall);
SCN_COMMAND(show);
SCN_COMMAND(expect_stats);
/* scenario_net.c */
SCN_COMMAND(netns);
SCN_COMMAND(veth);
SCN_COMMAND(addr);
SCN_COMMAND(neigh);
/* scenario_sysctl.c */
SCN_COMMAND(sysctl);
/* scenario_clients.c */
SCN_COMMAND(clients);
SCN_COMMAND(expect_clients);
/* scenario_chance.c */
SCN_COMMAND(seed);
SCN_COMMAND(cpus);
#define SCN_CHANCE(name, usage, help, id) SCN_COMMAND(chance_##id);
CHANCE_ROWS(SCN_CHANCE)
#undef SCN_CHANCE
/* scenario_fault.c */
SCN_COMMAND(fault);
/* scenario_flow.c */
SCN_COMMAND(flow_add);
SCN_COMMAND(flow_mod);
SCN_COMMAND(flow_del);
SCN_COMMAND(flow_flush);
SCN_COMMAND(execute);
/* scenario_dump.c */
SCN_COMMAND(flow_dump);
SCN_COMMAND(expect_flow);
/* scenario_packets.c */
SCN_COMMAND(inject);
SCN_COMMAND(send);
SCN_COMMAND(record);
SCN_COMMAND(expect);
SCN_COMMAND(run);
/* scenario_wire.c */
SCN_COMMAND(link);
SCN_COMMAND(unlink);
SCN_COMMAND(host);
SCN_COMMAND(ping);
SCN_COMMAND(expect_host);

/* scenario_program.c */
SCN_COMMAND(start);
SCN_COMMAND(exec);
SCN_COMMAND(wait);

/* Moves time until no injection is left. */
int scn_run_injections(struct scenario *scn, struct err *e);
/* Takes the failure of an injection, 0: there was none. */
int scn_failure(struct scenario *scn, struct err *e);
/* Ends all injections; closes all recordings, 0 or -errno of the first failed write. */
void scn_injections_end(struct scenario *scn);
int scn_recordings_check(const struct scenario *scn, struct err *e);
int scn_recordings_close(struct scenario *scn, struct err *e);

/* Reads "KEY ACTIONS" or "KEY" of a flow. */
struct scn_flow {
    GByteArray *key, *mask, *actions;
};

void scn_flow_init(struct scn_flow *f);
void scn_flow_done(struct scn_flow *f);
int scn_flow_key(struct scan *args, struct scn_flow *f, const struct scn_names *names,
                 struct err *e);

#endif
