#!/bin/sh
# time_clock.sh BUILD - clocks, timers and chance of programs under virtual time: an hour passes at once, and all is the
# same in each run with the same seed.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs bash bash
needs python3 python3
cp "$build/bin/client_time" "$here/../fixtures/programs/chances.sh" . && chmod 755 client_time || exit 2

virtual() {     # ARGUMENTS...
    simulator run --time virtual "$@"
}

# ---- clocks ------------------------------------------------------------------------------------

expect "all clocks are the simulator's, however they are read" virtual -- ./client_time clocks <<'END'
monotonic 100.000000000
boottime 100.000000000
realtime 1577836900.000000000
tai 1577836900.000000000
process 0.000000000
time 1577836900 1577836900 1577836900, Wed Jan  1 00:01:40 2020
clock 0, times 10000
cpu below 3
END

expect "the machine is the same everywhere" virtual -- ./client_time machine <<'END'
rss 16384, faults 0, user 0.000000, uptime 100, load 0, host localhost
END

expect "who reads the clock until it is late sees it move" virtual -- ./client_time spin <<'END'
10.007 spun, and CPU time has passed
END

# ---- timers ------------------------------------------------------------------------------------

expect "alarm() and setitimer()" virtual -- ./client_time alarms <<'END'
3600.000 alarm after an hour
3602.250 three more
left 1
3 s are left
3604.250 slept
END

virtual -- sh -c './client_time exec; echo status $?' >got 2>err
printf '2.000 exec\nstatus 142\n' | diff -u - got || die "an alarm does not outlive exec(): $(cat err)"
step "an alarm goes on in the next program"

expect "timerfd" virtual -- ./client_time timerfds <<'END'
0.100 poll
0.325 5 expirations
0.350 waited for one
0.350 7200 s left
7200.350 a child reads it
7200.350 it has expired
END

expect "timer_create()" virtual -- ./client_time timers <<'END'
value 42
1000.000 signal
overrun 9
1013.500 a thread has been rung three times
END

# ---- chance ------------------------------------------------------------------------------------

virtual --seed 7 -- ./client_time chances >seven || die "status $?"
virtual --seed 7 -- ./client_time chances >again || die "status $?"
virtual --seed 8 -- ./client_time chances >eight || die "status $?"
diff -u seven again || die "random bytes differ in two runs"
[ "$(wc -l <seven)" -eq 21 ] || die "not all sources: $(cat seven)"
grep -hv auxiliary seven eight | sed 's/.* //' | sort | uniq -d >twice
[ ! -s twice ] || die "the same bytes twice: $(cat twice seven eight)"
[ "$(grep -h auxiliary seven eight | sort -u | wc -l)" -eq 4 ] || die "not those of a program each: $(cat seven eight)"
step "random bytes: the same in two runs, others with another seed, in each process and program"

virtual -- bash chances.sh >one || die "status $?: $(cat one)"
virtual -- bash chances.sh >two || die "status $?"
diff -u one two || die "scripts find something in which two runs differ"
step "bash and python: $(tr '\n' '|' <one)"
