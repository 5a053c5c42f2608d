/* key_fields.h - a flow key's text taken apart: "ipv4(src=10.0.0.1,frag=no)" is two fields, "ipv4.src" and
 * "ipv4.frag". So whoever shows or compares fields need not name an attribute.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_KEY_FIELDS_H
#define SIM_KEY_FIELDS_H

#include <glib.h>

struct named_value {
    char *name, *value;
};

GPtrArray *key_fields_new(void);        /* of struct named_value, which it owns */
void key_fields_add(GPtrArray *fields, const char *name, const char *value);
/* Appends the fields of a text in ovs-dpctl's syntax. */
void key_fields_take_apart(GPtrArray *fields, const char *text);
/* NULL: there is no such field; 'fields' may be NULL. */
const char *key_fields_value(const GPtrArray *fields, const char *name);

#endif
