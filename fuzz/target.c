/* target.c - see target.h. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/target.h"

#include <stdarg.h>
#include <stdlib.h>

bool fuzz_is_thorough;

void fuzz_fail(const char *file, int line, const char *rule, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, rule);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}
