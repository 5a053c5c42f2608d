#!/bin/sh
# switch.sh BUILD SESSION [OPTIONS-OF-DPSIM...] - Debian's ovs-vswitchd, unchanged and without root, forwards as it does
# on the real kernel: switch/SESSION.sh says what was recorded there (switch/expected).
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
needs ip iproute2
needs python3 python3
session=$2
shift 2

run() {                 # OPTIONS-OF-DPSIM...
    simulator run "$@" -- sh "$session.sh" && frames
}

stage "$here/.." dpsim || die "the session's files cannot be copied"
expect "$session" run "$@" <"$here/switch/expected/$session.txt"
case $* in
*'--without per-cpu'*) mode=per-vport ;;
*) mode=per-cpu ;;
esac
grep -q "Datapath dispatch mode: $mode" ./*/ovs-vswitchd.log || die "upcalls are not dispatched $mode"
step "upcalls are dispatched $mode"
if grep -q '^OFPST_PORT' got; then
    awk -f "$here/switch/sums.awk" got || die "the ports' counters are not the sums of what is recorded"
    step "the ports' counters are the sums of what is recorded"
fi
