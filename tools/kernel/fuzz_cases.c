/* fuzz_cases.c - writes the programs of a differential run, and reads what fuzz-drive says of them. docs/kernel-run.md
 *
 *   fuzz-cases generate SEED FIRST COUNT [UNWANTED]
 *       lines "program SEED/NUMBER HEX STEP,STEP..." for fuzz-drive; a step is what was drawn ("flow_new"), with the rule it was
 *       bent by ("flow_new~length"). The regular expression UNWANTED is found in no request's line of a recorded case.
 *   fuzz-cases text PROGRAMS TRANSCRIPT
 *       the same programs and their answers as recorded cases
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/grammar.h"
#include "sim/sim.h"
#include "tools/kernel/fuzz_rows.h"
#include "tools/kernel/fuzz_text.h"

/* ---- generate ------------------------------------------------------------------------------------------------ */

#define MIN_REQUESTS 4
#define MAX_REQUESTS 16
#define BENT_OF_100 35          /* requests of a hundred that break a rule */
#define FRAMES_OF_100 12        /* steps of a hundred that are frames */

/* How often what is drawn: flows and packets have the most rules. rtnetlink is another kernel part: few. */
static const uint8_t weights[N_GRAMMAR_KINDS] = {
    [GRAMMAR_FLOW_NEW] = 30, [GRAMMAR_FLOW_SET] = 8,  [GRAMMAR_FLOW_GET] = 4,   [GRAMMAR_FLOW_DEL] = 4,
    [GRAMMAR_FLOW_DUMP] = 1, [GRAMMAR_EXECUTE] = 25,  [GRAMMAR_DP_NEW] = 2,     [GRAMMAR_DP_SET] = 2,
    [GRAMMAR_DP_GET] = 2,    [GRAMMAR_DP_DEL] = 1,    [GRAMMAR_DP_DUMP] = 1,    [GRAMMAR_VPORT_NEW] = 4,
    [GRAMMAR_VPORT_SET] = 3, [GRAMMAR_VPORT_GET] = 2, [GRAMMAR_VPORT_DEL] = 2,  [GRAMMAR_VPORT_DUMP] = 1,
    [GRAMMAR_METER_SET] = 3, [GRAMMAR_METER_GET] = 2, [GRAMMAR_METER_DEL] = 2,  [GRAMMAR_METER_FEATURES] = 1,
    [GRAMMAR_CT_LIMIT_SET] = 2, [GRAMMAR_CT_LIMIT_GET] = 2, [GRAMMAR_CT_LIMIT_DEL] = 2,
};
/* What the world has become: the last steps of each program. */
static const enum grammar_kind closing[] = {GRAMMAR_FLOW_DUMP, GRAMMAR_VPORT_DUMP, GRAMMAR_DP_DUMP};

static unsigned below(struct rng *r, unsigned n)
{
    return (unsigned)(rng_u64(r) % n);
}

static enum grammar_kind draw_kind(struct rng *r)
{
    unsigned total = 0, at;

    for (unsigned i = 0; i < N_GRAMMAR_KINDS; i++)
        total += weights[i];
    at = below(r, total);
    for (unsigned i = 0;; at -= weights[i++])
        if (at < weights[i])
            return (enum grammar_kind)i;
}

/* A program being drawn. */
struct draft {
    const struct netlink *nl;
    const GRegex *unwanted;     /* NULL: none */
    struct rng r;
    GByteArray *program;
    GString *labels;
};

static bool is_wanted(const struct draft *d, const GByteArray *message)
{
    struct program_step step = {.kind = PROGRAM_SEND, .len = message->len, .data = message->data};
    GString *line = g_string_new(NULL);
    bool is_there;

    fuzz_text_step(line, d->nl, &step);
    is_there = d->unwanted && g_regex_match(d->unwanted, line->str, 0, NULL);
    g_string_free(line, TRUE);
    return !is_there;
}

static void add_step(struct draft *d, enum program_kind kind, unsigned who, const GByteArray *data, const char *label)
{
    if (data->len > UINT16_MAX)
        return;
    g_string_append_printf(d->labels, "%s%s", d->labels->len ? "," : "", label);
    program_put(d->program, kind, (uint8_t)who, data->data, data->len);
}

static void add_request(struct draft *d, enum grammar_kind kind, bool may_bend)
{
    GByteArray *message = g_byte_array_new();
    GString *label = g_string_new(NULL);
    bool is_fine;

    do {
        g_byte_array_set_size(message, 0);
        grammar_message(&d->r, kind, message);
        g_string_assign(label, grammar_rows[kind].name);
        is_fine = is_wanted(d, message);
        if (is_fine && may_bend && below(&d->r, 100) < BENT_OF_100) {
            g_string_append_printf(label, "~%s", grammar_bend(&d->r, message));
            is_fine = is_wanted(d, message);
        }
    } while (!is_fine);
    add_step(d, PROGRAM_SEND, grammar_rows[kind].who, message, label->str);
    g_string_free(label, TRUE);
    g_byte_array_unref(message);
}

static void add_frame(struct draft *d)
{
    GByteArray *frame = g_byte_array_new();

    grammar_frame(&d->r, NULL, frame);
    add_step(d, PROGRAM_FRAME, below(&d->r, PROGRAM_PORTS), frame, "frame");
    g_byte_array_unref(frame);
}

static void draw_program(struct draft *d)
{
    unsigned n = MIN_REQUESTS + below(&d->r, MAX_REQUESTS - MIN_REQUESTS + 1);

    for (unsigned i = 0; i < n; i++)
        if (below(&d->r, 100) < FRAMES_OF_100)
            add_frame(d);
        else
            add_request(d, draw_kind(&d->r), true);
    for (unsigned i = 0; i < G_N_ELEMENTS(closing); i++)
        add_request(d, closing[i], false);
}

/* A program is the same whatever was drawn before it. */
static void print_program(struct draft *d, uint64_t seed, uint64_t number)
{
    g_byte_array_set_size(d->program, 0);
    g_string_truncate(d->labels, 0);
    rng_init(&d->r, seed);
    rng_init(&d->r, rng_u64(&d->r) + number);
    draw_program(d);
    printf("program %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " ", seed, number);
    for (guint i = 0; i < d->program->len; i++)
        printf("%02x", d->program->data[i]);
    printf(" %s\n", d->labels->str);
}

static int generate(char **argv)
{
    uint64_t seed = strtoull(argv[0], NULL, 0), first = strtoull(argv[1], NULL, 0), count = strtoull(argv[2], NULL, 0);
    struct sim *sim = sim_new(NULL);
    GError *error = NULL;
    GRegex *unwanted = argv[3] ? g_regex_new(argv[3], G_REGEX_OPTIMIZE, 0, &error) : NULL;
    struct draft d = {.nl = sim->nl, .unwanted = unwanted, .program = g_byte_array_new(), .labels = g_string_new(NULL)};

    for (uint64_t i = 0; i < count && !error; i++)
        print_program(&d, seed, first + i);
    g_byte_array_unref(d.program);
    g_string_free(d.labels, TRUE);
    if (unwanted)
        g_regex_unref(unwanted);
    sim_free(sim);
    if (!error)
        return 0;
    fprintf(stderr, "fuzz-cases: %s\n", error->message);
    g_error_free(error);
    return 2;
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

struct program {
    char *name;
    GByteArray *bytes;
    char **labels;
};

static void program_free(void *at)
{
    struct program *p = at;

    g_free(p->name);
    g_byte_array_unref(p->bytes);
    g_strfreev(p->labels);
    g_free(p);
}

static GByteArray *scan_hex(const char *text)
{
    GByteArray *bytes = g_byte_array_new();

    for (; g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1]); text += 2) {
        uint8_t byte = (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));

        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

/* By name. */
static GHashTable *read_programs(FILE *in)
{
    GHashTable *programs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, program_free);
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, in) > 0) {
        char **word = g_strsplit(g_strchomp(line), " ", 4);

        if (g_strv_length(word) >= 3 && !strcmp(word[0], "program")) {
            struct program *p = g_new0(struct program, 1);

            *p = (struct program){g_strdup(word[1]), scan_hex(word[2]), g_strsplit(word[3] ? word[3] : "", ",", -1)};
            g_hash_table_replace(programs, p->name, p);
        }
        g_strfreev(word);
    }
    free(line);
    return programs;
}

/* A program's answers as they are read. */
struct reader {
    const struct netlink *nl;
    const struct program *program;      /* NULL: between two */
    struct program_numbers numbers;
    const uint8_t *at;                  /* steps that are not printed yet */
    size_t left;
    struct program_step step;           /* the last one that is */
    int number;                         /* its number, -1: none yet */
    GPtrArray *lines;                   /* answers to it */
};

static int line_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Parts of a dump come in the order of a hash. */
static void print_answers(struct reader *r)
{
    char **line = (char **)r->lines->pdata;

    for (guint i = 0, end; i < r->lines->len; i = end) {
        for (end = i; end < r->lines->len && *line[end] == '*';)
            end++;
        qsort(line + i, end - i, sizeof(*line), line_order);
        end = MAX(end, i + 1);
        for (guint k = i; k < end; k++)
            puts(line[k] + (*line[k] == '*'));
    }
    g_ptr_array_set_size(r->lines, 0);
}

/* Prints steps up to the one with this number. */
static void print_steps(struct reader *r, int number)
{
    GString *text = g_string_new(NULL);

    while (r->number < number && program_next(&r->at, &r->left, &r->step)) {
        const char *label = (guint)++r->number < g_strv_length(r->program->labels) ? r->program->labels[r->number] : "-";

        print_answers(r);
        g_string_printf(text, "# step %d %s\n", r->number, label);
        fuzz_text_step(text, r->nl, &r->step);
        fputs(text->str, stdout);
    }
    g_string_free(text, TRUE);
}

static void program_begin(struct reader *r, GHashTable *programs, const char *name)
{
    r->program = g_hash_table_lookup(programs, name);
    if (!r->program)
        return;
    r->at = r->program->bytes->data;
    r->left = r->program->bytes->len;
    r->number = -1;
    printf("case fuzz/%s\n", name);
    for (unsigned i = 0; i < N_PROGRAM_FAMILIES; i++)
        printf("%s%s", i ? " group:" : "sock u0 group:", program_family_name[i]);
    printf("\nsetup ports=p1:1,p2:2,p3:3 up\n");
}

static void read_numbers(struct reader *r, char **word)
{
    for (int i = 0; i < N_PROGRAM_FAMILIES && *word; i++)
        r->numbers.family[i] = (uint16_t)strtoul(*word++, NULL, 10);
    for (int i = 0; i <= PROGRAM_PORTS && *word; i++)
        r->numbers.ifindex[i] = (uint32_t)strtoul(*word++, NULL, 10);
    for (int i = 0; i < N_PROGRAM_SOCKS && *word; i++)
        r->numbers.portid[i] = (uint32_t)strtoul(*word++, NULL, 10);
}

/* "STEP WHO HEX" or "STEP WHO !ERRNO". */
static void read_answer(struct reader *r, char **word)
{
    unsigned who = (unsigned)strtoul(word[1], NULL, 10);
    struct fuzz_answer a = {r->nl, &r->numbers, &r->step, (enum program_who)(who % N_PROGRAM_SOCKS)};

    print_steps(r, (int)strtol(word[0], NULL, 10));
    if (*word[2] == '!') {
        const char *name = who < N_PROGRAM_SOCKS ? fuzz_socks[who] : fuzz_devices[who % N_PROGRAM_SOCKS];

        g_ptr_array_add(r->lines, g_strdup_printf("= %s CALL %s", name, err_name(-(int)strtol(word[2] + 1, NULL, 10))));
    } else {
        GByteArray *bytes = scan_hex(word[2]);

        fuzz_text_answer(r->lines, &a, bytes->data, bytes->len);
        g_byte_array_unref(bytes);
    }
}

static void program_end(struct reader *r)
{
    print_steps(r, G_MAXINT);
    print_answers(r);
    printf("end\n");
    r->program = NULL;
}

static void read_line(struct reader *r, GHashTable *programs, char **word)
{
    guint n = g_strv_length(word);

    if (n == 2 && !strcmp(word[0], "program"))
        program_begin(r, programs, word[1]);
    else if (!r->program)
        return;
    else if (n && !strcmp(word[0], "numbers"))
        read_numbers(r, word + 1);
    else if (n && !strcmp(word[0], "end"))
        program_end(r);
    else if (n == 3)
        read_answer(r, word);
}

static int print_text(FILE *programs_in, FILE *transcript)
{
    struct sim *sim = sim_new(NULL);
    struct reader r = {.nl = sim->nl, .lines = g_ptr_array_new_with_free_func(g_free)};
    GHashTable *programs = read_programs(programs_in);
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, transcript) > 0) {
        char **word = g_strsplit(g_strchomp(line), " ", -1);

        read_line(&r, programs, word);
        g_strfreev(word);
    }
    free(line);
    g_hash_table_unref(programs);
    g_ptr_array_unref(r.lines);
    sim_free(sim);
    return 0;
}

static int text(char **argv)
{
    FILE *programs = fopen(argv[0], "r"), *transcript = programs ? fopen(argv[1], "r") : NULL;
    int status = 2;

    if (!transcript)
        fprintf(stderr, "fuzz-cases: %s: %s\n", argv[programs ? 1 : 0], strerror(errno));
    else
        status = print_text(programs, transcript);
    if (programs)
        fclose(programs);
    if (transcript)
        fclose(transcript);
    return status;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int min_args, max_args;
        int (*run)(char **argv);
    } commands[] = {{"generate", 3, 4, generate}, {"text", 2, 2, text}};

    fuzz_rows_start();
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        if (argc >= 2 + commands[i].min_args && argc <= 2 + commands[i].max_args && !strcmp(argv[1], commands[i].name))
            return commands[i].run(argv + 2);
    fprintf(stderr, "usage: fuzz-cases generate SEED FIRST COUNT [UNWANTED]\n       fuzz-cases text PROGRAMS TRANSCRIPT\n");
    return 2;
}
