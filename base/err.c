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

/* Appends as much of 'more' as fits. */
static void append(struct err *e, const char *more)
{
    size_t used = strlen(e->text), len = strlen(more), room = sizeof(e->text) - 1 - used;

    if (len > room)
        len = room;
    memcpy(e->text + used, more, len);
    e->text[used + len] = '\0';
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    struct err old;
    va_list ap;

    if (!e)
        return 0;
    old = *e;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    append(e, ": ");
    append(e, old.text);
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
