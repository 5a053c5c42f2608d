#!/bin/sh
# sizes.sh ROOT - prints the ten longest functions; fails if one has over 60 lines or a file over 500.
set -u
cd "$1" || exit 2
failed=0
folders='base netlink dp sim fuzz tools'
[ -d bench ] && folders="$folders bench"

# A function begins at a line that starts with a letter and has a '(', and its '{' and '}' are in column 0.
# shellcheck disable=SC2086
# shellcheck disable=SC2016
find $folders -name '*.c' | sort | xargs awk '
    FNR == 1 { head = 0 }
    /^[A-Za-z_].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name); head = FNR }
    /^}/ { if (head) printf "%d %s:%d %s\n", FNR - head + 1, FILENAME, head, name; head = 0 }
    /^[A-Za-z_].*;$/ { head = 0 }' | sort -k1,1nr -k2 >"${TMPDIR:-/tmp}/sizes.$$"
trap 'rm -f "${TMPDIR:-/tmp}/sizes.$$"' EXIT

head -n 10 "${TMPDIR:-/tmp}/sizes.$$"
awk 'END { printf "%d functions\n", NR; exit NR < 100 }' "${TMPDIR:-/tmp}/sizes.$$" || failed=1
awk '$1 > 60 { print "too long:", $0; bad = 1 } END { exit bad }' "${TMPDIR:-/tmp}/sizes.$$" || failed=1
# shellcheck disable=SC2086
find $folders tests -name '*.[ch]' | sort | xargs wc -l | awk '
    $2 != "total" && $1 > 500 { print "too long:", $0; bad = 1 } END { exit bad }' || failed=1
exit $failed
