#!/bin/sh
# same.sh BUILD MACHINE COMMAND... - COMMAND prints the same, and ends the same, on dpsim and on the real kernel.
set -u
tools=$(cd "$(dirname "$0")/../../tools" && pwd)
build=$1 machine=$2
shift 2

work=$(mktemp -d /tmp/dpsim-same-XXXXXX) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
unset XDG_RUNTIME_DIR DPSIM_SOCKET DPSIM_PRELOAD

# shellcheck disable=SC2317  # called by with_status
on_kernel() {
    if [ "$machine" = qemu ]; then      # its machine sees what it is given
        for word in ovs-dpctl sort sed "$@"; do
            path=$(command -v -- "$word" || realpath "$word" 2>/dev/null)
            [ ! -f "$path" ] || set -- --file "$path" "$@"
        done
    fi
    "$tools/kernel-run" "--$machine" "$@"
}

with_status() {         # FILE COMMAND...
    file=$1
    shift
    "$@" >"$file" 2>"$file.err"
    status=$?
    echo "exit status $status" >>"$file"
    [ $status -ne 125 ]
}

with_status dpsim "$build/bin/dpsim" run -- "$@" || { cat dpsim.err; exit 1; }
with_status kernel on_kernel -- "$@" || { cat kernel.err; exit 1; }
if [ "$machine" = uml ]; then   # its kernel is built without conntrack zones
    sed -i 's/ct_zone(0\/0),//g' dpsim
fi
if diff -u dpsim kernel; then
    cat kernel
    exit 0
fi
echo "--- standard error, dpsim:"
cat dpsim.err
echo "--- standard error, kernel:"
cat kernel.err
exit 1
