/* main.c - fuzz-grammar: the fuzz grammar's dictionary, seeds and requests. docs/fuzzing.md
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/draw.h"
#include "fuzz/grammar.h"
#include "fuzz/target.h"
#include "sim/sim.h"
#include "tools/grammar/dictionary.h"
#include "tools/kernel/fuzz_rows.h"
#include "tools/kernel/fuzz_text.h"

#define MOST_PLACES 2u

struct options {
    uint64_t seed, count;
    const char *place[MOST_PLACES];     /* arguments that are no options */
    unsigned n_places;
};

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("fuzz-grammar: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return 2;
}

/* ---- commands -------------------------------------------------------------------------------------- */

static int do_dictionary(const struct options *o)
{
    if (!dictionary_print(o->place[0]))
        return complain("dictionary: %s is no family; there are ovs_datapath, ovs_vport, ovs_flow, ovs_packet, ovs_meter, "
                        "ovs_ct_limit and route", o->place[0]);
    return 0;
}

static const struct fuzz_target *target_by_name(const char *name)
{
    for (size_t i = 0; i < n_fuzz_targets; i++) {
        if (!strcmp(fuzz_targets[i]->name, name))
            return fuzz_targets[i];
    }
    return NULL;
}

static int write_seed(const char *folder, uint64_t number, const GByteArray *input)
{
    g_autofree char *path = g_strdup_printf("%s/seed_%" PRIu64, folder, number);
    g_autoptr(GError) error = NULL;

    if (g_file_set_contents(path, (const char *)input->data, input->len, &error))
        return 0;
    fprintf(stderr, "fuzz-grammar: %s\n", error->message);
    return 1;
}

static int do_corpus(const struct options *o)
{
    const struct fuzz_target *target;
    g_autoptr(GByteArray) input = g_byte_array_new();
    struct rng r;

    if (o->n_places < 2)
        return complain("corpus: a target and a folder are needed");
    target = target_by_name(o->place[0]);
    if (!target)
        return complain("corpus: %s is no target; 'dpsim-fuzz list' lists them", o->place[0]);
    if (!target->generate)
        return complain("corpus: %s has no generator", target->name);
    rng_init(&r, o->seed);
    for (uint64_t i = 0; i < o->count; i++) {
        g_byte_array_set_size(input, 0);
        target->generate(&r, input);
        if (write_seed(o->place[1], i, input))
            return 1;
    }
    return 0;
}

/* A line of the recorded-case language, and what it is: "# flow_new", "# flow_new, bent: duplicate". */
static void print_request(struct rng *r, const struct netlink *nl)
{
    const struct draw d = {.r = r};
    enum grammar_kind kind = (enum grammar_kind)draw_below(&d, N_GRAMMAR_KINDS);
    g_autoptr(GByteArray) message = g_byte_array_new();
    GString *line = g_string_new(NULL);
    const char *rule = NULL;

    grammar_message(r, kind, message);
    if (draw_one_in(&d, 2))
        rule = grammar_bend(r, message);
    fuzz_text_step(line, nl, &(struct program_step){
                       .kind = PROGRAM_SEND, .who = (uint8_t)grammar_rows[kind].who,
                       .data = message->data, .len = message->len });
    g_strchomp(line->str);
    printf("%s    # %s%s%s\n", line->str, grammar_rows[kind].name, rule ? ", bent: " : "", rule ? rule : "");
    g_string_free(line, TRUE);
}

static int do_requests(const struct options *o)
{
    struct sim *sim = sim_new(NULL);
    struct rng r;

    fuzz_rows_start();
    rng_init(&r, o->seed);
    for (uint64_t i = 0; i < o->count; i++)
        print_request(&r, sim->nl);
    sim_free(sim);
    return 0;
}

/* ---- the command line ------------------------------------------------------------------------------ */

static const struct command {
    const char *name;
    int (*run)(const struct options *o);
    unsigned most_places;
    const char *help;
} commands[] = {
    {"dictionary", do_dictionary, 1,
     "dictionary [FAMILY]\n    tokens for libFuzzer and AFL++: of ovs_flow, ... or route; of all\n"},
    {"corpus", do_corpus, 2,
     "corpus TARGET FOLDER [--seed S] [--count N]\n    writes N valid inputs, FOLDER/seed_0 and on\n"},
    {"requests", do_requests, 0,
     "requests [--seed S] [--count N]\n    prints N requests, half of them bent, one a line\n"},
};

static int help(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        printf("fuzz-grammar %s", commands[i].help);
    return 0;
}

static bool read_number(const char *text, uint64_t *number)
{
    return text && g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, number, NULL);
}

static int read_options(struct options *o, const struct command *c, char **args)
{
    for (; *args; args++) {
        uint64_t *number = !strcmp(*args, "--seed") ? &o->seed : !strcmp(*args, "--count") ? &o->count : NULL;

        if (number && !args[1])
            return complain("%s: a value is missing after %s", c->name, *args);
        if (number && !read_number(args[1], number))
            return complain("%s: bad value for %s: %s", c->name, *args, args[1]);
        if (!number && **args == '-')
            return complain("%s: unknown option %s", c->name, *args);
        if (!number && o->n_places == c->most_places)
            return complain("%s: %s is one argument too many", c->name, *args);
        if (number)
            args++;
        else
            o->place[o->n_places++] = *args;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1, .count = 10};

    if (argc < 2)
        return complain("no command given; 'fuzz-grammar --help' lists them");
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help();
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, argv[1]))
            continue;
        return read_options(&o, &commands[i], argv + 2) ? 2 : commands[i].run(&o);
    }
    return complain("%s is not a command; 'fuzz-grammar --help' lists them", argv[1]);
}
