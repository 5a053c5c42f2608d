/* scan.h - a cursor over text: what every text parser (flows, scenarios) reads through.
 *
 * A scan_* function that does not find what it looks for returns false (or 0)
 * and leaves the cursor where it was.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan {
    const char *start;      /* whole text, NUL-terminated, borrowed */
    const char *at;         /* next character */
};

void scan_init(struct scan *s, const char *text);
bool scan_done(const struct scan *s);           /* only blanks are left */
size_t scan_column(const struct scan *s);       /* 1-based column of the next character */
void scan_blanks(struct scan *s);               /* skips spaces and tabs */
bool scan_char(struct scan *s, char c);         /* takes 'c' */
bool scan_word(struct scan *s, const char *w);  /* takes 'w' if no name character follows it */
bool scan_text(struct scan *s, const char *t);  /* takes 't' whatever follows */

/* Takes a name of letters, digits, '_', '-' and '.'; the first is not '-'. Writes it
 * with NUL to name[size]. Returns its length, 0 if there is none or it does not fit. */
size_t scan_name(struct scan *s, char *name, size_t size);

/* Takes characters up to a blank or the end, as scan_name. */
size_t scan_token(struct scan *s, char *token, size_t size);

/* Takes an unsigned number, decimal or 0x-prefixed hexadecimal, not above 'max'. */
bool scan_u64(struct scan *s, uint64_t max, uint64_t *value);

/* Takes a duration as "1500ns", "20us", "1ms", "2s", "1.5s", in nanoseconds. */
bool scan_duration(struct scan *s, uint64_t *ns);

/* Takes "10%" or "0.5%": the share times 2^32; of 100%, the largest number. */
bool scan_percent(struct scan *s, uint32_t *share);

#endif
