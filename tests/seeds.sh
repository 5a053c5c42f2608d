#!/bin/sh
# seeds.sh BUILD - dpsim test --seeds: what holds, holds with every seed; a race is found, told by its first seed, and the
# command that is told repeats it.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
cp -r "$here/../fixtures" . || exit 2
chmod -R a+rX fixtures

seeds() {       # STATUS OPTIONS...: what dpsim test says, and how it ends
    status=$1
    shift
    simulator test "$@" >all 2>err
    is=$?
    sed '/^  trace.txt ends with/d; /^  | /d' all >said     # golden.sh looks at these
    [ $is -eq "$status" ] || die "$*: exit status $is, not $status: $(cat said err)"
}

n_all=$(find fixtures -mindepth 2 -maxdepth 2 -name expected | wc -l)
seeds 0 --seeds 0..9 fixtures
[ "$(tail -n 1 said)" = "$n_all passed, 0 failed" ] || die "all with ten seeds: $(cat said)"
step "$n_all tests hold with each of ten seeds"

# Nor do they change with a program's memory and random numbers, so that no other version of its libraries breaks them.
seeds 0 --seeds 1..4 --compare files fixtures/switch_*
step "what a real switch does is the same to the byte with other random numbers"

# The station is found where it is now if the upcall of its first frame there comes last: with seed 0, not with seed 1.
race=fixtures/station_moves
seeds 0 --seeds 0 --upcall-order seed $race
seeds 0 --seeds 0..40 $race
for jobs in 1 2 16; do
    seeds 1 -j $jobs --seeds 0..40 --upcall-order seed $race
    cat >want <<'END'
FAILED station_moves: seed 1: fixtures/station_moves/scenario.scn:11: expect: p2 has packets=2, not 3
  again: dpsim test --upcall-order seed --seeds 1 --compare frames fixtures/station_moves
0 passed, 1 failed
END
    diff -u want said || die "-j $jobs: another seed"
done
step "of 41 seeds the first that fails is told, however many run at a time"

again=$(sed -n 's/^ *again: dpsim test //p' said)
# shellcheck disable=SC2086
seeds 1 $again
sed 's/seed 1: //' want | diff -u - said || die "the command does not repeat it"
seeds 1 --junit report.xml --keep kept --seeds 0..40 --upcall-order seed $race
grep -q 'message="seed 1: ' report.xml || die "JUnit: $(cat report.xml)"
[ "$(echo kept/*)" = "kept/station_moves.seed1" ] || die "kept: $(ls kept)"
step "the command that is told repeats it; JUnit knows of it, its recordings are kept"

# Only the trace tells which CPU a packet arrives on.
seeds 0 --seeds 1..5 --rx-cpu seed fixtures/hit
seeds 1 --seeds 1..5 --rx-cpu seed --compare files fixtures/hit
grep -q 'seed 1: 1 of its files differs' said || die "files: $(cat said)"
rm fixtures/hit/expected/p2.pcap
cp fixtures/hit/in.pcap fixtures/hit/expected/p2.pcap
seeds 1 --seeds 1..5 fixtures/hit
grep -q 'p2.pcap: .*only in expected, .*only in got' said || die "frames: $(cat said)"
seeds 0 --seeds 1..5 --compare nothing fixtures/hit
cp "$here/../fixtures/hit/expected/p2.pcap" fixtures/hit/expected/
step "files, frames or nothing are compared"

refused 2 'bad value: 5..1' simulator test --seeds 5..1 fixtures
refused 2 'bad value: 1..x' simulator test --seeds 1..x fixtures
refused 2 'bad value: all' simulator test --compare all fixtures
refused 2 'update.*seeds' simulator test --update --seeds 1..2 fixtures
refused 2 'bad value: 4/3' simulator test --shard 4/3 fixtures

seeds 0 fixtures
grep '^ok ' said >want
for part in 1 2 3; do
    seeds 0 --shard $part/3 fixtures
    grep '^ok ' said
done | sort >parts
sort want | diff - parts || die "three parts are not the whole"
step "three parts are the whole"
