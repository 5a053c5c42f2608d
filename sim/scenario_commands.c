/* scenario_commands.c - the table of scenario commands, and the small ones.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "sim/scenario_int.h"
#include "sim/summary.h"
#include "sim/trace.h"

static int scn_advance(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    uint64_t wait = 0;
    int r;

    (void)out;
    if ((r = scn_duration(args, &wait, e)) || (r = scn_end(args, e)))
        return r;
    return scn_move_on(scn, wait, e);
}

static int set_flag(struct scenario *scn, struct scan *args, bool is_up, struct err *e)
{
    struct device *d = NULL;
    int r;

    if ((r = scn_device(scn, args, &d, e)) || (r = scn_end(args, e)))
        return r;
    return device_change_flags(d, (device_flags(d) & ~(unsigned)IFF_UP) | (is_up ? IFF_UP : 0), e);
}

static int scn_up(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    (void)out;
    return set_flag(scn, args, true, e);
}

static int scn_down(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    (void)out;
    return set_flag(scn, args, false, e);
}

static int scn_mtu(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct device *d = NULL;
    uint64_t mtu;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)))
        return r;
    scan_blanks(args);
    if (!scan_u64(args, UINT32_MAX, &mtu))
        return err_set(e, EINVAL, "column %zu: the MTU is missing", scan_column(args));
    r = scn_end(args, e);
    return r ? r : device_set_mtu(d, (uint32_t)mtu, e);
}

static int scn_add_device(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    char name[IFNAMSIZ];
    int r;

    (void)out;
    if ((r = scn_word(args, "a name", name, sizeof(name), e)) || (r = scn_end(args, e)))
        return r;
    return device_add(scn->ns, name, NETDEV_VIRTUAL, 0, e) ? 0 : -e->code;
}

static int scn_del_device(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    struct device *d = NULL;
    int r;

    (void)out;
    if ((r = scn_device(scn, args, &d, e)) || (r = scn_end(args, e)))
        return r;
    if (d->dev.kind != NETDEV_VIRTUAL)
        return err_set(e, EOPNOTSUPP, "device %s goes only with its port", d->dev.name);
    device_del(d);
    return 0;
}

/* Without a file: goes on where it was, at first to standard output. */
static int trace_on(struct scenario *scn, struct scan *args, struct err *e)
{
    char name[PATH_MAX], *path;
    bool has_file = !scan_done(args);
    int r;

    if (has_file && (r = scn_word(args, "a file", name, sizeof(name), e)))
        return r;
    if ((r = scn_end(args, e)))
        return r;
    if (!has_file && scn->sim->trace) {
        trace_mute(scn->sim, false);
        return 0;
    }
    path = has_file || scn->files ? scn_path(scn, has_file ? name : "-", true, e) : g_strdup("-");
    r = path ? trace_open(scn->sim, path, e) : -e->code;
    g_free(path);
    return r;
}

static int scn_trace(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    int r;

    (void)out;
    scan_blanks(args);
    if (scan_word(args, "on"))
        return trace_on(scn, args, e);
    if (!scan_word(args, "off"))
        return err_set(e, EINVAL, "column %zu: neither on nor off", scan_column(args));
    if (!(r = scn_end(args, e)))
        trace_mute(scn->sim, true);
    return r;
}

static int scn_summary(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    g_autofree char *text = NULL;
    int r = scn_end(args, e);

    if (r)
        return r;
    text = sim_summary(scn->sim);
    g_string_append(out, text);
    return 0;
}

static int scn_help(struct scenario *scn, struct scan *args, GString *out, struct err *e)
{
    int r = scn_end(args, e);

    (void)scn;
    if (!r)
        scenario_help(out);
    return r;
}

#define CHANCE_ROW(name, usage, help, id) { name, usage, help, SCN_BUILDS, scn_chance_##id },

/* clang-format off */
const struct scn_command scn_commands[] = {
    { "dp",          "NAME [down]",                             "makes a datapath, its local device up", SCN_BUILDS, scn_dp_add },
    { "del-dp",      "NAME",                                    "deletes a datapath", SCN_BUILDS, scn_dp_del },
    { "port",        "DP NAME [type=netdev|internal|gre|vxlan|geneve] [no=N] [dst_port=N] [gbp] [down]", "adds a port, its device up; makes the device if it is missing", SCN_BUILDS, scn_port_add },
    { "del-port",    "DP NAME",                                 "removes a port", SCN_BUILDS, scn_port_del },
    { "device",      "NAME",                                    "makes a network device, down, for others to make a port", SCN_BUILDS, scn_add_device },
    { "del-device",  "DEV",                                     "takes a device away, with its port", SCN_BUILDS, scn_del_device },
    { "netns",       "N",                                       "goes on in network namespace N (0: the first); makes it if N is the next", SCN_BUILDS, scn_netns },
    { "veth",        "NAME PEER [netns=N]",                     "makes a pair of devices, both up, the peer in namespace N", SCN_BUILDS, scn_veth },
    { "addr",        "DEV IP/LEN",                              "gives a device an address, as ip addr add", SCN_BUILDS, scn_addr },
    { "neigh",       "DEV IP MAC",                              "makes a neighbour known, as ip neigh replace", SCN_BUILDS, scn_neigh },
    { "up",          "DEV",                                     "brings a device up", SCN_BUILDS, scn_up },
    { "down",        "DEV",                                     "takes a device down", SCN_BUILDS, scn_down },
    { "mtu",         "DEV BYTES",                               "sets a device's MTU", SCN_BUILDS, scn_mtu },
    { "sysctl",      "[NAME[=VALUE]]",                          "sets or prints a variable of connection tracking (net.netfilter.nf_conntrack_*), or prints them all", SCN_BUILDS, scn_sysctl },
    { "flow",        "DP KEY ACTIONS",                          "adds a flow, as ovs-dpctl add-flow", SCN_BUILDS, scn_flow_add },
    { "mod-flow",    "DP KEY ACTIONS",                          "changes a flow's actions, as ovs-dpctl mod-flow", SCN_BUILDS, scn_flow_mod },
    { "del-flow",    "DP KEY",                                  "deletes a flow", SCN_BUILDS, scn_flow_del },
    { "del-flows",   "DP",                                      "deletes all flows", SCN_BUILDS, scn_flow_flush },
    { "upcall",      "[DP] drop|normal",                        "answers the misses of a datapath, or of all: drop, or a learning switch", SCN_BUILDS, scn_upcall },
    CHANCE_ROWS(CHANCE_ROW)
    { "fault",       "NAME[:N|:N..|:*]",                        "fails this point (docs/faults.md) the Nth time that it is reached from now on (1), from then on, or always", SCN_BUILDS, scn_fault },
    { "seed",        "N",                                       "begins all streams of random numbers anew, with this seed", SCN_BUILDS, scn_seed },
    { "cpus",        "N",                                       "sets how many CPUs there are, before there is a device", SCN_BUILDS, scn_cpus },
    { "inject",      "DEV FILE.pcap [first=N] [count=N]",       "feeds the frames of a file, or N of them, at their distance in time, from now on", SCN_INJECTS, scn_inject },
    { "send",        "DEV HEX",                                 "feeds one frame now", SCN_FEEDS, scn_send },
    { "execute",     "DP in_port=PORT HEX ACTIONS",             "lets the datapath run actions on a frame", SCN_FEEDS, scn_execute },
    { "record",      "DEV FILE.pcap",                           "records what leaves by a device", SCN_LOOKS, scn_record },
    { "link",        "DEV DEV [delay=TIME] [loss=N%]",          "joins two devices: what leaves one arrives at the other", SCN_BUILDS, scn_link },
    { "unlink",      "DEV",                                     "ends a device's link", SCN_BUILDS, scn_unlink },
    { "host",        "DEV ADDR[/LEN] [mac=MAC]",                "puts a host behind a device, or gives it one address more", SCN_BUILDS, scn_host },
    { "ping",        "DEV ADDR",                                "lets the host behind a device send one echo request", SCN_FEEDS, scn_ping },
    { "start",       "[>FILE] PROGRAM [ARGUMENTS...]",          "starts a program that sees the simulator, until the scenario ends; what it prints goes to FILE or PROGRAM.out", SCN_MOVES_TIME, scn_start },
    { "exec",        "[>FILE] PROGRAM [ARGUMENTS...]",          "the same, and waits for its end; it prints what the program prints; exit status must be 0, or N with !N behind", SCN_MOVES_TIME, scn_exec },
    { "advance",     "TIME",                                    "moves virtual time", SCN_MOVES_TIME, scn_advance },
    { "run",         "",                                        "moves virtual time until all frames are fed", SCN_MOVES_TIME, scn_run },
    { "expect",      "DEV packets=N [bytes=N]",                 "compares what has left by a device", SCN_LOOKS, scn_expect },
    { "expect-host", "DEV [pings=N] [replies=N] [answered=N]",  "compares what the host behind a device has counted", SCN_LOOKS, scn_expect_host },
    { "expect-flow", "DP KEY [packets=N] [bytes=N] [actions=ACTIONS]", "compares a flow", SCN_LOOKS, scn_expect_flow },
    { "expect-stats", "DP [hit=N] [missed=N] [lost=N] [flows=N] [masks=N] [mask-hit=N] [cache-hit=N]", "compares a datapath's counters", SCN_LOOKS, scn_expect_stats },
    { "wait",        "[TIME] COMMAND",                          "lets time pass until the command succeeds, at most so long (30s)", SCN_LOOKS, scn_wait },
    { "dump-flows",  "DP [-m] [--names|--no-names]",            "prints the flows, as ovs-dpctl dump-flows with the same options", SCN_LOOKS, scn_flow_dump },
    { "show",        "",                                        "prints datapaths and ports, as ovs-dpctl show", SCN_LOOKS, scn_show },
    { "clients",     "",                                        "prints what each client uses of what is limited (docs/limits.md), and what it was refused", SCN_LOOKS, scn_clients },
    { "expect-clients", "[NAME=N...] [refused=N]",              "compares what all clients use of limits by name, and how often they were refused", SCN_LOOKS, scn_expect_clients },
    { "summary",     "",                                        "prints what has become of every packet", SCN_LOOKS, scn_summary },
    { "trace",       "on [FILE]|off",                           "turns the steps of packets and refused requests on and off in the trace", SCN_LOOKS, scn_trace },
    { "help",        "",                                        "prints this list", SCN_LOOKS, scn_help },
    { NULL, NULL, NULL, SCN_LOOKS, NULL },
};
/* clang-format on */

const struct scn_command *scn_command_find(const char *name)
{
    for (const struct scn_command *cmd = scn_commands; cmd->name; cmd++)
        if (!strcmp(cmd->name, name))
            return cmd;
    return NULL;
}

void scenario_help(GString *out)
{
    for (const struct scn_command *cmd = scn_commands; cmd->name; cmd++)
        g_string_append_printf(out, "%s%s%s\n    %s\n", cmd->name, *cmd->usage ? " " : "",
                               cmd->usage, cmd->help);
    g_string_append(out, "A line may begin with +TIME (time passes first) and end with !ENAME (the "
                         "datapath must\nanswer that error) or !N (the program must exit with that status); "
                         "';' separates\ncommands, '#' begins a comment, neither in quotes.\n");
}
