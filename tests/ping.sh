#!/bin/sh
# ping.sh BUILD - Debian's ovs-vswitchd, as an ordinary user, carries pings between the simulator's small hosts.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch

# Two bridges of one switch, joined by a link, a host on each.
cat >switch <<'END'
set -eu
mkdir run && cd run
export OVS_RUNDIR="$PWD" OVS_LOGDIR="$PWD" OVS_DBDIR="$PWD" OVS_SYSCONFDIR="$PWD"
vsctl() { ovs-vsctl --db=unix:db.sock "$@"; }
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile --log-file=db.log -vconsole:off --remote=punix:db.sock conf.db
vsctl --no-wait init
ovs-vswitchd --detach --no-chdir --pidfile --log-file=switch.log -vconsole:off unix:db.sock
for dev in p1 p2 q1; do
    dpsim do device $dev
    dpsim do up $dev
done
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
ovs-appctl exit --cleanup
ovs-appctl -t ovsdb-server exit
cat revalidators
END

for n in 1 2 8; do
    rm -rf run
    # OVS has a revalidator for every four CPUs, and one more.
    expect "pings through ovs-vswitchd with $n CPUs" simulator run --cpus $n -- sh switch <<END
$((n / 4 + 1))
END
done
