#!/bin/sh
# recorder.sh BUILD - the flight recorder: the same session gives the same bytes; all that a replay needs is told; Wireshark reads
# it; there are as many frames as the ports have counted.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs tshark tshark
needs ovs-dpctl openvswitch-switch
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
needs ip iproute2
needs unshare util-linux
cp "$build/bin/client_mnl" "$build/bin/client_packet" "$build/bin/client_rt" "$work/bin/" || exit 2
chmod 755 "$work"/bin/client_*
stage "$here/.." dpsim || die "the session's files cannot be copied"

shown() {       # RECORDING: without numbers, long rows of zeros as ..
    dpsim show "$1" | sed 's/^ *[0-9]* //; s/0\{10,\}/../g'
}

events() {      # RECORDING: those that are about the world, without times
    shown "$1" | sed 's/^[0-9.]* //' | grep -vE '^(netlink|open|close|bind|connect|setopt|recv) '
}

# ---- the same bytes, and what is in them -----------------------------------------------------------

cat >dpctl <<'END'
set -e
ovs-dpctl add-dp br0
ovs-dpctl add-if br0 in0,type=internal
dpsim do port br0 p1
ovs-dpctl add-flow br0 'in_port(2),eth(),eth_type(0x0800),ipv4(frag=no)' 1,0
dpsim do inject p1 a_to_b.pcap
dpsim do +1ms send p1 ffffffffffff02000000000188b5
dpsim do port br0 p1 '!EEXIST'
dpsim do port br0 p1 2>/dev/null || true
dpsim do expect p1 packets=0
ovs-dpctl show -s
END
cat >world.scn <<'END'
dp br0; port br0 p1
flow br0 in_port(br0),eth(),eth_type(0x1234) push_vlan(vid=5,pcp=3),p1
END
for n in 1 2; do
    simulator run --upcall normal --record dpctl$n.pcapng -- sh dpctl >/dev/null 2>err || die "ovs-dpctl: $(cat err)"
    simulator run --scenario world.scn --record packet$n.pcapng -- client_packet br0 p1 >/dev/null || die "client_packet"
done
cmp dpctl1.pcapng dpctl2.pcapng && cmp packet1.pcapng packet2.pcapng || die "two recordings of a session differ"
step "two recordings of a session are the same"

udp='len   60 eth(src=0a:00:00:00:00:01,dst=0a:00:00:00:00:02),eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1000,dst=2000)'
odd='len   14 eth(src=02:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x88b5)'
expect "commands, ioctls and frames are told, what only looks is not" events dpctl1.pcapng <<END
world seed=0 cpus=4 shows_cpus=0 one_cpu=0 no_features=0x0 upcall_order=0 min_delay=0 max_delay=0 loss=0 rx=0 rx_cpu=0
do
do upcall normal
ioctl ns=0 cmd=0x8914 data=696e3..31..
do port br0 p1
did inject p1 a_to_b.pcap
p1 in fed $udp
in0 out $udp
do send p1 ffffffffffff02000000000188b5
p1 in $odd
in0 out $odd
do port br0 p1 !EEXIST
failed EEXIST "p1" already has master "br0"
do port br0 p1
failed EEXIST "p1" already has master "br0"
end
END

sock() {        # RECORDING SOCKET: all that it did
    shown "$1" | grep -E " sock=$2( |$)"
}
expect "a netlink socket from its opening to its end" sock dpctl1.pcapng 3 <<'END'
0.000000000 open sock=3 protocol=16 type=3 ns=0 process=1
0.000000000 setopt sock=3 level=270 name=11 value=1
0.000000000 setopt sock=3 level=1 name=33 value=4194304
0.000000000 connect sock=3
0.000000000 netlink in port=1004 sock=3 generic type 16 cmd 3 flags 0x1 seq 1 len 40
0.000000000 netlink out port=1004 sock=3 generic type 16 cmd 1 flags 0 seq 1 len 192
0.000000000 close sock=3
END
expect "an AF_PACKET socket, and what it sends" sock packet1.pcapng 1 <<END
0.000000000 open sock=1 family=packet protocol=0x0000 type=3 ns=0 process=1
0.000000000 bind sock=1 ifindex=5 protocol=0x0003
0.000000000 bind sock=1 ifindex=9999 protocol=0x0003
0.000000000 frame sock=1 data=..f27..3..6020000000005..20000000009020000000008123401020304
0.000000000 frame sock=1 data=..200000000
0.000000000 close sock=1
END

# ---- namespaces, processes, losses, the clients' clock -----------------------------------------------

cat >away <<'END'
set -e
dpsim do device d0
unshare -n sh -c 'ip link add d0 type dummy; ip link set d0 up; dpsim do netns 1; dpsim do send d0 ffffffffffff02000000000188b5
    client_rt 90 zero:4 2=pid >/dev/null'
unshare -n ip link set lo up
END
cat >lost <<'END'
set -e
mkfifo heard
client_mnl stay >/dev/null 2>heard &
read -r _ <heard
dpsim do up mnl1
dpsim do send mnl1 ffffffffffff02000000000188b5
dpsim do upcall-loss 0%
dpsim do send mnl1 ffffffffffff02000000000188b5
kill $!
END
simulator run --record away.pcapng -- sh away 2>err || die "namespaces: $(cat err)"
events away.pcapng | sed 's/pid=[1-9][0-9]*/pid=P/' >told
expect "namespaces that come and go, and whose they are" cat told <<END
$(events dpctl1.pcapng | head -n 1)
do
do device d0
netns-add ns=1
do netns 1
do send d0 ffffffffffff02000000000188b5
d0@netns 1 in $odd
pid pid=P ns=1
netns-add ns=2
netns-del ns=2
end
END

simulator run --upcall-loss 100% --record lost.pcapng -- sh lost || die "losses"
expect "a datagram that is lost" events lost.pcapng <<END
$(events lost.pcapng | head -n 1)
do
do up mnl1
do send mnl1 ffffffffffff02000000000188b5
mnl1 in $odd
lost sock=3 group=0 len=168
error sock=3 errno=ENOBUFS
do upcall-loss 0%
do send mnl1 ffffffffffff02000000000188b5
mnl1 in $odd
end
END

# ---- golden tests ------------------------------------------------------------------------------------

cp -r "$here/../fixtures/hit" . && chmod -R a+rX hit || die "a golden test cannot be copied"
simulator test --record --keep kept hit >got || die "dpsim test --record: $(cat got)"
[ "$(events kept/hit/recording.pcapng | grep -c '^p1 in fed ')" -eq 5 ] || die "a golden test's recording"
step "a golden test's recording lies beside what the test records"

# ---- what cannot be written -------------------------------------------------------------------------

refused 1 '/dev/full: the recording is incomplete: No space left on device' simulator run --record /dev/full -- true
refused 1 'nowhere/x.pcapng: cannot be written: No such file' simulator run --record nowhere/x.pcapng -- true
refused 1 'nowhere/x.pcapng: cannot be written: No such file' simulator serve --socket s --record nowhere/x.pcapng

# ---- a switch, Wireshark, counters ----------------------------------------------------------------------

cat >session <<'END'
set -eu
. ./world.sh
. ./ovs.sh
wire w0 w1
on ip link set w0 address 02:00:00:00:00:10
on ip addr add 10.0.0.1/24 dev w0
on ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:20 dev w0
switch_start run
devices p1 p2
vsctl add-br br0 -- set bridge br0 datapath_type=system fail_mode=secure
port br0 p1 1
port br0 p2 2
port br0 in0 3 type=internal
port br0 vx 4 type=vxlan options:remote_ip=10.0.0.2 options:key=7
on ip link set in0 up
ofctl add-flow br0 actions=NORMAL
fresh
feed p1 a_to_b.pcap                     # flooded
came p2=1
settle
feed p2 b_to_a.pcap
came p1=1
dpsim do send in0 ffffffffffff02000000000188b5
came p1=1 p2=1
dpsim do down p2
feed p2 b_to_a.pcap                     # lost: nobody counts it
loops
ovs-appctl dpctl/show -s | awk '/port [0-9]+: / { port = $3 } /RX packets:/ { rx = $2 } /TX packets:/ {
    sub("packets:", "", rx); sub("packets:", "", $2); if (rx + $2) print port, rx, $2 }'
counted() {             # DEVICE NAME: ovs-vswitchd tells no counters of tunnels, and wires are no ports
    echo "$2 $(on cat "/sys/class/net/$1/statistics/rx_packets" "/sys/class/net/$1/statistics/tx_packets" | xargs)"
}
counted vxlan_sys_4789 vxlan_sys_4789
counted w0 w0
at far
counted w1 'w1@netns 1'
switch_end
END
simulator run --record switch.pcapng -- sh session >counters || die "the switch's session"

fields() {      # RECORDING FIELD...: of each record
    recording=$1
    shift
    # shellcheck disable=SC2046,SC2086
    HOME="$work/tmp" $user tshark -r "$recording" -T fields $(printf ' -e %s' "$@") >fields 2>err ||
        die "tshark: $(cat err)"
}
fields switch.pcapng frame.interface_name frame.packet_flags_direction
awk -F '\t' '$1 && $1 != "netlink" { n[$1]; $2 ~ /1$/ ? in_[$1]++ : out[$1]++ }
    END { for (name in n) print name, in_[name] + 0, out[name] + 0 }' fields | sort >recorded
sort -o counters counters
expect "there are as many frames as the ports have counted" cat recorded <counters

told() {        # what a field says, each thing once
    tr ',' '\n' <fields | grep . | LC_ALL=C sort -u
}
fields switch.pcapng genl.ctrl.family_name
expect "Wireshark knows the families by name" told <<'END'
ovs_ct_limit
ovs_datapath
ovs_flow
ovs_meter
ovs_packet
ovs_vport
END
fields switch.pcapng netlink-route.ifla_ifname
expect "and the devices that rtnetlink tells of" told <<'END'
br0
genev_sys_6081
in0
lo
ovs-system
p1
p2
vxlan_sys_4789
w0
END
fields switch.pcapng _ws.malformed
[ -z "$(told)" ] || die "tshark calls something malformed: $(dpsim show switch.pcapng | sed -n "$(grep -n . fields | cut -d: -f1 | head -n 1)p")"
step "nothing is malformed"
simulator run --record short.pcapng -- dpsim do 'dp br0; port br0 p1; send p1 ffffffffffff020000000001080600' || die "a short frame"
fields short.pcapng _ws.malformed
[ "$(grep -c . fields)" -eq 1 ] || die "tshark does not mark an ARP packet of one byte"
step "but what is"
