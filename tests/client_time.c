/* client_time.c WHAT - an ordinary program that asks libc and the kernel for time and chance, in each way there is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;
static struct timespec begin;

static void say(const char *what)
{
    struct timespec now;
    long ms;

    clock_gettime(CLOCK_MONOTONIC, &now);
    ms = (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000;
    printf("%ld.%03ld %s\n", ms / 1000, ms % 1000, what);
    fflush(stdout);
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void block(int signal)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int await(int signal)
{
    siginfo_t info;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signal);
    if (sigwaitinfo(&set, &info) < 0)
        die("sigwaitinfo");
    return info.si_value.sival_int;
}

/* ---- clocks ---------------------------------------------------------------------------------------- */

typedef int read_clock(clockid_t, struct timespec *);

static void print_clock(const char *name, clockid_t id)
{
    read_clock *libcs = (read_clock *)dlsym(dlopen("libc.so.6", RTLD_NOW), "clock_gettime");
    struct timespec a = { 0 }, b = { 0 }, c = { 0 };

    clock_gettime(id, &a);
    libcs(id, &b);
    syscall(SYS_clock_gettime, id, &c);
    printf("%s %ld.%09ld%s%s\n", name, a.tv_sec, a.tv_nsec, memcmp(&a, &b, sizeof(a)) ? ", libc has another" : "",
           memcmp(&a, &c, sizeof(a)) ? ", the kernel has another" : "");
}

static void clocks(void)
{
    struct timeval tv;
    struct timespec ts;
    time_t t = time(NULL);

    print_clock("monotonic", CLOCK_MONOTONIC);
    print_clock("boottime", CLOCK_BOOTTIME);
    print_clock("realtime", CLOCK_REALTIME);
    print_clock("tai", CLOCK_TAI);
    print_clock("process", CLOCK_PROCESS_CPUTIME_ID);
    gettimeofday(&tv, NULL);
    timespec_get(&ts, TIME_UTC);
    printf("time %ld %ld %ld, %s", t, tv.tv_sec, ts.tv_sec, asctime(gmtime(&t)));
    printf("clock %ld, times %ld\n", clock(), times(&(struct tms){ 0 }));
    printf("cpu %s\n", sched_getcpu() >= 0 && sched_getcpu() < 3 ? "below 3" : "other");
}

static void machine(void)
{
    struct rusage usage;
    struct sysinfo info;
    struct utsname name;

    getrusage(RUSAGE_SELF, &usage);
    sysinfo(&info);
    uname(&name);
    printf("rss %ld, faults %ld, user %ld.%06ld, uptime %ld, load %lu, host %s\n", usage.ru_maxrss, usage.ru_minflt,
           usage.ru_utime.tv_sec, usage.ru_utime.tv_usec, info.uptime, info.loads[0], name.nodename);
}

static void spin(void)
{
    time_t end = time(NULL) + 10;

    while (time(NULL) < end)
        ;
    say(clock() >= 10 * CLOCKS_PER_SEC ? "spun, and CPU time has passed" : "spun in no CPU time");
}

/* ---- timers ---------------------------------------------------------------------------------------- */

static volatile sig_atomic_t n_alarms;

static void on_alarm(int signal)
{
    (void)signal;
    n_alarms++;
}

static void alarms(void)
{
    struct itimerval every = { .it_value = { 0, 250000 }, .it_interval = { 1, 0 } };
    struct sigaction action = { .sa_handler = on_alarm };

    sigaction(SIGALRM, &action, NULL);
    alarm(3600);
    pause();
    say("alarm after an hour");
    setitimer(ITIMER_REAL, &every, NULL);
    while (n_alarms < 4)
        pause();
    say("three more");
    printf("left %u\n", alarm(0));
    alarm(2);
    printf("sleep is left with %u\n", sleep(5));
    say("slept");
}

static void exec_with_alarm(void)
{
    alarm(5);
    sleep(2);
    say("exec");
    execl(self, self, "die-of-alarm", NULL);
    die("exec");
}

static void timer_fds(void)
{
    struct itimerspec every = { .it_value = { 0, 100000000 }, .it_interval = { 0, 50000000 } };
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), copy;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    unsigned long long n;
    char text[64];

    timerfd_settime(fd, 0, &every, NULL);
    poll(&p, 1, -1);
    say("poll");
    usleep(225000);
    if (read(fd, &n, sizeof(n)) != sizeof(n))
        die("read");
    snprintf(text, sizeof(text), "%llu expirations", n);
    say(text);
    if (read(fd, &n, sizeof(n)) != sizeof(n))
        die("read");
    say("waited for one");
    copy = fcntl(fd, F_DUPFD, 100);
    close(fd);
    every = (struct itimerspec){ .it_value = { 7200, 0 } };
    timerfd_settime(copy, 0, &every, NULL);
    timerfd_gettime(copy, &every);
    snprintf(text, sizeof(text), "%ld s left", every.it_value.tv_sec);
    say(text);
    if (!fork()) {
        if (read(copy, &n, sizeof(n)) != sizeof(n))
            die("read");
        say("a child reads it");
        exit(0);
    }
    wait(NULL);
    timerfd_gettime(copy, &every);
    say(every.it_value.tv_sec ? "it goes on" : "it has expired");
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rung = PTHREAD_COND_INITIALIZER;
static int n_rung;

static void ring(union sigval value)
{
    pthread_mutex_lock(&lock);
    n_rung += value.sival_int;
    pthread_cond_signal(&rung);
    pthread_mutex_unlock(&lock);
}

static void timers(void)
{
    struct sigevent by_signal = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 42 };
    struct sigevent by_thread = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = ring,
                                  .sigev_value.sival_int = 1 };
    struct itimerspec once = { .it_value = { 1000, 0 } }, every = { .it_value = { 1, 0 }, .it_interval = { 1, 0 } };
    timer_t a, b;

    block(SIGRTMIN);
    if (timer_create(CLOCK_REALTIME, &by_signal, &a) || timer_create(CLOCK_MONOTONIC, &by_thread, &b))
        die("timer_create");
    timer_settime(a, 0, &once, NULL);
    printf("value %d\n", await(SIGRTMIN));
    say("signal");
    timer_settime(a, 0, &every, NULL);
    nanosleep(&(struct timespec){ 10, 500000000 }, NULL);
    await(SIGRTMIN);
    printf("overrun %d\n", timer_getoverrun(a));
    timer_delete(a);
    timer_settime(b, 0, &every, NULL);
    pthread_mutex_lock(&lock);
    while (n_rung < 3)
        pthread_cond_wait(&rung, &lock);
    pthread_mutex_unlock(&lock);
    say("a thread has been rung three times");
    timer_delete(b);
}

/* ---- chance ---------------------------------------------------------------------------------------- */

static void print_bytes(const char *name, const void *bytes)
{
    const unsigned char *b = bytes;

    printf("%s ", name);
    for (int i = 0; i < 16; i++)
        printf("%02x", b[i]);
    puts("");
}

static void chance(void)
{
    unsigned char b[16];
    int fd = open("/dev/urandom", O_RDONLY), copy = dup(fd);
    FILE *file = fopen("/dev/random", "r");

    if (getrandom(b, 16, 0) != 16)
        die("getrandom");
    print_bytes("getrandom", b);
    getentropy(b, 16);
    print_bytes("getentropy", b);
    if (read(fd, b, 16) != 16)
        die("/dev/urandom");
    print_bytes("urandom", b);
    if (read(copy, b, 16) != 16)
        die("/dev/urandom");
    print_bytes("copy", b);
    if (fread(b, 16, 1, file) != 1)
        die("/dev/random");
    print_bytes("random", b);
    if (readv(fd, (struct iovec[]){ { b, 3 }, { b + 3, 13 } }, 2) != 16)
        die("/dev/urandom");
    print_bytes("pieces", b);
    print_bytes("auxiliary", (void *)getauxval(AT_RANDOM));
}

static void chances(void)
{
    chance();
    fflush(stdout);
    if (!fork()) {
        chance();
        exit(0);
    }
    wait(NULL);
    execl(self, self, "chance", NULL);
    die("exec");
}

static void die_of_alarm(void)
{
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {
        { "clocks", clocks },   { "machine", machine },   { "spin", spin },     { "alarms", alarms },
        { "exec", exec_with_alarm }, { "die-of-alarm", die_of_alarm }, { "timerfds", timer_fds },
        { "timers", timers },   { "chance", chance },     { "chances", chances },
    };

    self = argv[0];
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (size_t i = 0; argc == 2 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!strcmp(argv[1], parts[i].name)) {
            parts[i].run();
            return 0;
        }
    }
    fprintf(stderr, "client_time: which part?\n");
    return 2;
}
