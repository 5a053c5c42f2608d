/* test_time_clock.c - clocks, random bytes and what the machine is like, for a program under virtual time.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

#include "tests/time_tools.h"
#include "tools/time/clock.h"

#define EPOCH 1577836800        /* 2020-01-01T00:00:00Z */

static int setup(void **state)
{
    (void)state;
    world_begin(1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_end();
    return 0;
}

static struct timespec now(clockid_t id)
{
    struct timespec by_name, by_call;

    assert_int_equal(clock_gettime(id, &by_name), 0);
    assert_int_equal(CALL(call_clock_gettime, clock_gettime, id, &by_call), 0);
    assert_memory_equal(&by_name, &by_call, sizeof(by_name));
    return by_name;
}

static void clocks_show_the_page(void **state)
{
    static const clockid_t uptime[] = { CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE,
                                        CLOCK_BOOTTIME };
    static const clockid_t calendar[] = { CLOCK_REALTIME, CLOCK_REALTIME_COARSE, CLOCK_TAI };

    (void)state;
    world.now_ns = 7 * NS_PER_S + 1234567;
    for (size_t i = 0; i < ARRAY_SIZE(uptime); i++) {
        assert_int_equal(now(uptime[i]).tv_sec, 7);
        assert_int_equal(now(uptime[i]).tv_nsec, 1234567);
    }
    for (size_t i = 0; i < ARRAY_SIZE(calendar); i++) {
        assert_int_equal(now(calendar[i]).tv_sec, EPOCH + 7);
        assert_int_equal(now(calendar[i]).tv_nsec, 1234567);
    }
    assert_int_equal(now(CLOCK_PROCESS_CPUTIME_ID).tv_sec, 0);
    assert_int_equal(CALL(call_clock_gettime, clock_gettime, 10, &(struct timespec){ 0 }), -EINVAL);
    assert_int_equal(CALL(call_clock_gettime, clock_gettime, 99, &(struct timespec){ 0 }), -EINVAL);
}

static void libcs_other_functions_agree(void **state)
{
    struct timeval tv;
    struct timespec ts;
    time_t t;

    (void)state;
    world.now_ns = 7 * NS_PER_S + 1234567;
    assert_int_equal(gettimeofday(&tv, NULL), 0);
    assert_int_equal(tv.tv_sec, EPOCH + 7);
    assert_int_equal(tv.tv_usec, 1234);
    assert_int_equal(time(&t), EPOCH + 7);
    assert_int_equal(t, EPOCH + 7);
    assert_int_equal(timespec_get(&ts, TIME_UTC), TIME_UTC);
    assert_int_equal(ts.tv_sec, EPOCH + 7);
    assert_int_equal(timespec_get(&ts, 77), 0);
    assert_int_equal(clock(), 0);
    assert_int_equal(CALL(call_time, time, NULL), EPOCH + 7);
    memset(&tv, 0, sizeof(tv));
    assert_int_equal(CALL(call_gettimeofday, gettimeofday, &tv, NULL), 0);
    assert_int_equal(tv.tv_usec, 1234);
}

static void clocks_are_as_fine_as_they_say(void **state)
{
    struct timespec ts;

    (void)state;
    assert_int_equal(CALL(call_clock_getres, clock_getres, CLOCK_MONOTONIC, &ts), 0);
    assert_int_equal(ts.tv_nsec, 1);
    assert_int_equal(CALL(call_clock_getres, clock_getres, CLOCK_REALTIME_COARSE, &ts), 0);
    assert_int_equal(ts.tv_nsec, 4000000);
    assert_int_equal(CALL(call_clock_getres, clock_getres, CLOCK_REALTIME, NULL), 0);
    assert_int_equal(CALL(call_clock_getres, clock_getres, 99, &ts), -EINVAL);
}

static void nobody_sets_them(void **state)
{
    struct timex t = { .modes = ADJ_TICK };

    (void)state;
    assert_int_equal(CALL(call_clock_settime, clock_settime, CLOCK_REALTIME, &(struct timespec){ 0 }), -EPERM);
    assert_int_equal(CALL(call_adjtimex, adjtimex, &t), -EPERM);
    t.modes = 0;
    assert_int_equal(CALL(call_adjtimex, clock_adjtime, CLOCK_REALTIME, &t), TIME_OK);
    assert_int_equal(t.time.tv_sec, EPOCH + 100);
}

static void without_a_page_they_are_the_kernels(void **state)
{
    struct timespec before, between, after;

    (void)state;
    page = NULL;
    raw_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&before, 0, 0, 0, 0);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &between), 0);
    raw_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&after, 0, 0, 0, 0);
    assert_in_range(between.tv_sec, before.tv_sec, after.tv_sec);
    assert_true(time(NULL) > EPOCH + 100);
}

/* ---- spinning ------------------------------------------------------------------------------------- */

static uint64_t elapsed(void)
{
    return world.now_ns - START_NS;
}

/* cmocka reads the clock, too. */
static void count_from_now(void)
{
    spin_called(&(struct call){ .nr = SYS_write }, 0);
}

static void whoever_reads_on_and_on_lets_time_pass(void **state)
{
    struct call c = { .nr = SYS_clock_gettime };
    int n = 0;

    (void)state;
    count_from_now();
    while (!elapsed()) {
        spin_called(&c, 0);
        n++;
    }
    assert_int_equal(n, 100000);
    assert_int_equal(elapsed(), 1000);

    while (elapsed() < 100 * NS_PER_S / 1000)   /* far: in larger steps, and an eighth too far at most */
        spin_called(&c, 0);
    assert_in_range(elapsed(), 100 * NS_PER_S / 1000, 112 * NS_PER_S / 1000);
    assert_int_equal(spin_of_process(), elapsed());
    assert_int_equal(clock(), elapsed() / 1000);
}

static void other_calls_end_spinning(void **state)
{
    struct call read_clock = { .nr = SYS_clock_gettime }, write_file = { .nr = SYS_write };

    (void)state;
    for (int i = 0; i < 300000; i++)
        spin_called(i % 1000 ? &read_clock : &write_file, 0);
    assert_int_equal(elapsed(), 0);
}

static void calls_in_vain_weigh_more(void **state)
{
    struct call receive = { .nr = SYS_recvfrom }, poll_now = { .nr = SYS_poll };
    int n = 0;

    (void)state;
    count_from_now();
    while (!elapsed()) {
        spin_called(&receive, -EAGAIN);
        spin_called(&poll_now, 0);
        n += 2;
    }
    assert_int_equal(n, 1000);
    for (int i = 0; i < 3000; i++)
        spin_called(&poll_now, 1);      /* it found something */
    assert_int_equal(elapsed(), 1000);
}

static void a_new_moment_is_a_new_beginning(void **state)
{
    struct call c = { .nr = SYS_clock_gettime };

    (void)state;
    for (int moment = 0; moment < 10; moment++) {
        for (int i = 0; i < 50000; i++)
            spin_called(&c, 0);
        world.now_ns++;
    }
    assert_int_equal(elapsed(), 10);
}

/* ---- random bytes ---------------------------------------------------------------------------------- */

struct bytes {
    unsigned char b[32];
};

static struct bytes draw(uint64_t seed, int vpid)
{
    struct bytes r;

    world_begin(seed);
    my_process()->vpid = vpid;
    assert_int_equal(CALL(call_getrandom, getrandom, &r, sizeof(r), 0), sizeof(r));
    return r;
}

static void random_bytes_are_those_of_seed_and_process(void **state)
{
    struct bytes one = draw(1, 1001), again = draw(1, 1001), other_seed = draw(2, 1001), other = draw(1, 1002);

    (void)state;
    assert_memory_equal(&one, &again, sizeof(one));
    assert_memory_not_equal(&one, &other, sizeof(one));
    assert_memory_not_equal(&one, &other_seed, sizeof(one));
    assert_memory_not_equal(&other, &other_seed, sizeof(one));
}

static void they_go_on_and_do_not_come_again(void **state)
{
    struct bytes one, two;

    (void)state;
    assert_int_equal(CALL(call_getrandom, getrandom, &one, sizeof(one), 0), sizeof(one));
    entropy_read(&two, sizeof(two));
    assert_memory_not_equal(&one, &two, sizeof(one));
    entropy_read(&one, 3);              /* whole words are used up */
    assert_int_equal(my_process()->n_random, 9);
}

static void getrandom_refuses_as_the_kernel_does(void **state)
{
    char b[8];

    (void)state;
    assert_int_equal(CALL(call_getrandom, getrandom, b, 8, 0x8), -EINVAL);
    assert_int_equal(CALL(call_getrandom, getrandom, b, 8, GRND_RANDOM | 4), -EINVAL);
    assert_int_equal(CALL(call_getrandom, getrandom, b, 0, GRND_RANDOM | GRND_NONBLOCK), 0);
    assert_true(entropy_is_path("/dev/urandom") && entropy_is_path("/dev/random"));
    assert_false(entropy_is_path("/dev/null"));
}

/* Every bit is set in about half of many words. */
static void bits_are_even(void **state)
{
    enum { N = 4096 };
    int count[64] = { 0 };

    (void)state;
    for (int i = 0; i < N; i++) {
        uint64_t word;

        entropy_read(&word, sizeof(word));
        for (int bit = 0; bit < 64; bit++)
            count[bit] += (int)(word >> bit & 1);
    }
    for (int bit = 0; bit < 64; bit++)
        assert_in_range(count[bit], N / 2 - 200, N / 2 + 200);
}

/* ---- the machine ----------------------------------------------------------------------------------- */

static void the_machine_is_always_the_same(void **state)
{
    struct rusage usage;
    struct sysinfo info;
    struct tms tms;
    struct utsname name, real;
    unsigned cpu;

    (void)state;
    assert_int_equal(CALL(call_getrusage, getrusage, RUSAGE_SELF, &usage), 0);
    assert_int_equal(usage.ru_maxrss, 16384);
    assert_int_equal(usage.ru_minflt, 0);
    assert_int_equal(CALL(call_getrusage, getrusage, 5, &usage), -EINVAL);
    assert_int_equal(CALL(call_times, times, &tms), 10000);
    assert_int_equal(tms.tms_stime, 0);
    assert_int_equal(CALL(call_sysinfo, sysinfo, &info), 0);
    assert_int_equal(info.uptime, 100);
    assert_int_equal(info.mem_unit * info.totalram, UINT64_C(4) << 30);
    assert_int_equal(CALL(call_uname, uname, &name), 0);
    assert_string_equal(name.nodename, "localhost");
    raw_call(SYS_uname, (long)&real, 0, 0, 0, 0, 0);
    assert_string_equal(name.release, real.release);
    assert_int_equal(CALL(call_getcpu, getcpu, &cpu, NULL), 0);
    assert_in_range(cpu, 0, 3);
}

static void read_file(const char *path, char *text, size_t size)
{
    int fd = (int)machine_open(path, 0);
    ssize_t len = read(fd, text, size - 1);

    assert_true(len >= 0);
    text[len] = 0;
    close(fd);
}

static void files_tell_of_an_idle_machine(void **state)
{
    char text[512];

    (void)state;
    world.now_ns = 1234 * NS_PER_S + 56789000;
    read_file("/proc/uptime", text, sizeof(text));
    assert_string_equal(text, "1234.05 0.00\n");
    read_file("/proc/loadavg", text, sizeof(text));
    assert_string_equal(text, "0.00 0.00 0.00 1/1 1001\n");
    read_file("/proc/meminfo", text, sizeof(text));
    assert_memory_equal(text, "MemTotal:       4194304 kB\n", 27);
    world.n_cpus = 64;
    read_file("/proc/stat", text, sizeof(text));
    assert_non_null(strstr(text, "\ncpu1 0 "));
    assert_non_null(strstr(text, "\nbtime 1577836800\n"));
    assert_int_equal(machine_open("/proc/self/stat", 0), MACHINE_NOT_OURS);
}

static void no_host_is_known_but_itself(void **state)
{
    char text[512];

    (void)state;
    read_file("/etc/hosts", text, sizeof(text));
    assert_string_equal(text, "127.0.0.1 localhost\n::1 localhost\n");
    read_file("/etc/resolv.conf", text, sizeof(text));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clocks_show_the_page, setup, teardown),
        cmocka_unit_test_setup_teardown(libcs_other_functions_agree, setup, teardown),
        cmocka_unit_test_setup_teardown(clocks_are_as_fine_as_they_say, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_sets_them, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_page_they_are_the_kernels, setup, teardown),
        cmocka_unit_test_setup_teardown(whoever_reads_on_and_on_lets_time_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(other_calls_end_spinning, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_in_vain_weigh_more, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_moment_is_a_new_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(random_bytes_are_those_of_seed_and_process, setup, teardown),
        cmocka_unit_test_setup_teardown(they_go_on_and_do_not_come_again, setup, teardown),
        cmocka_unit_test_setup_teardown(getrandom_refuses_as_the_kernel_does, setup, teardown),
        cmocka_unit_test_setup_teardown(bits_are_even, setup, teardown),
        cmocka_unit_test_setup_teardown(the_machine_is_always_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(files_tell_of_an_idle_machine, setup, teardown),
        cmocka_unit_test_setup_teardown(no_host_is_known_but_itself, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
