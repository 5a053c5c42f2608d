#!/bin/sh
# ping.sh BUILD - Debian's ovs-vswitchd, as an ordinary user, carries pings between the simulator's small hosts.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch

stage "$here/.." dpsim || die "the session's files cannot be copied"

# Two bridges of one switch, joined by a link, a host on each.
cat >switch <<'END'
set -eu
. ./world.sh
. ./ovs.sh
switch_start run
devices p1 p2 q1
vsctl add-br br0 -- set bridge br0 datapath_type=system -- add-port br0 p1 -- add-port br0 p2 \
    -- add-br br1 -- set bridge br1 datapath_type=system -- add-port br1 q1
ovs-appctl upcall/show | grep -c keys >revalidators
dpsim do link p2 q1
dpsim do up br1
dpsim do host br1 10.0.0.1
dpsim do host br1 2001:db8::1
dpsim do host p1 10.0.0.2
dpsim do host p1 2001:db8::2
for to in 10.0.0.2 2001:db8::2; do dpsim do ping br1 $to; done
dpsim do wait expect-host br1 pings=2 replies=2
dpsim do expect-host p1 answered=2
switch_end
cat revalidators
END

for n in 1 2 8; do
    rm -rf run
    # OVS has a revalidator for every four CPUs, and one more.
    expect "pings through ovs-vswitchd with $n CPUs" simulator run --cpus $n -- sh switch <<END
$((n / 4 + 1))
END
done
