/* libfuzzer.c - the entry points that libFuzzer and its kin call, of the target whose row is FUZZ_ROW.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

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

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
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
