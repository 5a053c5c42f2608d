#!/bin/sh
# vswitchd.sh BUILD - Debian's ovs-vswitchd starts on virtual devices, sees them, and complains of nothing.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
needs ip iproute2

stage "$here/.." dpsim || die "the session's files cannot be copied"
cat >session <<'END'
set -e
. ./world.sh
. ./ovs.sh
ip link add d0 type dummy
ip link add v0 type veth peer name v1
for name in d0 v0 v1; do ip link set $name up; done
switch_start run
vsctl add-br br0 -- add-port br0 d0 -- add-port br0 v0 -- add-port br0 in0 -- set interface in0 type=internal
vsctl add-port br0 vx -- set interface vx type=vxlan options:remote_ip=10.0.0.2 options:key=7
vsctl add-port br0 gn -- set interface gn type=geneve options:remote_ip=10.0.0.2
vsctl add-port br0 gr -- set interface gr type=gre options:remote_ip=10.0.0.2
ip link set v1 down                         # an event: the other end has lost its carrier
vsctl wait-until interface v0 link_state=down
ip link set br0 up
for name in br0 d0; do vsctl wait-until interface $name link_state=up; done
ip addr add 10.0.0.1/24 dev br0
for name in br0 d0 v0 in0; do
    vsctl --bare --columns=name,link_state,mtu,error list interface $name | tr '\n' ' '; echo
done
# In an order of their own: that of vswitchd's hash tables differs from run to run.
ip -o link | sed 's/^[0-9]*: //; s/: <.*\(master [^ ]*\).*/ \1/; s/: <.*//' | sort
ovs-dpctl show | sed -n 's/.*port [0-9]*: //p' | sort
vsctl del-br br0
ip -o link | sed 's/: <.*//'
complaints
switch_end
END

expect "a bridge with all kinds of ports" simulator run -- sh session <<'END'
br0 up 1500  
d0 up 1500  
v0 down 1500  
in0 down 1500  
br0
d0 master ovs-system
genev_sys_6081 master ovs-system
gre_sys@NONE master ovs-system
in0
lo
ovs-system
v0@v1 master ovs-system
v1@v0
vxlan_sys_4789 master ovs-system
br0 (internal)
d0
genev_sys_6081 (geneve: packet_type=ptap)
gre_sys (gre: packet_type=ptap)
in0 (internal)
ovs-system (internal)
v0
vxlan_sys_4789 (vxlan: packet_type=ptap)
1: lo
5: d0
6: v1@v0
7: v0@v1
END

# What is lost by chance, is lost for it as by a full buffer; what is late comes when virtual time has.
cat >chance <<'END'
set -e
. ./world.sh
. ./ovs.sh
switch_with_pair chances
ofctl add-flow br0 in_port=p1,actions=output:p2
loops
dpsim do upcall-loss 100%
feed p1 a_to_b.pcap
dpsim do expect-stats ovs-system missed=1 lost=1
dpsim do 'upcall-loss 0%; upcall-delay 5ms'
feed p1 a_to_b.pcap
dpsim do expect-stats ovs-system missed=2 lost=1 flows=0
dpsim do advance 4999us
dpsim do expect p2 packets=0
dpsim do advance 1us
dpsim do wait expect p2 packets=1
complaints | sed 's/handler [0-9]*/handler/'
switch_end
END
expect "upcalls that are lost or late by chance" simulator run --cpus 2 -- sh chance <<'END'
dpif_netlink|WARN|system@ovs-system: lost packet on handler
END
