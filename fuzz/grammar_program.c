/* grammar_program.c - programs: flows and what is done with them; and programs changed step by step.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/spots.h"

#define MOST_FLOWS 3u
#define MOST_DEEDS 3u               /* with a flow, once it is there */
#define MOST_STEPS 64u              /* that are told apart */
#define STEP_MOST 65535u

/* ---- drawn ------------------------------------------------------------------------------------------------ */

static void put_message(const struct draw *d, enum grammar_kind kind, const struct grammar_flow *flow, GByteArray *out)
{
    g_autoptr(GByteArray) message = g_byte_array_sized_new(PROGRAM_ROOM);

    message_draw(d, kind, flow, message);
    if (draw_one_in(d, 8))
        (void)grammar_bend(d->r, message);
    program_put(out, PROGRAM_SEND, (uint8_t)grammar_rows[kind].who, message->data, MIN(message->len, STEP_MOST));
}

static void put_frame(const struct draw *d, const struct grammar_flow *flow, GByteArray *out)
{
    uint16_t port = flow->key.in_port;
    g_autoptr(GByteArray) frame = g_byte_array_sized_new(PROGRAM_ROOM);

    frame_draw(d, &flow->key, frame);
    program_put(out, PROGRAM_FRAME, (uint8_t)(port ? port - 1 : 0), frame->data, frame->len);
}

static void put_time(const struct draw *d, GByteArray *out)
{
    uint16_t ms = (uint16_t)draw_number(d, 5000);

    program_put(out, PROGRAM_TIME, 0, &ms, sizeof(ms));
}

/* What is done with a flow: messages about it, a frame of it, time passes, or something else altogether. */
static void put_deed(const struct draw *d, const struct grammar_flow *flow, GByteArray *out)
{
    uint32_t way = draw_below(d, 16);

    if (way < 5)
        put_frame(d, flow, out);
    else if (way < 6)
        put_time(d, out);
    else if (way < 7)
        put_message(d, (enum grammar_kind)draw_below(d, N_GRAMMAR_KINDS), flow, out);
    else
        put_message(d, (enum grammar_kind)draw_below(d, GRAMMAR_EXECUTE + 1), flow, out);
}

static void put_flow(const struct draw *d, struct grammar_flow *flow, GByteArray *out)
{
    flow_draw(d, flow);
    put_message(d, GRAMMAR_FLOW_NEW, flow, out);
}

void grammar_program(struct rng *r, GByteArray *out)
{
    const struct draw d = draw_of(r);

    for (uint32_t n = 1 + draw_below(&d, MOST_FLOWS); n; n--) {
        struct grammar_flow flow;

        put_flow(&d, &flow, out);
        for (uint32_t deeds = draw_below(&d, MOST_DEEDS + 1); deeds; deeds--)
            put_deed(&d, &flow, out);
    }
}

void grammar_flow_program(struct rng *r, GByteArray *out)
{
    const struct draw d = draw_of(r);
    struct grammar_flow flow;

    put_flow(&d, &flow, out);
    for (uint32_t n = draw_below(&d, 3); n; n--) {
        uint32_t way = draw_below(&d, 6);

        if (way < 4)
            put_frame(&d, &flow, out);
        else if (way < 5)
            put_message(&d, GRAMMAR_EXECUTE, &flow, out);
        else
            put_flow(&d, &flow, out);
    }
}

/* ---- changed ---------------------------------------------------------------------------------------------- */

/* A program taken apart, and put together again in 'out' with one step changed. */
struct change {
    struct draw d;
    unsigned n;
    struct program_step step[MOST_STEPS];
    GByteArray *out;
};

/* Writes what is to stand in the place of step 'i'. */
typedef void change_fn(struct change *c, unsigned i);

static void keep(struct change *c, unsigned i)
{
    const struct program_step *s = &c->step[i];

    program_put(c->out, s->kind, s->who, s->data, s->len);
}

static void drop(struct change *c, unsigned i)
{
    (void)c;
    (void)i;
}

static void twice(struct change *c, unsigned i)
{
    keep(c, i);
    keep(c, i);
}

/* The step, and one from elsewhere before it. */
static void copy_here(struct change *c, unsigned i)
{
    keep(c, draw_below(&c->d, c->n));
    keep(c, i);
}

static void insert(struct change *c, unsigned i)
{
    struct grammar_flow flow;

    keep(c, i);
    flow_draw(&c->d, &flow);
    put_deed(&c->d, &flow, c->out);
}

static void put_changed(struct change *c, unsigned i, const GByteArray *data)
{
    const struct program_step *s = &c->step[i];

    program_put(c->out, s->kind, s->who, data->data, MIN(data->len, STEP_MOST));
}

static GByteArray *data_of(const struct program_step *s)
{
    GByteArray *data = g_byte_array_sized_new((guint)s->len + PROGRAM_ROOM);

    return g_byte_array_append(data, s->data, (guint)s->len);
}

static void bend_bytes(struct change *c, unsigned i)
{
    g_autoptr(GByteArray) data = data_of(&c->step[i]);

    for (uint32_t n = 1 + draw_below(&c->d, 4); n && data->len; n--)
        draw_bytes(&c->d, data->data + draw_below(&c->d, data->len), 1);
    put_changed(c, i, data);
}

static void bend_message(struct change *c, unsigned i)
{
    g_autoptr(GByteArray) data = NULL;

    if (c->step[i].kind != PROGRAM_SEND) {
        bend_bytes(c, i);
        return;
    }
    data = data_of(&c->step[i]);
    (void)grammar_bend(c->d.r, data);
    put_changed(c, i, data);
}

/* An attribute of one message becomes that of another: actions, keys, masks change places. */
static bool borrow_attr(struct spots *to, const struct spots *from)
{
    const struct spot *give = spots_any(from);
    uint32_t start = to->n ? draw_below(&to->d, to->n) : 0;

    for (unsigned i = 0; give && i < to->n; i++) {
        const struct spot *take = &to->spot[(start + i) % to->n];

        if (spot_type(to, take) != spot_type(from, give) || take->is_nest != give->is_nest)
            continue;
        spots_cut(to, take->at, (uint32_t)attr_align(spot_head(to, take).nla_len), take->parent);
        spots_insert(to, take->at, from->message->data + give->at,
                    MIN((uint32_t)attr_align(spot_head(from, give).nla_len), from->message->len - give->at), take->parent);
        return true;
    }
    return false;
}

static void borrow(struct change *c, unsigned i)
{
    g_autoptr(GByteArray) data = data_of(&c->step[i]);
    g_autoptr(GByteArray) other = data_of(&c->step[draw_below(&c->d, c->n)]);
    struct spots to, from;

    if (c->step[i].kind == PROGRAM_SEND && spots_init(&to, c->d.r, data) && spots_init(&from, c->d.r, other))
        (void)borrow_attr(&to, &from);
    put_changed(c, i, data);
}

/* Both messages in one datagram. */
static void join(struct change *c, unsigned i)
{
    const struct program_step *other = &c->step[draw_below(&c->d, c->n)];
    g_autoptr(GByteArray) data = data_of(&c->step[i]);

    if (other->kind == PROGRAM_SEND)
        g_byte_array_append(data, other->data, (guint)other->len);
    put_changed(c, i, data);
}

static void other_who(struct change *c, unsigned i)
{
    c->step[i].who = (uint8_t)draw_below(&c->d, N_PROGRAM_SOCKS);
    keep(c, i);
}

static change_fn *const changes[] = {
    drop, twice, copy_here, insert, insert, bend_message, bend_message, bend_message, borrow, borrow, join, bend_bytes, other_who,
};

static void take_apart(struct change *c, const uint8_t *data, size_t len)
{
    while (c->n < MOST_STEPS && program_next(&data, &len, &c->step[c->n]))
        c->n++;
}

static void put_together(struct change *c)
{
    unsigned which = c->n ? draw_below(&c->d, c->n) : 0;
    change_fn *change = DRAW_OF(&c->d, changes);

    for (unsigned i = 0; i < c->n; i++)
        (i == which ? change : keep)(c, i);
    if (!c->out->len)
        grammar_program(c->d.r, c->out);
}

size_t grammar_mutate(uint8_t *data, size_t len, size_t most, struct rng *r)
{
    g_autoptr(GByteArray) out = g_byte_array_sized_new((guint)len + PROGRAM_ROOM);
    struct change c = {.d = draw_of(r), .out = out};

    take_apart(&c, data, len);
    put_together(&c);
    len = MIN(out->len, most);
    memcpy(data, out->data, len);
    return len;
}
