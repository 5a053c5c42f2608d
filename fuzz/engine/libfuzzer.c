/* libfuzzer.c - the entry points that libFuzzer and its kin call, of the target whose row is FUZZ_ROW.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"

#define OWN_WAY_OF 8u       /* every eighth time the engine bends the input as it likes */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t most) __attribute__((weak));

static void report(void)
{
    FUZZ_ROW.report(stderr);
}

#ifdef FUZZ_LIBFUZZER

/* What suits inputs that take some 10 us each. The options of the command line come behind these, and win. */
static char *const defaults[] = {
    "-entropic=0",              /* its book-keeping of features takes longer than the input; */
    "-reduce_inputs=0",         /* so does a look whether the input has all features of its parent (-merge=1 shrinks a corpus) */
    "-detect_leaks=0",          /* at the end only: worlds live on between inputs, so each looks like a leak */
};

/* The same for AddressSanitizer, whose ASAN_OPTIONS win. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16";     /* what hundreds of inputs have freed; 256 do not fit into the processor's caches */
}

static void add_defaults(int *argc, char ***argv)
{
    static char **all;          /* libFuzzer keeps it */
    int n = *argc, n_defaults = (int)G_N_ELEMENTS(defaults);

    all = g_new(char *, (size_t)(n + n_defaults) + 1);
    all[0] = (*argv)[0];
    memcpy(all + 1, defaults, sizeof(defaults));
    memcpy(all + 1 + n_defaults, *argv + 1, (size_t)n * sizeof(*all));     /* the NULL at its end, too */
    *argv = all;
    *argc += n_defaults;
}

#else

static void add_defaults(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
}

#endif

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    add_defaults(argc, argv);
    if (FUZZ_ROW.report)
        (void)atexit(report);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    FUZZ_ROW.run(data, len);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t most, unsigned seed)
{
    struct rng r;

    rng_init(&r, seed);
    if (LLVMFuzzerMutate && (!FUZZ_ROW.mutate || !(rng_u32(&r) % OWN_WAY_OF)))
        return LLVMFuzzerMutate(data, len, most);
    return FUZZ_ROW.mutate ? FUZZ_ROW.mutate(data, len, most, &r) : len;
}
