#!/bin/sh
# tunnels.sh BUILD - tunnels as Debian's programs see them: ip makes devices and looks at neighbours, ovs-vswitchd's
# tunnel ports send and receive.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs ip iproute2
needs tcpdump tcpdump
needs /usr/bin/python3 python3
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
stage "$here/.." dpsim || die "the session's files cannot be copied"

# A program of the host's sends frames: DEVICE HEX...
cat >send.py <<'END'
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for frame in sys.argv[2:]:
    s.send(bytes.fromhex(frame))
END
cat >tools <<'END'
. ./listening.sh
capture() {     # DEVICE PACKETS: into DEVICE.pcap, in the background
    mkfifo "$1.err"
    tcpdump -c "$2" -i "$1" -w "$1.pcap" 2>"$1.err" &
    tcpdump=$!
    says_listening "$1.err"
    rm "$1.err"
}
END

# ---- devices that know their far ends, neighbours, conflicts -----------------------------------------

cat >by_hand <<'END'
. ./tools
ip link add u0 address 02:00:00:00:00:01 type veth peer name u1
ip link set u0 up
ip link set u1 up
ip addr add 10.0.0.1/24 dev u0
ip link add vx address 02:00:00:00:00:07 type vxlan id 7 remote 10.0.0.2 dstport 4789
ip link set vx up
ip addr add 10.1.0.1/24 dev vx
ip neigh add 10.1.0.2 lladdr 0a:00:00:00:00:02 dev vx
# A tunnel in the tunnel: its far end is behind vx.
ip link add gr type gretap remote 10.1.0.2 key 5
ip link set gr up
frame=0a00000000030a000000000112340123456789
capture u1 6
monitor_until STALE told ip monitor neigh
/usr/bin/python3 send.py gr $frame
ip neigh show dev u0
dpsim do advance 3s
ip neigh show dev u0
/usr/bin/python3 send.py gr $frame
# Whoever is at the other end of the pair answers for 10.0.0.2.
/usr/bin/python3 send.py u1 020000000001020000000099080600010800060400020200000000990a0000020200000000010a000001
ip neigh show dev u0
wait $tcpdump
dpsim show u1.pcap
dpsim do advance 30s
ip neigh show dev u0
monitored
grep 10.0.0.2 told
ip -s link show gr | sed -n '$p'
ovs-dpctl add-dp d0
ovs-dpctl add-if d0 v,type=vxlan,remote_ip=flow,dst_port=4789 2>&1 | sed 's/.*|WARN|//'
ip link add v2 type vxlan id 7 remote 10.0.0.3 dstport 4789 2>&1
ip link add g2 type vxlan external dstport 4789
ip link set g2 up 2>&1 || true
END
expect "devices that know their far ends" simulator run -- sh by_hand <<'END'
10.0.0.2 INCOMPLETE 
10.0.0.2 FAILED 
10.0.0.2 lladdr 02:00:00:00:00:99 REACHABLE 
    1 0.000000000 len   42 eth(src=02:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00)
    2 1.000000000 len   42 eth(src=02:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00)
    3 2.000000000 len   42 eth(src=02:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00)
    4 3.000000000 len   42 eth(src=02:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00)
    5 3.000000000 len   42 eth(src=02:00:00:00:00:99,dst=02:00:00:00:00:01),eth_type(0x0806),arp(sip=10.0.0.2,tip=10.0.0.1,op=2,sha=02:00:00:00:00:99,tha=02:00:00:00:00:01)
    6 3.000000000 len  111 eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:99),eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=33198,dst=4789)
10.0.0.2 lladdr 02:00:00:00:00:99 STALE 
10.0.0.2 dev u0 FAILED 
10.0.0.2 dev u0 lladdr 02:00:00:00:00:99 REACHABLE 
10.0.0.2 dev u0 lladdr 02:00:00:00:00:99 STALE 
            10       2      0       0       0       0 
Failed to create v with rtnetlink: Address already in use
system@d0: failed to add v as port: Address already in use
ovs-dpctl: adding v to d0 failed (Address already in use)
Error: A VXLAN device with the specified VNI already exists.
RTNETLINK answers: Address already in use
END

# ---- ovs-vswitchd --------------------------------------------------------------------------------------

cat >switch <<'END'
set -e
. ./tools
. ./world.sh
. ./ovs.sh
switch_start run
ip link add u0 address 02:00:00:00:00:01 type veth peer name u1
ip link add p0 type veth peer name p1
for name in u0 u1 p0 p1; do ip link set $name up; done
ip addr add 10.0.0.1/24 dev u0
ip addr add fd00::1/64 dev u0
ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev u0
ip neigh add fd00::2 lladdr 02:00:00:00:00:02 dev u0
vsctl add-br br0 -- add-port br0 p0
n=0
while read -r options; do
    n=$((n + 1))
    vsctl add-port br0 t$n -- set interface t$n options:key=$n $options
done <<'EOF'
type=vxlan options:remote_ip=10.0.0.2
type=geneve options:remote_ip=fd00::2
type=gre options:remote_ip=10.0.0.2
type=ip6gre options:remote_ip=fd00::2
type=erspan options:remote_ip=10.0.0.2 options:erspan_ver=1 options:erspan_idx=3
type=ip6erspan options:remote_ip=fd00::2 options:erspan_ver=2 options:erspan_dir=1 options:erspan_hwid=4
EOF
# In an order of their own: that of vswitchd's tables is not ours to say.
ovs-dpctl show | sed -n 's/.*port [0-9]*: \(.*_sys.*\)/\1/p' | sort
capture u1 6
/usr/bin/python3 send.py p1 ffffffffffff0a00000000011234$(printf '%092d' 0)
wait $tcpdump
dpsim show u1.pcap | sed 's/^ *[0-9]* //' | sort
# The far end sends the same back, to a station that the bridge has heard of.
cat >turn.py <<'EOF'
data = open("u1.pcap", "rb").read()[24:]
while data:
    n = int.from_bytes(data[8:12], "little")
    f, data = bytearray(data[16:16 + n]), data[16 + n:]
    f[0:12] = f[6:12] + f[0:6]
    at, n = (26, 4) if f[12:14] == b"\x08\0" else (22, 16)
    f[at:at + 2 * n] = f[at + n:at + 2 * n] + f[at:at + n]
    inner = f.index(b"\xff" * 6 + b"\x0a")
    f[inner:inner + 12] = b"\x0a\0\0\0\0\1" + b"\x0a\0\0\0\0\2"
    print(f.hex())
EOF
capture p1 6
/usr/bin/python3 send.py u1 $(/usr/bin/python3 turn.py)
wait $tcpdump
dpsim show p1.pcap
complaints
switch_end
END
expect "ovs-vswitchd's tunnels of every kind" simulator run -- sh switch <<'END'
erspan_sys (erspan: erspan_ver=0, packet_type=ptap)
genev_sys_6081 (geneve: packet_type=ptap)
gre_sys (gre: packet_type=ptap)
ip6erspan_sys (ip6erspan: erspan_ver=0, packet_type=ptap)
ip6gre_sys (ip6gre: packet_type=ptap)
vxlan_sys_4789 (vxlan: packet_type=ptap)
0.000000000 len  102 eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=47,tos=0,ttl=64,frag=no)
0.000000000 len  110 eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=36325,dst=4789)
0.000000000 len  110 eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=47,tos=0,ttl=64,frag=no)
0.000000000 len  122 eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0xf77fd,proto=47,tclass=0,hlimit=64,frag=no),ipv6_exthdr(0)
0.000000000 len  130 eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0,proto=17,tclass=0,hlimit=64,frag=no),ipv6_exthdr(0),udp(src=8259,dst=6081)
0.000000000 len  134 eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x86dd),ipv6(src=fd00::1,dst=fd00::2,label=0xf77fd,proto=47,tclass=0,hlimit=64,frag=no),ipv6_exthdr(0)
    1 0.000000000 len   60 eth(src=0a:00:00:00:00:02,dst=0a:00:00:00:00:01),eth_type(0x1234)
    2 0.000000000 len   60 eth(src=0a:00:00:00:00:02,dst=0a:00:00:00:00:01),eth_type(0x1234)
    3 0.000000000 len   60 eth(src=0a:00:00:00:00:02,dst=0a:00:00:00:00:01),eth_type(0x1234)
    4 0.000000000 len   60 eth(src=0a:00:00:00:00:02,dst=0a:00:00:00:00:01),eth_type(0x1234)
    5 0.000000000 len   60 eth(src=0a:00:00:00:00:02,dst=0a:00:00:00:00:01),eth_type(0x1234)
    6 0.000000000 len   60 eth(src=0a:00:00:00:00:02,dst=0a:00:00:00:00:01),eth_type(0x1234)
END
