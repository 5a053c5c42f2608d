#!/bin/sh
# lockstep.sh BUILD [N] - --time lockstep: N (5) runs of a session of ovs-vswitchd say and do the same, and nothing in them waits; who
# does not come to rest is named.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
needs python3 python3
n_runs=${2:-5}

# ---- the same again --------------------------------------------------------------------------------

once() {                # N: the session, in a folder of its own
    mkdir "run$1" && chmod 1777 "run$1" && cd "run$1" || die "no folder"
    stage "$here/.." dpsim || die "the session's files cannot be copied"
    expect "run $1" simulator run --time lockstep --cpus 2 --record rec.pcapng -- sh lockstep.sh \
        <"$here/switch/expected/lockstep.txt"
    [ ! -s err ] || die "run $1 complains: $(cat err)"
    python3 "$here/lockstep_log.py" rec.pcapng >../log.$1 || die "the recording cannot be read"
    cd .. || exit 2
}

for n in $(seq "$n_runs"); do
    once "$n"
    diff log.1 "log.$n" >differs || die "run $n is not as the first: $(head -n 4 differs | cut -c 1-300)"
    rm -r "run$n"
done
for what in 'into p1' 'out of p2'; do
    [ "$(grep -c " $what " log.1)" -eq 900 ] || die "not 900 frames go $what"
done
sed -n '/ into /,$p' log.1 >log
for what in 'upcall family 35 cmd 1' 'request family 34 cmd 1' 'request family 35 cmd 3'; do
    [ "$(grep -c " $what " log)" -eq 300 ] || die "not 300 times: $what"
done
# The next packet comes when this one is done with: upcall, flow, execution, frame.
awk '/ into p1 / { if (step == 1) bad = 1; step = 1 } / out of p2 / { step = 2 } END { exit bad }' log.1 ||
    die "a packet comes before the one before has left"
step "$n_runs runs: $(wc -l <log.1) requests that change something, upcalls and frames are the same"

# ---- who does not rest -----------------------------------------------------------------------------

mkfifo told complaints && chmod 666 told complaints
cat >busy <<'END'
yes >/dev/null &
busy=$!
dpsim do advance 1s &
job=$!
read -r _ <told
kill $busy
wait $job && dpsim do advance 1s
END
simulator run --time lockstep -- sh busy 2>complaints &
exec 3<complaints
read -r said <&3
echo "$said" | grep -Eq '^dpsim: lockstep: waiting since 10 s for yes \(pid [0-9]+\), thread [0-9]+ yes, state [RS](, system call [0-9]+)?$' ||
    die "says: $said"
echo >told
wait $! || die "exit status $?"
[ -z "$(cat <&3)" ] || die "says more than a sentence"
step "who does not come to rest is named, once"
