/* target_flow_put.c - flows put, frames and executed packets that meet them, as one program.
 * SPDX-License-Identifier: Apache-2.0 */
#include <linux/netlink.h>
#include <string.h>

#include "fuzz/grammar.h"
#include "fuzz/oracle.h"
#include "fuzz/target.h"

#define BENT_OF 8u              /* every such message has a rule broken, */
#define NEW_OF 8u               /* every such mutation begins anew, */
#define MOST_STEPS 4u           /* and so does one of a longer program: the flow table is near, and speed counts */

/* An empty array, until the next is asked for: mutation is an eighth of the time, and making arrays was much of it. */
static GByteArray *scratch(void)
{
    static GByteArray *array;

    array = array ? array : g_byte_array_sized_new(PROGRAM_ROOM);
    return g_byte_array_set_size(array, 0);
}

static void put_message(struct rng *r, enum grammar_kind kind, GByteArray *out)
{
    GByteArray *message = scratch();

    grammar_message(r, kind, message);
    if (rng_u32(r) % BENT_OF == 0)
        (void)grammar_bend(r, message);
    program_put(out, PROGRAM_SEND, PROGRAM_CLIENT, message->data, message->len);
}

static void put_frame(struct rng *r, GByteArray *out)
{
    GByteArray *frame = scratch();

    grammar_frame(r, NULL, frame);
    program_put(out, PROGRAM_FRAME, (uint8_t)rng_u32(r), frame->data, frame->len);
}

static void put_step(struct rng *r, GByteArray *out)
{
    if (rng_u32(r) % 3)
        put_frame(r, out);
    else
        put_message(r, rng_u32(r) % 2 ? GRAMMAR_FLOW_NEW : GRAMMAR_EXECUTE, out);
}

/* ---- mutation ------------------------------------------------------------------------------------------- */

/* One step of the input is copied, or not. */
typedef void bend_fn(struct rng *r, const struct program_step *step, GByteArray *out);

static void copy(const struct program_step *step, GByteArray *out)
{
    program_put(out, step->kind, step->who, step->data, step->len);
}

static void drop(struct rng *r, const struct program_step *step, GByteArray *out)
{
    (void)r;
    (void)step;
    (void)out;
}

static void double_it(struct rng *r, const struct program_step *step, GByteArray *out)
{
    (void)r;
    copy(step, out);
    copy(step, out);
}

static void follow(struct rng *r, const struct program_step *step, GByteArray *out)
{
    copy(step, out);
    put_step(r, out);
}

static void precede(struct rng *r, const struct program_step *step, GByteArray *out)
{
    put_message(r, GRAMMAR_FLOW_NEW, out);
    copy(step, out);
}

static void break_rule(struct rng *r, const struct program_step *step, GByteArray *out)
{
    GByteArray *message = scratch();

    g_byte_array_append(message, step->data, (guint)step->len);
    if (step->kind == PROGRAM_SEND && rng_u32(r) % 2)
        (void)grammar_bend(r, message);
    else if (message->len)
        message->data[rng_u32(r) % message->len] ^= (uint8_t)(1u << rng_u32(r) % 8);
    program_put(out, step->kind, step->who, message->data, MIN(message->len, UINT16_MAX));
}

static bend_fn *const bends[] = {drop, drop, double_it, follow, precede, break_rule, break_rule, break_rule};

/* What sets other things up, as the engine's own way makes it at times, would have a new world built for each input that goes on from
 * it: that is the target netlink's. */
static bool is_of_flows(const struct program_step *step)
{
    struct nlmsghdr h;

    if (step->kind != PROGRAM_SEND || step->len < sizeof(h))
        return true;
    memcpy(&h, step->data, sizeof(h));
    return step->who % N_PROGRAM_SOCKS == PROGRAM_CLIENT &&
           (h.nlmsg_type == PROGRAM_TYPE(PROGRAM_FLOW) || h.nlmsg_type == PROGRAM_TYPE(PROGRAM_PACKET));
}

static unsigned count_steps(const uint8_t *data, size_t len)
{
    struct program_step step;
    unsigned n = 0;

    while (program_next(&data, &len, &step))
        n++;
    return n;
}

/* One step is bent, the others stay; or the program begins anew. */
static size_t mutate(uint8_t *data, size_t len, size_t most, struct rng *r)
{
    g_autoptr(GByteArray) out = g_byte_array_sized_new((guint)len + PROGRAM_ROOM);
    unsigned n = count_steps(data, len), which = n ? rng_u32(r) % n : 0;
    bend_fn *bend = bends[rng_u32(r) % G_N_ELEMENTS(bends)];
    const uint8_t *at = data;
    struct program_step step;

    if (n <= MOST_STEPS && rng_u32(r) % NEW_OF)
        while (program_next(&at, &len, &step)) {
            if (which-- == 0)
                bend(r, &step, out);
            else if (is_of_flows(&step))
                copy(&step, out);
        }
    if (!out->len)
        grammar_flow_program(r, out);
    len = MIN(out->len, most);
    if (len)
        memcpy(data, out->data, len);
    return len;
}

const struct fuzz_target fuzz_flow_put = {
    .name = "flow_put",
    .what = "programs of flows put, and of frames and executed packets that meet them",
    .run = oracle_run,
    .generate = grammar_flow_program,
    .mutate = mutate,
    .report = oracle_report,
    .engine_option = "-use_counters=0",       /* how often a block ran costs a fifth to look at, and says little of so few messages */
};
