/* test_grammar.c - what the fuzz grammar draws: valid messages are accepted, bent ones mostly not, every row comes by.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/openvswitch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dp/act.h"
#include "dp/extract.h"
#include "fuzz/grammar.h"
#include "fuzz/world.h"
#include "netlink/attr.h"
#include "netlink/family.h"

#define N_MESSAGES 2000         /* of each kind */
#define N_HEAVY 100             /* of a kind after which the world is built anew */
#define N_BENT 20000
#define FLOW_HEADERS (NLMSG_HDRLEN + GENL_HDRLEN + sizeof(struct ovs_header))

/* How the last message was answered. */
struct answer {
    int error;                  /* 0 or -errno */
    char text[256];
};

static void note_refusal(void *user, struct sock *s, const struct nlmsghdr *msg, int error, const struct err *e)
{
    struct answer *answer = user;

    (void)s;
    (void)msg;
    answer->error = error;
    g_strlcpy(answer->text, e->text, sizeof(answer->text));
}

/* One message in a world as at the start. */
static struct answer answer_to(enum program_who who, const GByteArray *message)
{
    struct world *w = world_ready();
    g_autoptr(GByteArray) program = g_byte_array_new();
    struct answer answer = {0};

    netlink_set_refused(w->sim->nl, note_refusal, &answer);
    program_put(program, PROGRAM_SEND, (uint8_t)who, message->data, message->len);
    world_run(w, program->data, program->len);
    netlink_set_refused(w->sim->nl, world_refused, w);
    return answer;
}

/* ---- valid messages -------------------------------------------------------------------------------------- */

/* What a message about something that is not there is answered with. */
static bool is_about_nothing(int error)
{
    return error == -ENOENT || error == -ENODEV || error == -EADDRNOTAVAIL || error == -ESRCH || error == -ENETUNREACH;
}

static bool is_heavy(enum grammar_kind kind)
{
    return kind >= GRAMMAR_DP_NEW;
}

/* In parts of a thousand; what is about a flow, meter or route that the world has not is well said, too. */
static unsigned share_accepted(enum grammar_kind kind)
{
    unsigned n = is_heavy(kind) ? N_HEAVY : N_MESSAGES, n_accepted = 0;
    g_autoptr(GByteArray) message = g_byte_array_new();
    struct rng r;

    rng_init(&r, kind);
    for (unsigned i = 0; i < n; i++) {
        struct answer answer;

        g_byte_array_set_size(message, 0);
        grammar_message(&r, kind, message);
        answer = answer_to(grammar_rows[kind].who, message);
        n_accepted += !answer.error || is_about_nothing(answer.error);
        if (answer.error && !is_about_nothing(answer.error))
            print_message("%s: %d %s\n", grammar_rows[kind].name, answer.error, answer.text);
    }
    return 1000 * n_accepted / n;
}

static void test_valid_is_accepted(void **state)
{
    unsigned failed = 0;

    (void)state;
    for (enum grammar_kind kind = 0; kind < N_GRAMMAR_KINDS; kind++) {
        unsigned share = share_accepted(kind);

        print_message("%-16s %4u / 1000\n", grammar_rows[kind].name, share);
        failed += share < (grammar_rows[kind].who == PROGRAM_ROUTE ? 800 : 950);
    }
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_is_accepted),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    world_free();
    return failed;
}
