/* libfuzzer.c - the entry points that libFuzzer and its kin call, of the target whose row is FUZZ_ROW.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/oracle.h"
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

#if defined(FUZZ_LIBFUZZER) && !defined(__AFL_HAVE_MANUAL_CONTROL)     /* AFL++ takes its place without a word */

/* What suits inputs that take some 10 us each. The options of the command line come behind these, and win. */
static char *const defaults[] = {
    "-entropic=0",              /* its book-keeping of features takes longer than the input; */
    "-reduce_inputs=0",         /* so does a look whether the input has all features of its parent (-merge=1 shrinks a corpus) */
    "-print_funcs=0",           /* another process would be asked for their names */
};
static char no_leaks[] = "-detect_leaks=0";     /* but at the end: a world that lives on looks like a leak after each input */

/* The same for AddressSanitizer, whose ASAN_OPTIONS win. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:"   /* what some inputs have freed; 256 MB are in no cache */
           "malloc_context_size=1";     /* for the frames that a report needs: ASAN_OPTIONS=malloc_context_size=30 and the input */
}

static void add_defaults(int *argc, char ***argv)
{
    static char **all;          /* libFuzzer keeps it */
    char **end;

    all = end = g_new(char *, (size_t)*argc + G_N_ELEMENTS(defaults) + 3);
    *end++ = (*argv)[0];
    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++)
        *end++ = defaults[i];
    if (FUZZ_ROW.run == oracle_run)
        *end++ = no_leaks;
    if (FUZZ_ROW.engine_option)
        *end++ = (char *)(uintptr_t)FUZZ_ROW.engine_option;
    memcpy(end, *argv + 1, (size_t)*argc * sizeof(*all));      /* the NULL at its end, too */
    *argc += (int)(end - all) - 1;
    *argv = all;
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
