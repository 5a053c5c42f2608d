# shellcheck shell=sh disable=SC1091
# columns.sh - a session: what ovs-vswitchd tells of interfaces, and what it gets when it asks for policing and QoS.
set -eu
. ./world.sh
. ./ovs.sh

columns() {             # INTERFACE...
    for name; do
        vsctl --columns=name,type,admin_state,link_state,link_speed,duplex,mtu,mac_in_use,ofport,status,error \
            list interface "$name" | sed 's/,* *driver_version="6[^"]*"//'      # some drivers': the kernel's release
    done
}

numbered() {            # INTERFACE...: whose ifindex is the device's
    for name; do
        [ "$(vsctl get interface "$name" ifindex)" = "$(ip -o link show "$name" | sed 's/:.*//')" ] && echo "$name"
    done
}

switch_start run
devices p1 p2
ip link add v0 type veth peer name v1
ip link add d0 type dummy
ip link set v0 up address 02:00:00:00:01:01
ip link set v1 up
ip link set d0 up mtu 9000 address 02:00:00:00:01:02
vsctl add-br br0 -- set bridge br0 datapath_type=system other-config:hwaddr=02:00:00:00:00:aa
port br0 p1 1
port br0 p2 2
port br0 v0 3
port br0 d0 4
port br0 in0 5 type=internal mac=\"02:00:00:00:00:bb\"
port br0 vx 6 type=vxlan options:remote_ip=10.0.0.2
ip link set br0 up

echo "== columns"
vsctl wait-until interface br0 link_state=up
columns br0 v0 d0 in0
columns vx | sed 's/^\(mac_in_use.*"\).*"/\1random"/'
echo "== ifindexes of"
numbered br0 v0 d0 in0
echo "== changes"
ip link set v1 down
vsctl wait-until interface v0 link_state=down
columns v0
vsctl set interface in0 mtu_request=1400
vsctl wait-until interface in0 mtu=1400
ip link set in0 up
vsctl wait-until interface in0 link_state=up
columns in0
echo "== no ports"
port br0 none 7 2>&1 | sed 's/.*: Error/Error/; /default log/d'
port br0 lo 8 2>&1 | sed 's/.*: Error/Error/; /default log/d'
columns none lo
vsctl del-port none -- del-port lo

echo "== statistics"
feed p1 burst.pcap
came p2=12
vsctl wait-until interface p2 statistics:tx_packets=12
vsctl --columns=name,statistics list interface p1 p2

echo "== policing and QoS"
qos() {                 # TYPE COMMANDS...
    type=$1
    shift
    vsctl set port p2 qos=@new -- --id=@new create qos "type=$type" "$@" >/dev/null
    ovs-appctl qos/show p2
}
vsctl set interface p1 ingress_policing_rate=1000 ingress_policing_burst=100
qos linux-htb other-config:max-rate=1000000 queues=0=@queue -- --id=@queue create queue other-config:max-rate=500000
vsctl clear port p2 qos -- set interface p1 ingress_policing_rate=0
for type in linux-sfq linux-codel linux-fq_codel linux-netem linux-hfsc linux-noop; do qos $type; done
vsctl clear port p2 qos
echo "== complaints"
complaints | sort -u            # it says some things as often as it looks
world_end
switch_end
