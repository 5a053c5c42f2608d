#!/bin/sh
# dpctl.sh BUILD - Debian's ovs-dpctl and pyroute2, as they are, see a simulated datapath as they see the kernel's.
# shellcheck disable=SC1010
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs ovs-dpctl openvswitch-switch
needs /usr/bin/python3 python3

ip4='in_port(1),eth(),eth_type(0x0800),ipv4()'
wild='recirc_id(0/0),dp_hash(0/0),skb_priority(0/0)'
meta='skb_mark(0/0),ct_state(0/0),ct_zone(0/0),ct_mark(0/0),ct_label(0/0)'
eth='eth(src=00:00:00:00:00:00/00:00:00:00:00:00,dst=00:00:00:00:00:00/00:00:00:00:00:00)'
ip4_wild='ipv4(src=0.0.0.0/0.0.0.0,dst=0.0.0.0/0.0.0.0,proto=0/0,tos=0/0,ttl=0/0)'
ufid='12345678-1234-1234-1234-123456789abc'

# ---- one program that runs everything ----------------------------------------------------------

expect "a datapath, a port and a flow are made and shown" simulator run -- sh -c "
    ovs-dpctl add-dp d0 && ovs-dpctl add-if d0 p1,type=internal && ovs-dpctl add-flow d0 \"$ip4\" 0 &&
    ovs-dpctl dump-flows d0 && ovs-dpctl show -s" <<'END'
in_port(1),eth(),eth_type(0x0800), packets:0, bytes:0, used:never, actions:0
system@d0:
  lookups: hit:0 missed:0 lost:0
  flows: 1
  masks: hit:0 total:1 hit/pkt:0.00
  caches:
    masks-cache: size:256
  port 0: d0 (internal)
    RX packets:0 errors:0 dropped:0 overruns:0 frame:0
    TX packets:0 errors:0 dropped:0 aborted:0 carrier:0
    collisions:0
    RX bytes:0  TX bytes:0
  port 1: p1 (internal)
    RX packets:0 errors:0 dropped:0 overruns:0 frame:0
    TX packets:0 errors:0 dropped:0 aborted:0 carrier:0
    collisions:0
    RX bytes:0  TX bytes:0
END

# ---- programs that come and go -----------------------------------------------------------------

serve
DPSIM_SOCKET=$work/tmp/socket
export DPSIM_SOCKET

dpctl() {
    # shellcheck disable=SC2086
    $user "$work/bin/dpsim" exec -- ovs-dpctl "$@"
}

quiet() {       # COMMAND...: it succeeds and prints nothing
    "$@" >got 2>err || die "$*: exit status $?: $(cat err)"
    [ ! -s got ] || die "$*: prints: $(cat got)"
    step "$*"
}

refused_by_dpctl() {    # PATTERN ARGUMENTS...
    pattern=$1
    shift
    dpctl "$@" >got 2>err && die "ovs-dpctl $*: succeeds"
    grep -Eq -- "$pattern" err || die "ovs-dpctl $*: does not say \"$pattern\" but: $(cat err)"
    step "$(tail -n 1 err)"
}

quiet dpctl add-dp d0
quiet dpctl add-if d0 p1,type=internal
expect "another program sees what the first one made" dpctl dump-dps <<'END'
system@d0
END
expect "so does dpsim" sh -c "$user $work/bin/dpsim do show | grep port" <<'END'
  port 0: d0 (internal)
  port 1: p1 (internal)
END
quiet dpctl add-flow d0 "$ip4" 1
quiet dpctl mod-flow d0 "$ip4" 0
expect "a flow by its key" dpctl dump-flows -m d0 <<END
$wild,in_port(p1),$meta,$eth,eth_type(0x0800),$ip4_wild, packets:0, bytes:0, used:never, dp:ovs, actions:d0
END
quiet dpctl add-flow d0 "ufid:$ufid,in_port(2),eth(),eth_type(0x0800),ipv4()" 0
expect "a flow by its UFID" dpctl get-flow d0 "ufid:$ufid" <<END
in_port(2),eth(),eth_type(0x0800), packets:0, bytes:0, used:never, actions:0
END
expect "both flows" dpctl dump-flows -m d0 <<END
$wild,in_port(p1),$meta,$eth,eth_type(0x0800),$ip4_wild, packets:0, bytes:0, used:never, dp:ovs, actions:d0
ufid:$ufid, $wild,in_port(2),$meta,$eth,eth_type(0x0800),$ip4_wild, packets:0, bytes:0, used:never, dp:ovs, actions:d0
END

# 60 bytes of Ethernet, IPv4 and UDP: the flow sends it to d0.
frame=0200000000020200000000010800450000
frame=${frame}2e00000000401100000a0000010a000002000100020
frame=${frame}01a0000000000000000000000000000000000000000
quiet simulator do 'up p1; up d0'
quiet simulator do send p1 "$frame"
expect "counted, in the flow" sh -c "
    $user $work/bin/dpsim exec -- ovs-dpctl dump-flows d0 | sed 's/used:[0-9.]*s/used:now/'" <<END
in_port(1),eth(),eth_type(0x0800), packets:1, bytes:60, used:now, actions:0
in_port(2),eth(),eth_type(0x0800), packets:0, bytes:0, used:never, actions:0
END
# The host counts what it receives without the Ethernet header.
expect "and by the port" sh -c "$user $work/bin/dpsim exec -- ovs-dpctl show -s | sed -n '/d0 (/,/RX bytes/p'" <<END
  port 0: d0 (internal)
    RX packets:1 errors:0 dropped:0 overruns:0 frame:0
    TX packets:0 errors:0 dropped:0 aborted:0 carrier:0
    collisions:0
    RX bytes:46  TX bytes:0
END
quiet dpctl del-flow d0 "$ip4"
refused_by_dpctl 'No such file' del-flow d0 "$ip4"
refused_by_dpctl 'File exists' add-dp d0
refused_by_dpctl 'Invalid argument' add-flow d0 "in_port(1),eth(),eth_type(0x0800),ipv4()" 65535

# ---- many --------------------------------------------------------------------------------------

quiet dpctl del-flows d0
awk 'BEGIN { for (i = 0; i < 2000; i++)
    printf "in_port(%d),eth(),eth_type(0x0800),ipv4(dst=10.0.%d.%d) %d\n", i % 7, i / 256, i % 256, i % 3 }' >flows
quiet dpctl add-flows d0 flows
dpctl dump-flows d0 >got 2>err || die "dump-flows: $(cat err)"
sort -u got | grep -c 'dst=10.0.*packets:0.*used:never' >count
[ "$(cat count)" = 2000 ] || die "ovs-dpctl dump-flows prints $(cat count) different flows, not 2000"
step "2000 flows go in and come out"

# ---- the end -----------------------------------------------------------------------------------

quiet dpctl del-if d0 p1
expect "the port is gone" sh -c "$user $work/bin/dpsim exec -- ovs-dpctl show | grep port" <<'END'
  port 0: d0 (internal)
END
quiet dpctl del-dp d0
expect "the datapath is gone" dpctl dump-dps </dev/null

/usr/bin/python3 -c 'import pyroute2' 2>/dev/null || die "pyroute2 is missing: apt-get install python3-pyroute2"
cat >resolve.py <<'END'
from pyroute2.netlink import genlmsg
from pyroute2.netlink.generic import GenericNetlinkSocket

for name in "ovs_datapath", "ovs_vport", "ovs_flow", "ovs_packet":
    s = GenericNetlinkSocket()
    s.bind(name, genlmsg)
    print(name, s.prid)
    s.close()
END
# shellcheck disable=SC2086
expect "pyroute2 resolves the families" $user "$work/bin/dpsim" exec -- /usr/bin/python3 resolve.py <<'END'
ovs_datapath 32
ovs_vport 33
ovs_flow 34
ovs_packet 35
END
