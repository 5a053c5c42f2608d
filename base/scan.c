/* scan.c - see scan.h. SPDX-License-Identifier: Apache-2.0 */
#include "base/scan.h"

#include <string.h>

/* Own tests of characters: <ctype.h> follows the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void scan_init(struct scan *s, const char *text)
{
    s->start = text;
    s->at = text;
}

void scan_blanks(struct scan *s)
{
    while (is_blank(*s->at))
        s->at++;
}

bool scan_done(const struct scan *s)
{
    struct scan rest = *s;

    scan_blanks(&rest);
    return !*rest.at;
}

size_t scan_column(const struct scan *s)
{
    return (size_t)(s->at - s->start) + 1;
}

bool scan_char(struct scan *s, char c)
{
    if (!c || *s->at != c)
        return false;
    s->at++;
    return true;
}

bool scan_text(struct scan *s, const char *t)
{
    size_t len = strlen(t);

    if (strncmp(s->at, t, len))
        return false;
    s->at += len;
    return true;
}

bool scan_word(struct scan *s, const char *w)
{
    size_t len = strlen(w);

    if (strncmp(s->at, w, len) || is_name_char(s->at[len]))
        return false;
    s->at += len;
    return true;
}

/* Moves 'len' characters to 'to' if they fit. */
static size_t take(struct scan *s, size_t len, char *to, size_t size)
{
    if (!len || len >= size)
        return 0;
    memcpy(to, s->at, len);
    to[len] = '\0';
    s->at += len;
    return len;
}

size_t scan_name(struct scan *s, char *name, size_t size)
{
    size_t len = 0;

    if (*s->at == '-')
        return 0;
    while (is_name_char(s->at[len]))
        len++;
    return take(s, len, name, size);
}

size_t scan_token(struct scan *s, char *token, size_t size)
{
    size_t len = 0;

    while (s->at[len] && !is_blank(s->at[len]))
        len++;
    return take(s, len, token, size);
}

/* Reads digits of 'base' at *at, moving it behind them. False: none, or above 'max'. */
static bool read_digits(const char **at, unsigned base, uint64_t max, uint64_t *value)
{
    const char *p = *at;
    uint64_t v = 0;
    int digit;

    for (; (digit = hex_value(*p)) >= 0 && (unsigned)digit < base; p++) {
        if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)digit, &v))
            return false;
    }
    if (p == *at || v > max)
        return false;
    *at = p;
    *value = v;
    return true;
}

bool scan_u64(struct scan *s, uint64_t max, uint64_t *value)
{
    const char *at = s->at;
    bool is_hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && hex_value(at[2]) >= 0;

    if (is_hex)
        at += 2;
    if (!read_digits(&at, is_hex ? 16 : 10, max, value))
        return false;
    s->at = at;
    return true;
}

static const struct unit {
    const char *name;
    uint64_t ns;
} units[] = {
    { "ns", 1 },
    { "us", 1000 },
    { "ms", 1000 * 1000 },
    { "s", 1000 * 1000 * 1000 },
};

static const struct unit *scan_unit(struct scan *s)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (scan_word(s, units[i].name))
            return &units[i];
    }
    return NULL;
}

/* "5" behind the point of "1.5s": *billionths = 500000000. */
static bool scan_fraction(struct scan *s, uint64_t *billionths)
{
    uint64_t weight = 1000 * 1000 * 1000;

    *billionths = 0;
    if (!is_digit(*s->at))
        return false;
    for (; is_digit(*s->at); s->at++) {
        weight /= 10;
        if (!weight && *s->at != '0')
            return false;               /* finer than any unit can be in ns */
        *billionths += weight * (uint64_t)(*s->at - '0');
    }
    return true;
}

static bool read_duration(struct scan *s, uint64_t *ns)
{
    uint64_t whole, part = 0;
    const struct unit *unit;

    if (!read_digits(&s->at, 10, UINT64_MAX, &whole))
        return false;
    if (scan_char(s, '.') && !scan_fraction(s, &part))
        return false;
    unit = scan_unit(s);
    if (!unit) {                        /* nothing is nothing in any unit */
        *ns = 0;
        return !whole && !part && !is_name_char(*s->at);
    }
    part *= unit->ns;
    if (part % (1000 * 1000 * 1000))
        return false;
    return !__builtin_mul_overflow(whole, unit->ns, ns) &&
           !__builtin_add_overflow(*ns, part / (1000 * 1000 * 1000), ns);
}

bool scan_duration(struct scan *s, uint64_t *ns)
{
    struct scan try = *s;
    uint64_t value;

    if (!read_duration(&try, &value))
        return false;
    *s = try;
    *ns = value;
    return true;
}

#define PERCENT_DIGITS 6        /* behind the point */

bool scan_percent(struct scan *s, uint32_t *share)
{
    struct scan at = *s;
    uint64_t parts, value, scale = 100;

    if (!scan_u64(&at, 100, &parts))
        return false;
    if (scan_char(&at, '.')) {
        const char *start = at.at;

        for (; is_digit(*at.at) && at.at - start < PERCENT_DIGITS; at.at++) {
            parts = parts * 10 + (uint64_t)(*at.at - '0');
            scale *= 10;
        }
    }
    if (!scan_char(&at, '%') || parts > scale)
        return false;
    value = (parts << 32) / scale;
    *share = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    *s = at;
    return true;
}
