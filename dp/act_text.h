/* act_text.h - what the text hooks of actions share; only act_text*.c includes it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DP_ACT_TEXT_H
#define DP_ACT_TEXT_H

#include "dp/act_rows.h"
#include "dp/key_text.h"

#define ACT_FIELDS_MAX 64           /* bytes of payload that fields describe */
#define LIST_MAX (UINT16_MAX - sizeof(struct nlattr))       /* bytes an attribute can hold */

/* "action9(00 01)": any action, byte by byte. */
void act_raw_format(GString *out, const struct nlattr *a);
/* "name(member=...)", or "name" if there are no members. */
void act_fields_format(GString *out, const char *name, const struct members *m,
                       const struct nlattr *a);
/* The same back, from behind the name; the payload has 'len' bytes. */
int act_fields_scan(struct scan *in, uint16_t type, const struct members *m, size_t len,
                    GByteArray *out, struct err *e);
/* User data (act_text_cookie.c): "userdata(c0ffee)", "slow_path(cfm)". scan appends the bytes. */
void userdata_format(GString *out, const uint8_t *data, size_t len, const struct key_text *names);
int userdata_scan(struct scan *in, GByteArray *out, const struct key_text *names, struct err *e);

#endif
