/* test_warp.c - a daemon's clock is stopped and told the time, in the words of ovs-appctl.
 *
 * The daemon is this process itself: its control socket is found in /proc like any other's.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/unixctl.h"
#include "sim/warp.h"

/* ---- words ----------------------------------------------------------------------------------- */

static void requests_are_json(void **unused)
{
    g_autofree char *none = unixctl_request("time/stop", NULL);
    g_autofree char *one = unixctl_request("time/warp", "4000");

    (void)unused;
    assert_string_equal(none, "{\"id\":0,\"method\":\"time/stop\",\"params\":[]}");
    assert_string_equal(one, "{\"id\":0,\"method\":\"time/warp\",\"params\":[\"4000\"]}");
}

static const struct {
    const char *json;
    bool is_error;
    const char *text;
} replies[] = {
    { "{\"id\":0,\"result\":\"warped\\n\",\"error\":null}", false, "warped\n" },
    { " { \"error\" : null , \"id\":{\"a\":[1,\"}\",{}]}, \"result\":\"\" } ", false, "" },
    { "{\"error\":\"\\\"time/stop\\\" is not a valid command\",\"result\":null,\"id\":0}", true,
      "\"time/stop\" is not a valid command" },
    { "{\"result\":\"a\\\\b\\u00e4\\tc\",\"more\":\"\",\"list\":[\"]\",1]}", false, "a\\b?\tc" },
};

static void replies_are_read_whole_or_not_at_all(void **unused)
{
    struct unixctl_reply reply;

    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
        g_autofree char *two = g_strconcat(replies[i].json, replies[i].json, NULL);
        size_t last = (size_t)(strrchr(replies[i].json, '}') - replies[i].json);

        for (size_t len = 0; len <= last; len++)
            assert_int_equal(unixctl_parse(replies[i].json, len, &reply), 0);
        assert_int_equal(unixctl_parse(two, strlen(two), &reply), last + 1);
        assert_int_equal(reply.is_error, replies[i].is_error);
        assert_string_equal(reply.text, replies[i].text);
    }
}

static void other_things_are_no_replies(void **unused)
{
    static const char *const texts[] = { "x", "[]", "{1", "{\"a\" 1", "{\"a\":1]",
                                         "{\"a\":\"b\" \"c\"" };
    struct unixctl_reply reply;

    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_true(unixctl_parse(texts[i], strlen(texts[i]), &reply) <= 0);
    assert_int_equal(unixctl_parse("[]", 2, &reply), -EPROTO);
    assert_int_equal(unixctl_parse("{\"a\":\"b\" \"c\"", 12, &reply), -EPROTO);
}

/* ---- a daemon -------------------------------------------------------------------------------- */

struct stage {
    struct clock clock;
    struct quiet *quiet;
    struct warp *warp;
    char *folder, *path;
    int listen_fd, fd;          /* the daemon's */
};

static int set_up(void **state)
{
    struct stage *s = g_new0(struct stage, 1);
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    struct err e = { 0 };

    clock_init(&s->clock, 100 * UINT64_C(1000000000));
    s->quiet = quiet_new(&e);
    s->warp = warp_new(&s->clock, s->quiet);
    s->folder = g_dir_make_tmp("test-warp-XXXXXX", NULL);
    s->path = g_build_filename(s->folder, "daemon.1.ctl", NULL);
    g_strlcpy(sun.sun_path, s->path, sizeof(sun.sun_path));
    s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s->fd = -1;
    *state = s;
    return !s->quiet || bind(s->listen_fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(s->listen_fd, 5);
}

static int tear_down(void **state)
{
    struct stage *s = *state;

    warp_free(s->warp);
    quiet_free(s->quiet);
    clock_done(&s->clock);
    close(s->listen_fd);
    if (s->fd >= 0)
        close(s->fd);
    assert_int_equal(g_unlink(s->path) | g_rmdir(s->folder), 0);
    g_free(s->folder);
    g_free(s->path);
    g_free(s);
    return 0;
}

static void meet(struct stage *s)
{
    warp_meet(s->warp, getpid());
    s->fd = accept(s->listen_fd, NULL, NULL);
    assert_true(s->fd >= 0);
}

/* The daemon has been told exactly this. */
static void told(const struct stage *s, const char *text)
{
    char bytes[512] = "";

    assert_true(recv(s->fd, bytes, sizeof(bytes) - 1, MSG_DONTWAIT) > 0);
    assert_string_equal(bytes, text);
}

static void told_nothing(const struct stage *s)
{
    char byte;

    assert_int_equal(recv(s->fd, &byte, 1, MSG_DONTWAIT), -1);
}

static void answers(const struct stage *s, const char *json)
{
    assert_int_equal(send(s->fd, json, strlen(json), 0), strlen(json));
    assert_true(warp_listen(s->warp));
}

#define STOP "{\"id\":0,\"method\":\"time/stop\",\"params\":[]}"
#define WARP(ms) "{\"id\":0,\"method\":\"time/warp\",\"params\":[\"" ms "\"]}"
#define FINE "{\"id\":0,\"result\":\"\",\"error\":null}"

static uint64_t machine_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Until the answer is quick enough. */
static void stop_again(const struct stage *s)
{
    while (warp_stop(s->warp)) {
        told(s, STOP);
        answers(s, FINE);
    }
}

/* Returns what its clock shows from then on, in ms. */
static uint64_t stop(const struct stage *s)
{
    uint64_t before = machine_ms(), at;

    stop_again(s);
    at = warp_clock_of(s->warp, getpid());
    assert_in_range(at / 1000000, before, machine_ms());
    assert_int_equal(at % 1000000, 0);
    assert_true(warp_clock_of(s->warp, getpid()) == at);
    return at / 1000000;
}

/* Virtual time is then so many ns later than at the start, and that is the end of an advance, or not. */
static void move_to(struct stage *s, uint64_t ns, bool is_end)
{
    s->clock.now_ns = 100 * UINT64_C(1000000000) + ns;
    s->clock.limit_ns = is_end ? s->clock.now_ns : UINT64_MAX;
}

static void clock_is(const struct stage *s, uint64_t ms)
{
    assert_int_equal(warp_clock_of(s->warp, getpid()) / 1000000, ms);
}

static void a_stopped_clock_follows_virtual_time(void **state)
{
    struct stage *s = *state;
    uint64_t at;

    meet(s);
    at = stop(s);
    told_nothing(s);
    move_to(s, 999999, true);
    assert_false(warp_move(s->warp));
    move_to(s, 1000000, true);
    assert_true(warp_move(s->warp));
    told(s, WARP("1"));
    clock_is(s, at + 1);
    move_to(s, 3600 * UINT64_C(1000000000) + 1500000, true);
    assert_true(warp_move(s->warp));
    told(s, WARP("3600000"));
    clock_is(s, at + 3600001);
    move_to(s, 3600 * UINT64_C(1000000000) + 2000000, true);    /* what was left over is not lost */
    assert_true(warp_move(s->warp));
    told(s, WARP("1"));
    clock_is(s, at + 3600002);
}

static void small_steps_are_told_together(void **state)
{
    struct stage *s = *state;
    uint64_t at;

    meet(s);
    at = stop(s);
    for (uint64_t ms = 1; ms < 10; ms++) {
        move_to(s, ms * 1000000, false);
        assert_false(warp_move(s->warp));
        clock_is(s, at);
    }
    move_to(s, 10000000, false);
    assert_true(warp_move(s->warp));
    told(s, WARP("10"));
    move_to(s, 13000000, false);
    assert_false(warp_move(s->warp));
    move_to(s, 13000000, true);
    assert_true(warp_move(s->warp));
    told(s, WARP("3"));
    clock_is(s, at + 13);
}

static void answers_are_awaited(void **state)
{
    struct stage *s = *state;

    meet(s);
    assert_true(warp_stop(s->warp));
    told(s, STOP);
    assert_true(warp_is_awaited(s->warp));
    answers(s, "{\"id\":0,\"result\":");
    assert_true(warp_is_awaited(s->warp));
    answers(s, "\"\",\"error\":null}");
    stop_again(s);
    assert_false(warp_is_awaited(s->warp));
    move_to(s, 5000000, true);
    assert_true(warp_move(s->warp));
    assert_true(warp_is_awaited(s->warp));
    answers(s, FINE);
    assert_false(warp_is_awaited(s->warp));
    assert_false(warp_listen(s->warp));
}

static void who_has_no_such_commands_keeps_its_clock(void **state)
{
    struct stage *s = *state;
    uint64_t before;

    meet(s);
    assert_true(warp_stop(s->warp));
    answers(s, "{\"id\":0,\"result\":null,\"error\":\"\\\"time/stop\\\" is not a valid command\"}");
    assert_false(warp_stop(s->warp));
    assert_false(warp_is_awaited(s->warp));
    move_to(s, 5000000, true);
    assert_false(warp_move(s->warp));
    before = machine_ms();
    assert_in_range(warp_clock_of(s->warp, getpid()) / 1000000, before, machine_ms());
}

static void who_has_gone_is_forgotten(void **state)
{
    struct stage *s = *state;

    meet(s);
    (void)stop(s);
    close(s->fd);
    assert_true(warp_listen(s->warp));
    move_to(s, 5000000, true);
    assert_false(warp_move(s->warp));
    meet(s);                                    /* and met again */
    assert_true(warp_stop(s->warp));
    answers(s, "no JSON");                      /* nor is it somebody who talks nonsense */
    assert_false(warp_is_awaited(s->warp));
}

static void who_does_not_answer_is_given_up(void **state)
{
    struct stage *s = *state;

    meet(s);
    assert_true(warp_stop(s->warp));
    warp_give_up(s->warp);
    assert_false(warp_is_awaited(s->warp));
    assert_false(warp_stop(s->warp));
}

static void who_has_no_control_socket_is_no_daemon(void **state)
{
    struct stage *s = *state;

    close(s->listen_fd);
    warp_meet(s->warp, getpid());
    assert_false(warp_stop(s->warp));
}

#define STAGE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_json),
        cmocka_unit_test(replies_are_read_whole_or_not_at_all),
        cmocka_unit_test(other_things_are_no_replies),
        STAGE_TEST(a_stopped_clock_follows_virtual_time),
        STAGE_TEST(small_steps_are_told_together),
        STAGE_TEST(answers_are_awaited),
        STAGE_TEST(who_has_no_such_commands_keeps_its_clock),
        STAGE_TEST(who_has_gone_is_forgotten),
        STAGE_TEST(who_does_not_answer_is_given_up),
        STAGE_TEST(who_has_no_control_socket_is_no_daemon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
