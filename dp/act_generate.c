/* act_generate.c - lists of actions drawn by lot: each row draws what may stand at its place.
 *
 * What may stand behind an action is what the check of the action says: the same act_scope goes from one to the next.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/draw.h"
#include "dp/act_rows.h"
#include "netlink/attr.h"

#define MOST_ACTS 5u            /* of a list */
#define MOST_TRIES 4            /* for a place: most actions cannot stand everywhere */
#define MOST_DEPTH 4u           /* so deep lists are empty */
#define STORED_ROOM 256         /* bytes that most lists do with */

static bool draw_payload(const struct act_scope *at, const struct act *row, const struct draw *d,
                         GByteArray *out)
{
    guint start = out->len;

    if (row->generate)
        return row->generate(at, d, out);
    g_byte_array_set_size(out, (guint)(start + (size_t)row->len));
    memset(out->data + start, 0, (size_t)row->len);
    for (unsigned i = 0; i < row->n_fields; i++)
        draw_bytes(d, out->data + start + row->field[i].wire_off, row->field[i].wire_size);
    return true;
}

/* Appends one action. False: none, the draw was of one that cannot stand here. */
static bool draw_act(struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint16_t type = (uint16_t)draw_below(d, ACT_SET_TO_MASKED);
    const struct act *row = act_client_row(at->profile, type);
    guint start = out->len, stored = at->out->len;
    size_t act;

    if (!row)
        return false;
    act = attr_nest_begin(out, type);
    if (!draw_payload(at, row, d, out)) {
        g_byte_array_set_size(out, start);
        return false;
    }
    attr_nest_end(out, act);
    (void)act_check_one(at, (const void *)(out->data + act), NULL);
    g_byte_array_set_size(at->out, stored);
    return true;
}

static void draw_list(struct act_scope *at, const struct draw *d, GByteArray *out)
{
    uint32_t n = at->depth < MOST_DEPTH ? draw_below(d, MOST_ACTS - at->depth) : 0;

    for (uint32_t i = 0; i < n; i++) {
        unsigned tries = MOST_TRIES;

        while (tries-- && !draw_act(at, d, out))
            continue;
    }
}

void acts_generate(const struct draw *d, const struct flow_key *key, GByteArray *out)
{
    g_autoptr(GByteArray) stored = g_byte_array_sized_new(STORED_ROOM);
    struct act_scope at = act_scope_of(&profile_6_1, key, stored);

    draw_list(&at, d, out);
}

void acts_generate_nested(const struct act_scope *at, const struct draw *d, GByteArray *out)
{
    struct act_scope inner = act_scope_inner(at);

    draw_list(&inner, d, out);
}
