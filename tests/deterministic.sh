#!/bin/sh
# deterministic.sh BUILD [BARE BUSY VALGRIND [FOLDER...]] - each golden test leaves the same files in each of so many runs (200, 200
# and 20): on a machine that does nothing else, on one whose processors all have other work, and under valgrind. One
# SHA-256 over all files of a test, for each of them.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
bare=${2:-200} busy=${3:-200} slow=${4:-20}
if [ $# -gt 4 ]; then shift 4; else set -- "$here/../fixtures"; fi
AT_ONCE=10              # runs of one process: another one has other addresses

# Copies that everybody can read.
mkdir tests && cp -r "$@" tests || exit 2
chmod -R a+rX tests
set -- tests/*

runs() {        # N NAME: adds the tests' sums of N runs to NAME
    left=$1 name=$2
    shift 2
    while [ "$left" -gt 0 ]; do
        now=$((left < AT_ONCE ? left : AT_ONCE))
        simulator test --digest --runs $now "$@" >said 2>err || die "$name: $(cat said err)"
        sed -n 's/^ok \([^ ]*\) sha256=/\1 /p' said >>"$name"
        left=$((left - now))
    done
}

compare() {     # N NAME: all sums are those of the first run of all
    [ "$1" -gt 0 ] || return 0
    sort -u "$2" >"$2.sums"
    [ -e sums ] || cp "$2.sums" sums
    cut -d ' ' -f 1 "$2.sums" | sort -u >names
    join names sums | diff - "$2.sums" || die "$2: other files, see above"
    step "$2: each of $(wc -l <names) tests has one SHA-256 in $1 of $1 runs"
}

workers=''
trap 'kill $workers 2>/dev/null; rm -rf "$work"' EXIT
work_elsewhere() {
    for _ in $(seq "$(nproc)"); do
        sh -c 'while :; do n=$((n + 1)); done' &
        workers="$workers $!"
    done
}

runs "$bare" bare "$@"
compare "$bare" bare
work_elsewhere
runs "$busy" busy "$@"
# shellcheck disable=SC2086
kill $workers
workers=''
compare "$busy" busy
WRAP='valgrind -q --error-exitcode=99'
AT_ONCE=1
[ "$slow" -eq 0 ] || needs valgrind valgrind
# Not those with programs, which do not come under valgrind with the simulator and would only wait for it.
plain=$(find tests -name '*.scn' -o -name '*.flows' -o -name flows.txt | xargs grep -L '^start ' | xargs -n 1 dirname | sort -u)
# shellcheck disable=SC2086
runs "$slow" valgrind $plain
compare "$slow" valgrind
