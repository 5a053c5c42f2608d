/* test_quiet.c - /proc's words are understood, and processes rest when they rest.
 * SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/procfs.h"
#include "sim/quiet.h"

/* ---- text ------------------------------------------------------------------------------------ */

static void stat_has_a_name_with_anything(void **unused)
{
    struct procfs_stat s;

    (void)unused;
    assert_true(procfs_parse_stat("7705 (ovsdb-server) S 1 7705 7705 0 -1 4194368", &s));
    assert_string_equal(s.name, "ovsdb-server");
    assert_int_equal(s.state, 'S');
    assert_int_equal(s.parent, 1);
    assert_false(s.is_ending);
    assert_true(procfs_parse_stat("7705 (ovsdb-server) R 1 7705 7705 0 -1 4194308", &s));
    assert_true(s.is_ending);
    assert_true(procfs_parse_stat("12 (a) R 4 (b) D 345 12", &s));
    assert_string_equal(s.name, "a) R 4 (b");
    assert_int_equal(s.state, 'D');
    assert_int_equal(s.parent, 345);
    assert_true(procfs_parse_stat("1 () Z 0 1", &s));
    assert_string_equal(s.name, "");
    for (const char *const *text = (const char *const[]){ "", "1", "1 (", "1 (a", "1 (a)", "1 (a) S", "1 (a) S x",
                                                          "1 )a( S 3", "1 (a) 4 3", NULL }; *text; text++)
        assert_false(procfs_parse_stat(*text, &s));
}

static void schedstat_counts_third(void **unused)
{
    uint64_t n;

    (void)unused;
    assert_true(procfs_parse_schedstat("3535094 280342 17\n", &n));
    assert_int_equal(n, 17);
    assert_true(procfs_parse_schedstat("0 0 18446744073709551615", &n));
    assert_true(n == UINT64_MAX);
    assert_false(procfs_parse_schedstat("", &n));
    assert_false(procfs_parse_schedstat("1 2\n", &n));
    assert_false(procfs_parse_schedstat("1 x 3\n", &n));
}

static void unix_sockets_listen_and_have_paths(void **unused)
{
    struct procfs_unix s;

    (void)unused;
    assert_true(procfs_parse_unix("000000005f9f0aa5: 00000002 00000000 00010000 0001 01 13805547 "
                                  "/run/with blank: and.ctl", &s));
    assert_true(s.is_listening);
    assert_int_equal(s.inode, 13805547);
    assert_string_equal(s.path, "/run/with blank: and.ctl");
    assert_true(procfs_parse_unix("0000000000000000: 00000003 00000000 00000000 0005 03 42", &s));
    assert_false(s.is_listening);
    assert_int_equal(s.inode, 42);
    assert_string_equal(s.path, "");
    assert_false(procfs_parse_unix("Num       RefCount Protocol Flags    Type St Inode Path", &s));
    assert_false(procfs_parse_unix("0000000000000000: 00000003 00000000", &s));
}

/* ---- processes ------------------------------------------------------------------------------- */

struct child {
    pid_t pid;
    int fd;                     /* "a byte in" lets it go on */
};

/* 'fn' runs in a process of its own, which ends with it. */
static struct child start(void (*fn)(int fd))
{
    struct child c;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    c.pid = fork();
    if (!c.pid) {
        close(pair[0]);
        fn(pair[1]);
        _exit(0);
    }
    assert_true(c.pid > 0);
    close(pair[1]);
    c.fd = pair[0];
    return c;
}

static void say(struct child c)
{
    assert_int_equal(write(c.fd, "x", 1), 1);
}

static void hear(struct child c)
{
    char byte;

    assert_int_equal(read(c.fd, &byte, 1), 1);
}

static pid_t hear_pid(struct child c)
{
    pid_t pid;

    assert_int_equal(read(c.fd, &pid, sizeof(pid)), sizeof(pid));
    return pid;
}

static void end(struct child c)
{
    close(c.fd);
    (void)kill(c.pid, SIGKILL);
    (void)waitpid(c.pid, NULL, 0);
}

static void await_byte(int fd)
{
    char byte;

    (void)!read(fd, &byte, 1);
}

static void answer(int fd)
{
    (void)!write(fd, "x", 1);
}

/* Looks until everybody rests; a test that hangs here has failed. */
static void await_rest(struct quiet *q)
{
    while (quiet_look(q) != QUIET)
        ;
}

static void answers_each_byte(int fd)
{
    for (;;) {
        await_byte(fd);
        answer(fd);
    }
}

static void *spin(void *unused)
{
    for (;;)
        __asm__ volatile("" ::: "memory");
    return unused;
}

static void tell_pid(int fd)
{
    pid_t pid = getpid();

    (void)!write(fd, &pid, sizeof(pid));
}

static void spins(int fd)
{
    tell_pid(fd);
    (void)spin(NULL);
}

static void has_a_thread_that_spins(int fd)
{
    pthread_t t;

    await_byte(fd);
    (void)pthread_create(&t, NULL, spin, NULL);
    tell_pid(fd);
    await_byte(fd);
}

static void has_a_grandchild_that_spins(int fd)
{
    await_byte(fd);
    if (!fork() && !fork())
        spins(fd);
    await_byte(fd);
}

static void who_waits_rests_until_it_is_woken(void **unused)
{
    struct child c = start(answers_each_byte);
    struct err e = { 0 };
    struct quiet *q = quiet_new(&e);

    (void)unused;
    assert_non_null(q);
    await_rest(q);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(quiet_look(q), QUIET);
        say(c);
        assert_int_not_equal(quiet_look(q), QUIET); /* it runs, or has run */
        hear(c);
        await_rest(q);
    }
    end(c);
    await_rest(q);
    quiet_free(q);
}

static void assert_described(struct quiet *q, const char *text)
{
    GString *out = g_string_new(NULL);

    quiet_describe(q, out);
    if (!strstr(out->str, text))
        fail_msg("\"%s\" is not in \"%s\"", text, out->str);
    g_string_free(out, TRUE);
}

static void never_rests(struct quiet *q)
{
    for (int i = 0; i < 1000; i++)
        assert_int_not_equal(quiet_look(q), QUIET);
}

static void who_works_does_not_rest(void **unused)
{
    struct child c = start(spins);
    struct err e = { 0 };
    struct quiet *q;
    g_autofree char *described = g_strdup_printf("(pid %d), thread %d ", c.pid, c.pid);

    (void)unused;
    assert_int_equal(hear_pid(c), c.pid);
    q = quiet_new(&e);
    assert_non_null(q);
    never_rests(q);
    assert_described(q, described);
    (void)kill(c.pid, SIGSTOP);
    assert_int_equal(waitpid(c.pid, NULL, WUNTRACED), c.pid);
    await_rest(q);
    assert_true(quiet_is_stopped(q, c.pid));
    (void)kill(c.pid, SIGCONT);
    never_rests(q);
    assert_false(quiet_is_stopped(q, c.pid));
    (void)kill(c.pid, SIGKILL);         /* nobody has waited for it yet: that is resting, too */
    await_rest(q);
    end(c);
    await_rest(q);
    quiet_free(q);
}

static void a_new_one_that_works_is_seen(void (*fn)(int fd))
{
    struct child c = start(fn);
    struct err e = { 0 };
    struct quiet *q = quiet_new(&e);
    pid_t busy;

    assert_non_null(q);
    await_rest(q);
    say(c);
    busy = hear_pid(c);
    never_rests(q);
    quiet_free(q);
    (void)kill(busy, SIGKILL);
    end(c);
}

static void new_threads_are_seen(void **unused)
{
    (void)unused;
    a_new_one_that_works_is_seen(has_a_thread_that_spins);
}

static void new_processes_are_seen(void **unused)
{
    (void)unused;
    a_new_one_that_works_is_seen(has_a_grandchild_that_spins);
}

/* Waits for so many milliseconds, and only then does what it was asked for. */
static void waits_first(int fd, int ms)
{
    for (;;) {
        await_byte(fd);
        (void)poll(NULL, 0, ms);
        answer(fd);
    }
}

static void naps_first(int fd)
{
    waits_first(fd, 5);
}

static void who_naps_is_waited_for(void **unused)
{
    struct child c = start(naps_first);
    struct err e = { 0 };
    struct quiet *q = quiet_new(&e);
    char byte;

    (void)unused;
    assert_non_null(q);
    await_rest(q);
    for (int i = 0; i < 20; i++) {
        say(c);
        await_rest(q);
        assert_int_equal(recv(c.fd, &byte, 1, MSG_DONTWAIT), 1);
    }
    end(c);
    quiet_free(q);
}

static void only_naps(int fd)
{
    answer(fd);
    for (;;)
        (void)poll(NULL, 0, 3);
}

static void who_only_naps_rests(void **unused)
{
    struct child c = start(only_naps);
    struct err e = { 0 };
    struct quiet *q = quiet_new(&e);

    (void)unused;
    assert_non_null(q);
    hear(c);
    for (int i = 0; i < 20; i++) {
        await_rest(q);
        quiet_disturb(q);
    }
    end(c);
    quiet_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_has_a_name_with_anything),
        cmocka_unit_test(schedstat_counts_third),
        cmocka_unit_test(unix_sockets_listen_and_have_paths),
        cmocka_unit_test(who_waits_rests_until_it_is_woken),
        cmocka_unit_test(who_works_does_not_rest),
        cmocka_unit_test(new_threads_are_seen),
        cmocka_unit_test(new_processes_are_seen),
        cmocka_unit_test(who_naps_is_waited_for),
        cmocka_unit_test(who_only_naps_rests),
    };

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);     /* as dpsim run: orphans remain ours */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
