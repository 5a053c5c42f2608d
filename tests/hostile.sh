#!/bin/sh
# clients.sh BUILD - programs written for libmnl and libnl-3 run on a simulator, one after the other and side by side.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
cp "$build/bin/client_mnl" "$build/bin/client_nl" "$work/bin/" || exit 2
chmod 755 "$work"/bin/client_*

send='dpsim do up nl1 && dpsim do send nl1 02000000000202000000000188b500112233'

passes() {      # TEXT COMMAND...: it succeeds; what it says is shown
    text=$1
    shift
    "$@" >got 2>err || die "$text: exit status $?: $(cat got err)"
    cat got
    step "$text"
}

passes "a libmnl program" simulator run -- client_mnl
passes "a libnl-3 program; the frame comes from another process" simulator run -- client_nl "$send"
# State belongs to the simulator: each finds nothing of the other's left.
passes "both, one after the other" simulator run -- sh -c "client_mnl && client_nl '$send' && client_mnl"
cat >both <<END
client_mnl & mnl=\$!
client_nl '$send' & nl=\$!
wait \$mnl && wait \$nl
END
passes "both at once" simulator run -- sh both
