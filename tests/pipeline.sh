#!/bin/sh
# pipeline.sh BUILD SESSION [--update] - a session of switch/ whose recordings are golden: run twice, with other CPUs
# and another way of upcalls, it says what switch/expected has and leaves the files of fixtures/pipeline/SESSION, times
# and all. --update writes those files instead.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
needs python3 python3
session=$2
golden=$here/../fixtures/pipeline/$session

run() {                 # OPTIONS-OF-DPSIM...
    simulator run "$@" -- sh "$session.sh" && frames
}

golden_files() {        # FOLDER: names of its recordings
    (cd "$1" && ls -- *.[pq][0-9].pcap)
}

same_files() {
    [ "$(golden_files "$golden")" = "$(golden_files .)" ] || die "other recordings than in $golden"
    for file in $(golden_files .); do
        cmp -s "$file" "$golden/$file" && continue
        dpsim show "$golden/$file" >want
        dpsim show "$file" | diff -u want -
        die "$file is not the golden file's bytes, see above"
    done
    step "$(golden_files . | wc -l) recordings are the golden ones, times and all"
}

passed_as_told() {      # what a meter lets through is what bucket.py has found out
    for passes in *.passes; do
        [ -e "$passes" ] || continue
        dpsim show "${passes%.passes}.pcap" | sed 's/.*udp(src=\([0-9]*\),.*/\1/' | diff "$passes" - ||
            die "${passes%.passes}.pcap: the meter has let others through than its bucket allows"
        step "${passes%.passes}: the $(wc -l <"$passes") that the bucket allows"
    done
}

once() {                # OPTIONS-OF-DPSIM...
    mkdir "run$n_steps" && chmod 1777 "run$n_steps" && cd "run$n_steps" || die "no folder"
    stage "$here/.." dpsim || die "the session's files cannot be copied"
    expect "$session $*" run "$@" <"$here/switch/expected/$session.txt"
    passed_as_told
}

if [ "${3:-}" = --update ]; then
    once --cpus 2
    mkdir -p "$golden" && cp ./*.[pq][0-9].pcap "$golden"
    exit
fi
/usr/bin/python3 -B "$here/../fixtures/make_sessions.py" made || die "no conversations"
for file in made/*; do
    cmp "$file" "$golden/../${file#made/}" || die "is not what fixtures/make_sessions.py writes"
done
step "conversations are what fixtures/make_sessions.py writes"
once --cpus 2
same_files
cd ..
once --cpus 8 --without per-cpu
same_files
