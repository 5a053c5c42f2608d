/* err.c - see err.h. SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return -code;
    memset(e, 0, sizeof(*e));
    e->code = code;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    return -code;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    char old[sizeof(e->text)];
    va_list ap;
    int n;

    if (!e)
        return 0;
    memcpy(old, e->text, sizeof(old));
    va_start(ap, fmt);
    n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(e->text))
        snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %s", old);
    return -e->code;
}

const char *err_name(int code)
{
    static char unknown[16];
    const char *name = strerrorname_np(abs(code));

    if (name)
        return name;
    snprintf(unknown, sizeof(unknown), "E%d", abs(code));
    return unknown;
}
