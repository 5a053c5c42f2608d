#!/bin/sh
# replay_switch.sh BUILD SESSION - a session of switch/ with Debian's ovs-vswitchd is recorded; played again, it gives no difference.
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

stage "$here/.." dpsim || die "the session's files cannot be copied"
# Without WRAP: it is the player that is looked at.
$user "$work/bin/dpsim" run --cpus 2 --record all.pcapng -- sh "$session.sh" >got 2>err || die "$session: $(cat err got)"
simulator replay --client all.pcapng >got 2>err || die "$session differs: $(cat err got)"
grep -Eq '^all.pcapng: [0-9]{3,} requests, [0-9]{3,} messages.*: no difference$' got || die "$session: $(cat got)"
step "$(cat got)"
