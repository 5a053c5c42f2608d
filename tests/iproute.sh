#!/bin/sh
# iproute.sh BUILD - Debian's iproute2 and pyroute2, as they are, make and see virtual devices.
set -u
. "$(dirname "$0")/tools.sh"
needs ip iproute2
needs tc iproute2
needs /usr/bin/python3 python3

serve
DPSIM_SOCKET=$work/tmp/socket
export DPSIM_SOCKET

run() {         # COMMAND...: a program that joins the simulator
    # shellcheck disable=SC2086
    $user "$work/bin/dpsim" exec -- "$@"
}

quiet() {       # COMMAND...: it succeeds and prints nothing
    run "$@" >got 2>err || die "$*: exit status $?: $(cat err)"
    [ ! -s got ] || die "$*: prints: $(cat got)"
    step "$*"
}

fails() {       # PATTERN COMMAND...
    pattern=$1
    shift
    run "$@" >got 2>err && die "$*: succeeds"
    grep -Eq -- "$pattern" err || die "$*: does not say \"$pattern\" but: $(cat err)"
    step "$*: $(head -n 1 err)"
}

# ---- links ---------------------------------------------------------------------------------------

quiet ip link add d0 type dummy
quiet ip link add v0 type veth peer name v1
quiet ip link add vx0 type vxlan id 42 dstport 4789 remote 10.0.0.2 local 10.0.0.1
quiet ip link add vx1 type vxlan external dstport 4790 gbp
quiet ip link add gn0 type geneve id 7 remote 10.0.0.3
quiet ip link add gr0 type gre remote 10.0.0.3 local 10.0.0.1
quiet ip link add gt0 type gretap remote 10.0.0.3 local 10.0.0.1 key 5
quiet ip link add g6 type ip6gre remote fd00::2 local fd00::1
fails 'File exists' ip link add d0 type dummy
fails 'Unknown device type' ip link add name x type bridge
fails 'Operation not supported' ip link del lo
fails 'mtu greater than device maximum' ip link set v0 mtu 70000
quiet ip link set d0 up mtu 9000 address 02:11:22:33:44:55
quiet ip link set v0 up
expect "links" run ip -o link <<'END'
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
5: d0: <BROADCAST,NOARP,UP,LOWER_UP> mtu 9000 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\    link/ether 02:11:22:33:44:55 brd ff:ff:ff:ff:ff:ff
6: v1@v0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000\    link/ether 02:00:00:00:00:06 brd ff:ff:ff:ff:ff:ff
7: v0@v1: <NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN> mtu 1500 qdisc noqueue state LOWERLAYERDOWN mode DEFAULT group default qlen 1000\    link/ether 02:00:00:00:00:07 brd ff:ff:ff:ff:ff:ff
8: vx0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000\    link/ether 02:00:00:00:00:08 brd ff:ff:ff:ff:ff:ff
9: vx1: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000\    link/ether 02:00:00:00:00:09 brd ff:ff:ff:ff:ff:ff
10: gn0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000\    link/ether 02:00:00:00:00:0a brd ff:ff:ff:ff:ff:ff
11: gr0@NONE: <POINTOPOINT,NOARP> mtu 1476 qdisc noop state DOWN mode DEFAULT group default qlen 1000\    link/gre 10.0.0.1 peer 10.0.0.3
12: gt0@NONE: <BROADCAST,MULTICAST> mtu 1458 qdisc noop state DOWN mode DEFAULT group default qlen 1000\    link/ether 02:00:00:00:00:0c brd ff:ff:ff:ff:ff:ff
13: g6@NONE: <POINTOPOINT,NOARP> mtu 1448 qdisc noop state DOWN mode DEFAULT group default qlen 1000\    link/gre6 fd00::1 peer fd00::2 permaddr 200:0:d::
END
kinds() {
    run ip -d link | sed -n 's/ *addrgenmode.*//; s/^    \([vg][a-z0-9]* .*\)/\1/p'
}
expect "what kinds say of themselves" kinds <<'END'
vxlan id 42 remote 10.0.0.2 local 10.0.0.1 srcport 0 0 dstport 4789 ttl auto ageing 300 udpcsum noudp6zerocsumtx noudp6zerocsumrx
vxlan external id 0 srcport 0 0 dstport 4790 nolearning ttl auto ageing 300 udpcsum noudp6zerocsumtx noudp6zerocsumrx gbp
geneve id 7 remote 10.0.0.3 ttl auto dstport 6081 noudpcsum udp6zerocsumrx
gre remote 10.0.0.3 local 10.0.0.1 ttl inherit
gretap remote 10.0.0.3 local 10.0.0.1 ttl inherit ikey 0.0.0.5 okey 0.0.0.5
END
fails 'Device or resource busy' ip link set d0 name e0
quiet ip link set v0 down
quiet ip link set v0 name w0
quiet ip link del w0
expect "the other end went with it" run ip -br link show type veth </dev/null
for name in vx0 vx1 gn0 gr0 gt0 g6; do
    quiet ip link del "$name"
done

# ---- addresses, routes, neighbours -----------------------------------------------------------------

quiet ip addr add 10.0.0.1/24 dev d0
quiet ip addr add 10.0.0.9/24 dev d0
quiet ip addr add fd00::1/64 dev d0
fails 'File exists' ip addr add 10.0.0.1/24 dev d0
expect "addresses" run ip -br addr <<'END'
lo               UNKNOWN        127.0.0.1/8 ::1/128 
d0               UNKNOWN        10.0.0.1/24 10.0.0.9/24 fd00::1/64 fe80::11:22ff:fe33:4455/64 
END
quiet ip route add default via 10.0.0.254
quiet ip route add 192.168.0.0/16 via 10.0.0.7 metric 5
fails 'Nexthop has invalid gateway' ip route add 172.16.0.0/12 via 10.9.0.7
fails 'File exists' ip route add default via 10.0.0.253
expect "routes" run ip route <<'END'
default via 10.0.0.254 dev d0 
10.0.0.0/24 dev d0 proto kernel scope link src 10.0.0.1 
192.168.0.0/16 via 10.0.0.7 dev d0 metric 5 
END
expect "IPv6 routes" run ip -6 route <<'END'
fd00::/64 dev d0 proto kernel metric 256 pref medium
fe80::/64 dev d0 proto kernel metric 256 pref medium
END
expect "the table of one's own" run ip route show table local <<'END'
local 10.0.0.1 dev d0 proto kernel scope host src 10.0.0.1 
local 10.0.0.9 dev d0 proto kernel scope host src 10.0.0.1 
broadcast 10.0.0.255 dev d0 proto kernel scope link src 10.0.0.1 
local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 
local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 
broadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1 
END
expect "the way to an address" run ip route get 192.168.3.4 <<'END'
192.168.3.4 via 10.0.0.7 dev d0 src 10.0.0.1 uid 0 
    cache 
END
expect "rules" run ip rule <<'END'
0:	from all lookup local
32766:	from all lookup main
32767:	from all lookup default
END
quiet ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev d0
expect "neighbours" run ip neigh <<'END'
10.0.0.5 dev d0 lladdr 02:00:00:00:00:05 PERMANENT 
END
quiet ip route del 192.168.0.0/16
fails 'No such process' ip route del 192.168.0.0/16
quiet ip neigh del 10.0.0.5 dev d0
quiet ip addr del 10.0.0.9/24 dev d0
quiet dpsim do 'netns 1; device far0; netns 0'
expect "links of another namespace" $user dpsim exec --netns 1 -- sh -c "ip -o link | cut -d: -f2" <<'END'
 lo
 far0
END
expect "default qdiscs, of what has been up" run tc qdisc show <<'END'
qdisc noqueue 0: dev lo root refcnt 2 
qdisc noqueue 0: dev d0 root refcnt 2 
END

# ---- monitor -------------------------------------------------------------------------------------

# "last" is behind all that is looked at.
watched() {
    # shellcheck disable=SC2016
    run sh -c '. ./listening.sh
        monitor_until last seen ip monitor link
        ip link add m0 type dummy; ip link set m0 up; ip link set m0 mtu 1400; ip link del m0
        ip link add last type dummy
        monitored; ip link del last; grep m0 seen'
}
# shellcheck disable=SC2086
$user touch seen
expect "ip monitor" watched <<'END'
14: m0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default 
14: m0: <BROADCAST,NOARP,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN group default 
14: m0: <BROADCAST,NOARP,UP,LOWER_UP> mtu 1400 qdisc noqueue state UNKNOWN group default 
14: m0: <BROADCAST,NOARP> mtu 1400 qdisc noqueue state DOWN group default 
Deleted 14: m0: <BROADCAST,NOARP> mtu 1400 qdisc noop state DOWN group default 
END

# ---- ports -----------------------------------------------------------------------------------------

needs ovs-dpctl openvswitch-switch
quiet ovs-dpctl add-dp br0
quiet ovs-dpctl add-if br0 d0
expect "a port has its datapath as master" sh -c "$user $work/bin/dpsim exec -- ip -d -o link show d0 |
    grep -o 'master br0\|promiscuity 1\|openvswitch_slave'" <<'END'
master br0
promiscuity 1
openvswitch_slave
END
fails 'Operation not supported' ip link del br0
fails 'Operation not supported' ip link set d0 nomaster
quiet ip link del d0
expect "with its device goes the port" sh -c "$user $work/bin/dpsim exec -- ovs-dpctl show | grep port" <<'END'
  port 0: br0 (internal)
END

# ---- rules and files -------------------------------------------------------------------------------

# What a tunnel sends goes the way that the policy rules have for its mark; the counters in /sys tell which.
for n in 1 2; do
    quiet ip link add r$n type dummy
    quiet ip link set r$n up
    quiet ip addr add 172.16.$n.1/24 dev r$n
    quiet ip neigh add 172.16.$n.254 lladdr 02:00:00:00:01:0$n dev r$n
done
quiet ip route add 10.77.0.0/16 via 172.16.1.254
quiet ip route add 10.77.0.0/16 via 172.16.2.254 table 100
quiet ip rule add fwmark 7 table 100
sent() {
    run cat /sys/class/net/r1/statistics/tx_packets /sys/class/net/r2/statistics/tx_packets
}
lead() {        # MARK: a packet with it
    $user "$work/bin/dpsim" do "flow br0 in_port(br0),eth(),eth_type(0x0800),ipv4() \
        set(skb_mark($1)),set(tunnel(tun_id=0x1,dst=10.77.0.9,ttl=64,flags(key))),vx" || die "the flow of mark $1"
    $user "$work/bin/dpsim" do "send br0 $udp; del-flows br0" || die "a packet of mark $1"
}
udp=020000000002020000000001080045000021000000004011
udp=${udp}66ca0a0000010a00000203e807d0000da04768656c6c6f
$user "$work/bin/dpsim" do "up br0; port br0 vx type=vxlan dst_port=4789" || die "the tunnel port"
lead 5
expect "without a rule's mark" sent <<'END'
1
0
END
lead 7
expect "with it" sent <<'END'
1
1
END
expect "the devices of the host are not seen" run sh -c 'ls /sys/class/net; ls -d /sys/class/net/r1; test ! -e /sys/class/net/eth0
    sed "s/:.*//; s/ *//; 1,2d" /proc/net/dev; wc -l </proc/net/route; cat /proc/net/fib_trie 2>&1 || :' <<'END'
br0
lo
r1
r2
vx
/sys/class/net/r1
lo
br0
r1
r2
vx
4
cat: /proc/net/fib_trie: No such file or directory
END
for name in r1 r2 vx; do
    quiet ip link del $name
done
quiet ip rule del fwmark 7

# ---- pyroute2 --------------------------------------------------------------------------------------

/usr/bin/python3 -c 'import pyroute2' 2>/dev/null || die "pyroute2 is missing: apt-get install python3-pyroute2"
cat >links.py <<'END'
import socket
from pyroute2 import IPRoute, NDB

ip = IPRoute()
ip.link("add", ifname="p0", kind="dummy")
p0 = ip.link_lookup(ifname="p0")[0]
ip.link("set", index=p0, state="up", mtu=1400)
ip.addr("add", index=p0, address="10.1.0.1", prefixlen=24)
ip.link("add", ifname="pa", kind="veth", peer="pb")
print([(link.get_attr("IFLA_IFNAME"), link.get_attr("IFLA_MTU")) for link in ip.get_links()])
print([addr.get_attr("IFA_ADDRESS") for addr in ip.get_addr(family=socket.AF_INET)])
with NDB() as ndb:
    ndb.interfaces.create(ifname="n0", kind="dummy").add_ip("10.9.0.1/24").set("state", "up").commit()
    print(ndb.interfaces["pa"]["kind"], ndb.interfaces["n0"]["mtu"], ndb.routes["10.9.0.0/24"]["prefsrc"])
print(socket.if_nametoindex("n0"), [name for _, name in socket.if_nameindex()])
END
expect "pyroute2" run /usr/bin/python3 links.py <<'END'
[('lo', 65536), ('br0', 1500), ('p0', 1400), ('pb', 1500), ('pa', 1500)]
['127.0.0.1', '10.1.0.1']
veth 1500 10.9.0.1
23 ['lo', 'br0', 'p0', 'pb', 'pa', 'n0']
END
