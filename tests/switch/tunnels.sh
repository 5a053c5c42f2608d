# shellcheck shell=sh disable=SC1091
# tunnels.sh - a session: two hosts on a wire, a switch on each; frames cross in tunnels and come out as they went in.
set -eu
. ./world.sh
. ./ovs.sh

wire w0 w1
on ip link set w0 address 02:00:00:00:00:10
on ip addr add 10.0.0.1/24 dev w0
on ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:20 dev w0
switch_start near
devices p1
vsctl add-br br0 -- set bridge br0 datapath_type=system fail_mode=secure
port br0 p1 1
port br0 vx 2 type=vxlan options:remote_ip=10.0.0.2 options:key=flow
port br0 gn 3 type=geneve options:remote_ip=10.0.0.2 options:key=42
port br0 gr 4 type=gre options:remote_ip=10.0.0.2 options:key=5
port br0 vf 5 type=vxlan options:remote_ip=flow options:key=flow options:dst_port=4790

at far
on ip link set w1 address 02:00:00:00:00:20
on ip addr add 10.0.0.2/24 dev w1
on ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:10 dev w1
switch_start far
devices q1
vsctl add-br br1 -- set bridge br1 datapath_type=system fail_mode=secure
port br1 q1 1
port br1 vx 2 type=vxlan options:remote_ip=10.0.0.1 options:key=flow
port br1 gn 3 type=geneve options:remote_ip=10.0.0.1 options:key=42
port br1 gr 4 type=gre options:remote_ip=10.0.0.1 options:key=5
port br1 vf 5 type=vxlan options:remote_ip=flow options:key=flow options:dst_port=4790

through() {             # TITLE TO-TUNNEL MATCH-OF-TUNNEL: a frame goes from p1 to q1, another one back
    echo "== $1"
    at near
    switch_of near
    ofctl del-flows br0
    ofctl add-flow br0 "in_port=p1,actions=$2"
    ofctl add-flow br0 "$3,tun_src=10.0.0.2,actions=output:p1"
    fresh
    chapter "$1" p1
    at far
    switch_of far
    ofctl del-flows br1
    ofctl add-flow br1 "in_port=q1,actions=$(echo "$2" | sed 's/10.0.0.2/10.0.0.1/')"
    ofctl add-flow br1 "$3,tun_src=10.0.0.1,actions=output:q1"
    fresh
    chapter "$1" q1
    at near
    feed p1 "$4"
    at far
    came q1=1
    feed q1 b_to_a.pcap
    at near
    came p1=1
    for switch in 'near br0' 'far br1'; do
        switch_of "${switch% *}"
        dp_flows
        purge
        ofctl_flows "${switch#* }"
    done
}
through vxlan 'set_field:7->tun_id,output:vx' in_port=vx,tun_id=7 a_to_b.pcap
through geneve output:gn in_port=gn,tun_id=42 a_to_b.pcap
through gre output:gr in_port=gr,tun_id=5 tagged20.pcap
through flow 'set_field:9->tun_id,set_field:10.0.0.2->tun_dst,output:vf' in_port=vf,tun_id=9 a_to_b.pcap
for switch in 'near br0' 'far br1'; do
    switch_of "${switch% *}"
    ovs-appctl dpif/show | sed 's/, packet_type.*//; s/hit.*//; s,/[0-9]*:,:,'
    ovs-appctl ofproto/list-tunnels | sed 's/port [0-9]*: //' | sort
    ofctl dump-ports "${switch#* }" | sed 's/duration=.*//'
    echo "== complaints of ${switch% *}"
    complaints
    switch_end
done
world_end
