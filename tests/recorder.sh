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
cp "$build/bin/client_mnl" "$build/bin/client_packet" "$work/bin/" || exit 2
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

# ---- namespaces, processes, losses ---------------------------------------------------------------

cat >away <<'END'
set -e
mkfifo there done
unshare -n sh -c 'echo >there; read -r _ <done; ip link set v1 up' &
read -r _ <there
ip link add v0 type veth peer name v1 netns $!
ip link set v0 up
echo >done
wait $!
END
cat >lost <<'END'
set -e
mkfifo heard
client_mnl stay >/dev/null 2>heard &
read -r _ <heard
dpsim do up mnl1
dpsim do send mnl1 ffffffffffff02000000000188b5
kill $!
END
simulator run --record away.pcapng -- sh away 2>err || die "namespaces: $(cat err)"
events away.pcapng | sed 's/pid=[0-9]*/pid=P/; s/ len .*//' >told
expect "namespaces that come and go, and whose they are" cat told <<'END'
END

simulator run --upcall-loss 100% --record lost.pcapng -- sh lost || die "losses"
expect "lost" events lost.pcapng <<'END'
END
