#!/bin/sh
# time_turns.sh BUILD [RUNS] - under virtual time one thread of all programs runs at a time: threads, processes, pipes and
# signals come in the same order in each run.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs valgrind valgrind
needs strace strace
runs=${2:-10}
cp "$build/bin/client_turns" "$here"/../fixtures/programs/*.sh . && chmod 755 client_turns || exit 2

virtual() {     # ARGUMENTS...
    simulator run --time virtual "$@"
}

same() {        # TEXT COMMAND...: prints the same in each run
    text=$1
    shift
    "$@" >first 2>err || die "$text: exit status $?: $(cat err)"
    for run in $(seq 2 "$runs"); do
        "$@" >other 2>err || die "$text, run $run: exit status $?: $(cat err)"
        diff first other >differences || die "$text, run $run: $(head -n 5 differences)"
    done
    step "$text, $runs times"
}

# ---- threads -----------------------------------------------------------------------------------

same "mutexes, conditions, time-outs, locks, barriers, pipes, epoll" virtual -- ./client_turns
[ "$(grep -c ' turn ' first)" -eq 200 ] && tail -n 1 first | grep -q '4 sum 125$' || die "it ends with $(tail -n 1 first)"
step "and all threads come to their end"

# ---- processes and pipes ------------------------------------------------------------------------

same "a shell's children" virtual -- sh children.sh

expect "a hundred days pass at once, and children are waited for" virtual -- sh days.sh <<'END'
1577836900
143
1586476905
END

expect "named pipes" virtual -- sh fifos.sh <<'END'
written
read hello
late again
END

# ---- signals -------------------------------------------------------------------------------------

expect "signals end waiting, and those who are killed are gone at once" virtual -- sh signals.sh <<'END'
caught
slept
gone
137
0 at 1577837003
END

# ---- who does not play along -----------------------------------------------------------------------

refused 126 'lockstep' virtual -- valgrind -q /bin/true
virtual -- strace true >got 2>&1
grep -q '^dpsim: .* virtual time .* traced .*lockstep' got || die "strace: $(cat got)"
step "$(grep ^dpsim: got)"

mkfifo told
chmod 666 told
DPSIM_WATCHDOG=0.1 simulator run --time virtual -- sh circles.sh 2>told &
read -r text <told
touch end
wait $! || die "the one that ran in circles ends with $?"
echo "$text" | grep -q 'time stands still: sh, process 1001, thread 1001 .* 0.1 s; system call' ||
    die "the watchdog says: $text"
step "$text"
