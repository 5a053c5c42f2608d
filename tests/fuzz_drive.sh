#!/bin/sh
# fuzz_drive.sh BUILD [MACHINE] - programs of fuzz/ are answered as the real kernel answered them (recorded: tests/fuzz/answers.txt);
# with a MACHINE, uml or qemu: as it still does. docs/kernel-run.md
set -eu
build=$1
here=$(cd "$(dirname "$0")/fuzz" && pwd)
work=$(mktemp -d /tmp/dpsim-fuzz-drive-XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset XDG_RUNTIME_DIR DPSIM_SOCKET DPSIM_PRELOAD

if [ $# -eq 1 ]; then
    "$build/bin/dpsim" run --cpus 4 -- "$build/bin/fuzz-drive" "$here/programs.txt" >answers
else
    "$here/../../tools/kernel-run" "--$2" --file "$here/programs.txt" -- "$build/bin/fuzz-drive" "$here/programs.txt" >answers
fi
"$build/bin/fuzz-cases" text "$here/programs.txt" answers >text
[ "$(grep -c '^program ' "$here/programs.txt")" -eq "$(grep -c '^end$' text)" ] || { echo "programs are missing"; exit 1; }
diff -u "$here/answers.txt" text
