/* docs.c - prints the documents that follow from tables: key attributes, actions, scenario commands.
 *
 * Nothing here names an attribute, an action or a command: it walks the rows. A test compares
 * what is checked in with what this prints.
 * SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "dp/act.h"
#include "dp/key.h"
#include "sim/fault.h"
#include "sim/reply_fault.h"
#include "sim/scenario.h"
#include "tools/docs/docs.h"

#define GENERATED "<!-- Printed by dpsim-docs from the tables; do not edit. -->\n"

static void print_version(uint16_t version)
{
    if (version)
        printf("%u.%u", version / 1000u, version % 1000u);
}

/* ---- key attributes ---------------------------------------------------------------------------- */

static void print_length(int16_t len)
{
    if (len == KEY_LEN_NESTED)
        printf("nested");
    else if (len == KEY_LEN_VAR)
        printf("variable");
    else
        printf("%d", len);
}

static void print_fields(const struct key_field *field, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct key_field *f = &field[i];

        printf("%s%s%s%s", i ? ", " : "", f->name, f->name[0] ? ": " : "", f->wire->name);
        if (f->max)
            printf(" <= %#x", f->max);
    }
}

static void print_when(const struct key_when *w)
{
    if (w->eth_type[0])
        printf("eth_type %#06x", w->eth_type[0]);
    if (w->eth_type[1])
        printf(" or %#06x", w->eth_type[1]);
    if (w->ip_proto)
        printf(", proto %u", w->ip_proto);
    if (w->icmp_type[0])
        printf(", type %u or %u", w->icmp_type[0], w->icmp_type[1]);
    if (w->not_later_frag)
        printf(", not a later fragment");
}

static void print_flags(unsigned flags)
{
    static const char *const names[] = {
        "set",        "set unmasked only",      "set in any packet", "required",
        "any mask",   "any mask means exact",   "mask limited too",  "mask free",
    };
    const char *separator = "";

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!(flags >> i & 1))
            continue;
        printf("%s%s", separator, names[i]);
        separator = ", ";
    }
}

static int print_keys(void)
{
    printf(GENERATED "# Flow key attributes (OVS_KEY_ATTR_*)\n\n"
                     "Length in bytes. \"When\": the packets the attribute exists in; a mask may have it only if what decides\n"
                     "is matched exactly. \"since\": first Linux version.\n\n"
                     "| nr | name | text | length | members | when | rules | since |\n"
                     "|---|---|---|---|---|---|---|---|\n");
    for (unsigned type = 0; type < N_KEY_ATTRS; type++) {
        const struct key_attr *row = &key_attrs[type];

        if (!row->uapi)
            continue;
        printf("| %u | %s | %s | ", type, row->uapi + strlen("OVS_KEY_ATTR_"), row->name);
        print_length(row->len);
        printf(" | ");
        print_fields(row->field, row->n_fields);
        printf(" | ");
        print_when(&row->when);
        printf(" | ");
        print_flags(row->flags);
        printf(" | ");
        print_version(row->since);
        printf(" |\n");
    }
    return 0;
}

/* ---- actions ------------------------------------------------------------------------------------- */

static int print_actions(void)
{
    printf(GENERATED "# Actions (OVS_ACTION_ATTR_*)\n\n"
                     "Length of the payload in bytes. \"in place\": leaves key and packet as they are, so that a nested list of\n"
                     "such actions needs no copy. \"since\": first Linux version.\n\n"
                     "| nr | name | text | length | members | in place | since |\n"
                     "|---|---|---|---|---|---|---|\n");
    for (unsigned type = 0; type < ACT_SET_TO_MASKED; type++) {
        const struct act *row = act_table[type];

        if (!row)
            continue;
        printf("| %u | %s | %s | ", type, row->uapi + strlen("OVS_ACTION_ATTR_"),
               row->name[0] ? row->name : "port");
        print_length(row->len);
        printf(" | ");
        print_fields(row->field, row->n_fields);
        printf(" | %s | ", row->flags & ACT_KEEPS_KEY ? "yes" : "");
        print_version(row->since);
        printf(" |\n");
    }
    return 0;
}

/* ---- scenario commands ----------------------------------------------------------------------------- */

static int print_scenarios(void)
{
    GString *text = g_string_new(NULL);

    scenario_help(text);
    printf(GENERATED "# Scenario commands\n\n"
                     "One command a line, in a file for `dpsim test` and `dpsim run --scenario`, or as the arguments of\n"
                     "`dpsim do` for a running simulator. KEY and ACTIONS are ovs-dpctl's own text; ports may be names.\n"
                     "TIME is a number with ns, us, ms or s.\n\n"
                     "```\n%s```\n", text->str);
    g_string_free(text, TRUE);
    return 0;
}

/* ---- faults ----------------------------------------------------------------------------------------- */

static int print_faults(void)
{
    printf(GENERATED "# Faults: --fault NAME[:N|:N..|:*]\n\n"
                     "Places where the kernel can fail. `--fault NAME` fails one the first time that it is reached, `NAME:N` the Nth time,\n"
                     "`NAME:N..` from then on, `NAME:*` always; `dpsim run`, `serve`, `test` and `explain` take it, more than once; in a scenario it is the\n"
                     "command `fault`, and counts from there on. `dpsim test --fault-sweep FOLDER...` tries them all ([testing.md](testing.md)).\n"
                     "Wrong answers for the client to deal with are in [reply-faults.md](reply-faults.md).\n\n"
                     "EINTR: in the kernel a signal ends the wait for what is not there yet. `recv_intr` and `poll_intr` end calls that may wait also when\n"
                     "the answer is there already, as if it came a moment later. Calls that do not wait (MSG_DONTWAIT, a timeout of 0) and sends to the\n"
                     "kernel, which take what they need or fail, are never interrupted, here as there.\n\n"
                     "| NAME | what the kernel does not get | where | error | what becomes of it | then |\n"
                     "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < fault_n_points(); i++) {
        const struct fault_point *p = fault_point_at(i);

        printf("| %s | %s | %s | %s | %s | %s |\n", p->name, p->what, p->where, p->error ? err_name(p->error) : "",
               fault_effects[p->effect], p->then);
    }
    return 0;
}

/* ---- wrong replies --------------------------------------------------------------------------------- */

static int print_reply_faults(void)
{
    const char *name, *help;

    printf(GENERATED "# Wrong replies: --fault reply:KIND[@NAME][:N|:N..|:*|:N%%]\n\n"
                     "For the first message that KIND can be done to; for the Nth, all from the Nth on, all, or a seeded share (`--seed`). With NAME only\n"
                     "messages of that name (`OVS_FLOW_CMD_GET`), or that attribute of whichever message has it (`OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS`).\n"
                     "Replies, errors, dumps, notifications and upcalls alike; [debugging.md](debugging.md) shows it at work.\n\n"
                     "| KIND | what is wrong |\n"
                     "|---|---|\n");
    for (size_t i = 0; reply_fault_kind(i, &name, &help); i++)
        printf("| %s | %s |\n", name, help);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*print)(void);
    } docs[] = {
        {"attributes.md", print_keys},
        {"actions.md", print_actions},
        {"scenarios.md", print_scenarios},
        {"faults.md", print_faults},
        {"reply-faults.md", print_reply_faults},
        {"limits.md", print_limits},
    };

    for (size_t i = 0; argc == 2 && i < G_N_ELEMENTS(docs); i++) {
        if (!strcmp(argv[1], docs[i].name))
            return docs[i].print();
    }
    fprintf(stderr, "usage: dpsim-docs attributes.md|actions.md|scenarios.md|faults.md|reply-faults.md|limits.md\n");
    return 2;
}
