#!/bin/sh
# leaks.sh BUILD - strace shows what clients ask of the real kernel: nothing about the network, and no name of the
# host's devices is among the bytes.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
WRAP=''                 # here the clients are looked at, not the simulator
needs strace strace
needs cc gcc
needs ip iproute2
needs tc iproute2
needs tcpdump tcpdump
needs /usr/bin/python3 python3
needs ovs-dpctl openvswitch-switch
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
cp "$build/bin/client_mnl" "$build/bin/client_nl" "$build/bin/client_packet" "$build/bin/client_if" "$work/bin/" || exit 2
chmod 755 "$work"/bin/client_*

# Where an ordinary user may trace nothing, the programs run as who we are.
# shellcheck disable=SC2086
$user strace -o /dev/null true 2>/dev/null || user=''

# ---- what a leak is ------------------------------------------------------------------------------

# The devices of this host, but for names that the tests below give to virtual ones.
for device in /sys/class/net/*; do
    case ${device##*/} in
    lo | ovs-system | leak*) ;;
    *) echo "${device##*/}" ;;
    esac
done >host-devices

# One file for each thread, so that no call is torn in two. Without --seccomp-bpf: what dpsim's guard refuses is seen, too.
strace="strace -ff -qq -s 65536 -o $work/tmp/trace -e trace=%network,ioctl,%file,write,writev"

leaks() {       # prints every call that got through to the real network, or tried to
    grep -hE 'socket\((AF|PF)_(NETLINK|PACKET)|SOCK_PACKET' trace.*
    grep -hE 'ioctl\([0-9]+, (SIOC|_IOC\([^)]*0x89|0x89)' trace.*
    # That the host has no such file tells nothing of it, nor do constants of every kernel.
    grep -hE '^[a-z0-9]*\((.* )?"(/sys/class/net|/sys/devices/virtual/net|/proc(/self|/[0-9]*)?/net|/proc/sys/net)' trace.* |
        grep -vE '^execve|ENOENT|"/proc/(net/psched|sys/net/core/netdev_max_backlog)"'
    grep -hwFf host-devices trace.*
}

traced() {      # TEXT COMMAND...: it succeeds in the simulator, and nothing leaks
    text=$1
    shift
    rm -f trace.*
    WRAP=$strace simulator exec -- "$@" >got 2>err || die "$text: exit status $?: $(cat got err)"
    tight "$text"
}

tight() {       # TEXT: the traced programs have leaked nothing
    leaks >found
    [ ! -s found ] || die "$1 leaks: $(cut -c 1-200 found | sort | uniq -c)"
    cat trace.* | grep -q 'socket(AF_UNIX' || die "$1: the trace does not even show the simulator's socket"
    step "$1: $(cat trace.* | wc -l) calls"
}

# ---- the check finds what is there ------------------------------------------------------------------

caught() {      # PATTERN COMMAND...: the same check, without a simulator, finds the pattern
    pattern=$1
    shift
    rm -f trace.*
    # shellcheck disable=SC2086
    $user $strace "$@" >got 2>err
    leaks >found
    grep -Eq -- "$pattern" found || die "$*: the check overlooks $pattern"
    step "caught: $*: $(cut -c 1-80 found | grep -E -m 1 -- "$pattern")"
}

cc -I"$here/.." -D_GNU_SOURCE -pthread -static -o "$work/bin/static_probe" "$here/client_probe.c" 2>err || die "$(cat err)"
caught 'socket\(AF_NETLINK.*NETLINK_ROUTE' ip link
caught 'socket\(AF_NETLINK.*NETLINK_GENERIC' static_probe names
caught 'ioctl.*SIOCGIFFLAGS' static_probe interfaces
caught '"/proc/net/dev"' cat /proc/net/dev
while read -r device; do
    caught "\\b$device\\b" ip link
done <host-devices

# ---- clients ------------------------------------------------------------------------------------------

serve
export DPSIM_SOCKET="$work/tmp/socket"
send='dpsim do up nl1 && dpsim do send nl1 02000000000202000000000188b500112233'

traced "libmnl" client_mnl
traced "libnl-3" client_nl "$send"
traced "ovs-dpctl" sh -ec 'ovs-dpctl add-dp leak0; ovs-dpctl add-if leak0 leak1,type=internal
    ovs-dpctl add-flow leak0 "in_port(0),eth(),eth_type(0x0800),ipv4()" 1
    ovs-dpctl show -s; ovs-dpctl dump-flows leak0; ovs-dpctl dump-dps'
traced "ip" sh -ec 'ip link add leak2 type dummy; ip link add leak3 type veth peer name leak4
    ip link set leak2 up mtu 1400; ip addr add 10.0.0.1/24 dev leak2; ip route add default via 10.0.0.254
    ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev leak2
    for what in link addr "-s -d link" route "-6 route" "route show table all" rule neigh; do ip $what; done'
traced "files of devices" sh -ec 'ls -l /sys/class/net; ls /sys/class/net/leak2; cat /proc/net/dev /proc/self/net/route /proc/net/arp
    test -e /sys/class/net/leak2/mtu; cat /sys/class/net/*/ifindex /sys/class/net/leak2/mtu'
traced "ioctls about devices" client_if lo leak2 leak3
cp "$(command -v ip)" "$work/bin/own_ip" && chmod u+s "$work/bin/own_ip"
traced "a program that is set-user-ID root, if we are root" own_ip link
traced "tc" sh -ec 'tc qdisc; tc qdisc show dev leak2'
# shellcheck disable=SC2016
traced "ip monitor" sh -ec '. ./listening.sh
    monitor_until leak9 seen ip monitor
    ip link add leak9 type dummy
    monitored; ip link del leak9'
cat >links.py <<'END'
import socket
from pyroute2 import IPRoute, NDB

ip = IPRoute()
print([link.get_attr("IFLA_IFNAME") for link in ip.get_links()], len(ip.get_addr()), len(ip.get_routes()))
with NDB() as ndb:
    print(ndb.interfaces["leak3"]["kind"])
print(socket.if_nameindex(), socket.if_nametoindex("leak2"), socket.if_indextoname(1))
END
traced "pyroute2" /usr/bin/python3 links.py
dpsim do up leak1
WRAP=$strace
rm -f trace.*
listen dump tcpdump -n -c 1 -i leak1
dpsim do send leak1 02000000000202000000000188b500112233
wait "$listeners"
tight "tcpdump"
dpsim do 'dp leakdp; port leakdp leak8; up leakdp'
dpsim do 'flow leakdp in_port(leakdp),eth(),eth_type(0x1234) push_vlan(vid=5,pcp=3),leak8'
traced "AF_PACKET" client_packet leakdp leak8

# ---- a switch --------------------------------------------------------------------------------------

cat >switch <<'END'
set -eu
mkdir run && cd run
trap 'kill $(cat *.pid 2>/dev/null) 2>/dev/null' EXIT       # strace waits for the last of them
export OVS_RUNDIR="$PWD" OVS_LOGDIR="$PWD" OVS_DBDIR="$PWD" OVS_SYSCONFDIR="$PWD"
vsctl() { ovs-vsctl --db=unix:db.sock --timeout=60 "$@"; }
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile --log-file -vconsole:off --remote=punix:db.sock conf.db
vsctl --no-wait init
ovs-vswitchd --detach --no-chdir --pidfile --log-file -vconsole:off unix:db.sock
ip link add leak5 type dummy
ip link set leak5 up
vsctl add-br leakbr -- add-port leakbr leak5 -- add-port leakbr leak6 -- set interface leak6 type=internal \
    -- add-port leakbr leak7 -- set interface leak7 type=vxlan options:remote_ip=10.0.0.2
ip link set leak6 up
ovs-ofctl add-flow leakbr 'dl_type=0x88b5,actions=output:leak6'
dpsim do send leak5 02000000000202000000000188b500112233
dpsim do wait expect leak6 packets=1
ovs-ofctl dump-flows leakbr
ovs-ofctl del-flows leakbr
ovs-appctl dpctl/dump-flows
vsctl del-port leak6
vsctl del-br leakbr
ovs-appctl exit --cleanup
ovs-appctl -t ovsdb-server exit
trap - EXIT
END
traced "ovs-vswitchd and all its tools" sh switch

# ---- what escapes the preload library ----------------------------------------------------------------

refused_only() {    # TEXT COMMAND...: all that it asks of the real network is refused
    text=$1
    shift
    rm -f trace.*
    WRAP=$strace simulator exec --allow-static -- "$@" >got 2>err
    leaks >found
    [ -s found ] || die "$text asks for nothing: $(cat got err)"
    grep -vE '= -1 (EAFNOSUPPORT|ENODEV)' found && die "$text: this is not refused"
    step "refused: $text: $(head -n 1 found)"
}

refused_only "a static program's sockets" static_probe names
refused_only "its ioctls and the names of devices" static_probe interfaces
refused_only "a program without the preload library" env -u LD_PRELOAD ip link
refused_only "libc's own sockets" /usr/bin/python3 -c 'import socket as s
print(s.getaddrinfo("localhost", 80, type=s.SOCK_STREAM, flags=s.AI_ADDRCONFIG))'
grep -q 127.0.0.1 got || die "getaddrinfo: $(cat got err)"
refused_only "syscall(2)" /usr/bin/python3 -c 'import ctypes, os
print(ctypes.CDLL(None).syscall({"x86_64": 41, "aarch64": 198}[os.uname().machine], 16, 3, 16))'
