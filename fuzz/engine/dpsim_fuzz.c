/* dpsim_fuzz.c - fuzz targets without an engine: runs files, writes generated inputs, draws inputs for a while.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/target.h"

#define MOST 4096u              /* bytes of an input that soak makes */
#define FLIPS 8u                /* most changes of an input whose target has no way of its own */
#define OFTEN_BENT 4u

struct options {
    uint64_t seed, count, seconds;
    bool has_count, has_seconds;
    const struct fuzz_target *target;
    const char *keep;           /* where soak writes an input that fails */
    char **places;              /* NULL-terminated */
};

/* What runs now, for whoever sees it fail. */
static char now_running[512];
static const GByteArray *now_input;
static int keep_fd = -1;

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("dpsim-fuzz: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return 2;
}

/* ---- a failure says what ran ---------------------------------------------------------------------------- */

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void tell_input(void)
{
    static const char head[] = "dpsim-fuzz: while running ";

    (void)!write(STDERR_FILENO, head, sizeof(head) - 1);
    (void)!write(STDERR_FILENO, now_running, strlen(now_running));
    (void)!write(STDERR_FILENO, "\n", 1);
    if (keep_fd >= 0)
        (void)!write(keep_fd, now_input->data, now_input->len);
}

static void on_signal(int number)
{
    tell_input();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void watch(void)
{
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(tell_input);
    else
        (void)signal(SIGSEGV, on_signal);
    (void)signal(SIGABRT, on_signal);
}

static void run_input(const struct options *o, const uint8_t *data, size_t len)
{
    /* In an allocation of just this size: what is read behind it is seen. */
    g_autofree uint8_t *copy = g_memdup2(data, len);

    o->target->run(copy, len);
}

static void tell_figures(const struct options *o)
{
    if (o->target->report)
        o->target->report(stdout);
}

/* ---- run ------------------------------------------------------------------------------------------------ */

static int run_file(const struct options *o, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *data = NULL;
    gsize len;

    if (!g_file_get_contents(path, &data, &len, &error))
        return complain("%s", error->message);
    (void)g_snprintf(now_running, sizeof(now_running), "%s %s", o->target->name, path);
    run_input(o, (const uint8_t *)data, len);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files in a folder in order of name, or the file itself; NULL and a complaint. */
static GPtrArray *files_at(const char *place)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = NULL;
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (!g_file_test(place, G_FILE_TEST_IS_DIR)) {
        g_ptr_array_add(files, g_strdup(place));
        return files;
    }
    dir = g_dir_open(place, 0, &error);
    if (!dir) {
        g_ptr_array_unref(files);
        complain("%s", error->message);
        return NULL;
    }
    while ((name = g_dir_read_name(dir)))
        g_ptr_array_add(files, g_build_filename(place, name, NULL));
    g_ptr_array_sort(files, by_text);
    return files;
}

static int do_run(struct options *o)
{
    guint n = 0;
    int rc = 0;

    if (!o->places[0])
        return complain("run: a file or folder is missing; 'dpsim-fuzz --help' says more");
    fuzz_is_thorough = true;
    for (char **place = o->places; *place && !rc; place++) {
        g_autoptr(GPtrArray) files = files_at(*place);

        for (guint i = 0; files && i < files->len && !rc; i++, n++)
            rc = run_file(o, files->pdata[i]);
        rc = files ? rc : 2;
    }
    if (rc)
        return rc;
    printf("%s: %u inputs\n", o->target->name, n);
    tell_figures(o);
    return 0;
}

/* ---- generated inputs ----------------------------------------------------------------------------------- */

static void flip(GByteArray *input, struct rng *r)
{
    if (input->len)
        input->data[rng_u32(r) % input->len] = (uint8_t)rng_u32(r);
    if (input->len > 1 && !(rng_u32(r) % FLIPS))
        g_byte_array_set_size(input, rng_u32(r) % input->len);
}

/* As its target does it, or a few bytes. */
static void bend(const struct fuzz_target *t, GByteArray *input, struct rng *r)
{
    size_t len = MIN(input->len, MOST);

    if (t->mutate) {
        g_byte_array_set_size(input, MOST);
        g_byte_array_set_size(input, (guint)t->mutate(input->data, len, MOST, r));
        return;
    }
    for (uint32_t n = 1 + rng_u32(r) % FLIPS; n; n--)
        flip(input, r);
}

/* The input 'number' of a seed: no other one has to be made for it. */
static void make_input(const struct options *o, const GPtrArray *corpus, uint64_t number, GByteArray *input)
{
    struct rng r;

    rng_init(&r, o->seed);
    rng_init(&r, rng_u64(&r) ^ number);
    g_byte_array_set_size(input, 0);
    if (corpus->len && (!o->target->generate || rng_u32(&r) % OFTEN_BENT == 0)) {
        const GBytes *file = corpus->pdata[rng_u32(&r) % corpus->len];
        gsize len;
        const void *data = g_bytes_get_data((GBytes *)file, &len);

        g_byte_array_append(input, data, (guint)len);
    } else if (o->target->generate) {
        o->target->generate(&r, input);
    }
    for (uint32_t n = rng_u32(&r) % OFTEN_BENT; n; n--)
        bend(o->target, input, &r);
}

static void free_bytes(void *bytes)
{
    g_bytes_unref(bytes);
}

/* NULL and a complaint: a place cannot be read. */
static GPtrArray *read_corpus(const struct options *o)
{
    g_autoptr(GPtrArray) corpus = g_ptr_array_new_with_free_func(free_bytes);

    for (char **place = o->places; *place; place++) {
        g_autoptr(GPtrArray) files = files_at(*place);

        for (guint i = 0; files && i < files->len; i++) {
            g_autoptr(GError) error = NULL;
            char *data;
            gsize len;

            if (!g_file_get_contents(files->pdata[i], &data, &len, &error)) {
                complain("%s", error->message);
                return NULL;
            }
            g_ptr_array_add(corpus, g_bytes_new_take(data, len));
        }
        if (!files)
            return NULL;
    }
    return g_steal_pointer(&corpus);
}

static int do_soak(struct options *o)
{
    g_autoptr(GPtrArray) corpus = read_corpus(o);
    g_autoptr(GByteArray) input = g_byte_array_new();
    gint64 until = g_get_monotonic_time() + (gint64)o->seconds * G_USEC_PER_SEC;
    uint64_t n = 0;

    if (!corpus)
        return 2;
    if (!o->target->generate && !corpus->len)
        return complain("soak: %s has no generator: name a corpus", o->target->name);
    if (!o->has_count && !o->has_seconds)
        return complain("soak: --seconds or --count is missing");
    now_input = input;
    keep_fd = o->keep ? open(o->keep, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (o->keep && keep_fd < 0)
        return complain("%s: %s", o->keep, strerror(errno));
    for (; (!o->has_count || n < o->count) && (!o->has_seconds || g_get_monotonic_time() < until); n++) {
        (void)g_snprintf(now_running, sizeof(now_running), "%s: input %" PRIu64 " of --seed %" PRIu64,
                         o->target->name, n, o->seed);
        make_input(o, corpus, n, input);
        run_input(o, input->data, input->len);
    }
    printf("%s: %" PRIu64 " inputs of seed %" PRIu64 "\n", o->target->name, n, o->seed);
    fprintf(stderr, "%.0f inputs a second of processor time\n", (double)n * CLOCKS_PER_SEC / (double)(clock() + 1));
    tell_figures(o);
    return 0;
}

static int write_input(const GByteArray *input, const char *path)
{
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, (const char *)input->data, (gssize)input->len, &error))
        return complain("%s", error->message);
    return 0;
}

/* Into the folder, or input --count to standard output. */
static int do_generate(struct options *o)
{
    g_autoptr(GPtrArray) corpus = g_ptr_array_new();
    g_autoptr(GByteArray) input = g_byte_array_new();
    uint64_t count = o->has_count ? o->count : 1;
    int rc = 0;

    if (!o->target->generate)
        return complain("generate: %s has no generator", o->target->name);
    if (!o->places[0]) {
        make_input(o, corpus, o->has_count ? o->count : 0, input);
        return fwrite(input->data, 1, input->len, stdout) == input->len ? 0 : complain("%s", strerror(errno));
    }
    if (g_mkdir_with_parents(o->places[0], 0777))
        return complain("%s: %s", o->places[0], strerror(errno));
    for (uint64_t n = 0; n < count && !rc; n++) {
        g_autofree char *path = g_strdup_printf("%s/%" PRIu64 "-%" PRIu64, o->places[0], o->seed, n);

        make_input(o, corpus, n, input);
        rc = write_input(input, path);
    }
    return rc;
}

static int do_list(struct options *o)
{
    (void)o;
    for (size_t i = 0; i < n_fuzz_targets; i++)
        printf("%-10s %s\n", fuzz_targets[i]->name, fuzz_targets[i]->what);
    return 0;
}

/* ---- the command line ----------------------------------------------------------------------------------- */

static const struct command {
    const char *name;
    int (*run)(struct options *o);
    bool has_target;
    const char *usage;
} commands[] = {
    {"list", do_list, false, "list\n    the targets\n"},
    {"run", do_run, true, "run TARGET FILE|FOLDER...\n    runs inputs, those of a folder in order of name\n"},
    {"generate", do_generate, true,
     "generate TARGET [--seed S] [--count N] [FOLDER]\n"
     "    writes N generated inputs to FOLDER; without one, input N to standard output\n"},
    {"soak", do_soak, true,
     "soak TARGET --seconds S|--count N [--seed S] [--keep FILE] [FILE|FOLDER...]\n"
     "    runs inputs generated and bent, some from a corpus; one that fails is written to FILE\n"},
};

static int help(void)
{
    printf("Usage: dpsim-fuzz COMMAND...\nRuns fuzz targets without a fuzzing engine.\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        printf("  %s", commands[i].usage);
    printf("\nAn input that fails ends the program by a signal, with a sentence of what did not hold and which input it was.\n");
    return 0;
}

static bool take_number(char ***arg, const char *name, uint64_t *value, bool *has)
{
    char *end;

    if (strcmp(**arg, name) || !(*arg)[1])
        return false;
    errno = 0;
    *value = strtoull(*++*arg, &end, 0);
    if (errno || *end || !***arg)
        exit(complain("%s: %s is not a number", name, **arg));
    *has = true;
    return true;
}

static int parse(char **arg, struct options *o)
{
    guint n = 0;
    bool has_seed;

    for (; *arg; arg++) {
        if (take_number(&arg, "--seed", &o->seed, &has_seed) ||
            take_number(&arg, "--count", &o->count, &o->has_count) ||
            take_number(&arg, "--seconds", &o->seconds, &o->has_seconds))
            continue;
        if (!strcmp(*arg, "--keep") && arg[1]) {
            o->keep = *++arg;
            continue;
        }
        if (g_str_has_prefix(*arg, "--"))
            return complain("%s is not an option here, or lacks its number; 'dpsim-fuzz --help' lists them", *arg);
        o->places[n++] = *arg;
    }
    o->places[n] = NULL;
    return 0;
}

static int find_target(char **arg, struct options *o)
{
    if (!*arg)
        return complain("no target given; 'dpsim-fuzz list' lists them");
    for (size_t i = 0; i < n_fuzz_targets; i++) {
        if (!strcmp(fuzz_targets[i]->name, *arg))
            o->target = fuzz_targets[i];
    }
    return o->target ? 0 : complain("%s is not a target; 'dpsim-fuzz list' lists them", *arg);
}

static int run_command(const struct command *c, char **arg)
{
    g_autofree char **places = g_new0(char *, g_strv_length(arg) + 1);
    struct options o = {.seed = 1, .places = places};
    int rc = c->has_target ? find_target(arg, &o) : 0;

    if (!rc)
        rc = parse(arg + c->has_target, &o);
    return rc ? rc : c->run(&o);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return complain("no command given; 'dpsim-fuzz --help' lists them");
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help();
    watch();
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (!strcmp(commands[i].name, argv[1]))
            return run_command(&commands[i], argv + 2);
    }
    return complain("%s is not a command; 'dpsim-fuzz --help' lists them", argv[1]);
}
