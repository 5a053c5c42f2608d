# shellcheck shell=sh disable=SC1091
# forward.sh - a session: what OpenFlow says comes true, packet by packet.
set -eu
. ./world.sh
. ./ovs.sh

switch_start run
devices p1 p2 p3
vsctl add-br br0 -- set bridge br0 datapath_type=system fail_mode=secure other-config:hwaddr=02:00:00:00:00:aa
for n in 1 2 3; do              # one by one: packets are flooded in the order of their making
    port br0 p$n $n
done

begin() {               # TITLE [FLOW...]: these and no other OpenFlow flows, and recordings of their own
    echo "== $1"
    chapter "$1" p1 p2 p3
    shift
    ofctl del-flows br0
    for flow; do ofctl add-flow br0 "$flow"; done
    fresh
}

end() {                 # how often each flow was used, the datapath's and OpenFlow's
    dp_flows
    purge
    ofctl_flows br0
}

# ---- NORMAL: flood, learn, forward ------------------------------------------------------------

begin normal actions=NORMAL
feed p1 a_to_b.pcap
came p2=1 p3=1
settle
feed p2 b_to_a.pcap             # to where a was seen
came p1=1
settle
feed p1 a_to_b.pcap             # to where b was seen: no longer flooded
came p2=1
feed p3 c_to_all.pcap
came p1=1 p2=1
settle
feed p1 a_to_c.pcap
came p3=1
feed p1 a_to_c.pcap
came p3=1
end
ovs-appctl fdb/show br0 | awk '{ print $1, $2, $3 }' | sort

# ---- access and trunk ports ---------------------------------------------------------------------

vsctl set port p1 tag=10 -- set port p2 trunks=10,20 -- set port p3 tag=20
loops
ovs-appctl fdb/flush br0 >/dev/null
begin vlan actions=NORMAL
feed p1 a_to_b.pcap
came p2=1                       # tagged; p3 is in another VLAN
feed p2 tagged20.pcap
came p3=1                       # without its tag
feed p2 tagged30.pcap           # p2 does not carry it
await_flows 3
feed p2 b_to_a.pcap             # nor what has no tag
await_flows 4
feed p1 tagged20.pcap           # an access port takes no tags
await_flows 5
end
vsctl clear port p1 tag -- clear port p2 trunks -- clear port p3 tag

# ---- tables, changed fields, the port a packet came from ------------------------------------------

begin tables \
    'table=0,in_port=p1,actions=set_field:7->reg0,resubmit(,1),resubmit(,2)' \
    'table=1,udp,actions=set_field:02:00:00:00:01:01->eth_dst,output:p2' \
    'table=2,reg0=7,udp,tp_src=1000,actions=push_vlan:0x8100,set_field:4103->vlan_vid,output:p3' \
    'table=2,reg0=7,udp,tp_src=1001,actions=in_port' \
    'table=2,reg0=8,actions=output:p1' \
    'table=0,in_port=p2,actions=all' \
    'table=0,in_port=p3,actions=flood,output:p3'
feed p1 a_to_b.pcap
came p2=1 p3=1
feed p1 a_to_b_1001.pcap
came p2=1 p1=1
feed p2 b_to_a.pcap
came p1=1 p3=1
feed p3 c_to_all.pcap           # a packet does not leave by where it came in but by in_port
came p1=1 p2=1
end

begin fields \
    'in_port=p1,udp,actions=output:p2,set_field:192.0.2.9->ip_dst,set_field:77->udp_dst,dec_ttl,output:p2,output:p3,in_port'
feed p1 a_to_b.pcap
came p2=2 p3=1 p1=1
end

# ---- groups -------------------------------------------------------------------------------------

ofctl add-group br0 'group_id=1,type=all,bucket=output:p2,bucket=set_field:5->ip_dscp,output:p3'
ofctl add-group br0 'group_id=2,type=indirect,bucket=set_field:02:00:00:00:02:02->eth_dst,output:p3'
ofctl add-group br0 'group_id=3,type=ff,bucket=watch_port:p2,output:p2,bucket=watch_port:p3,output:p3'
ofctl add-group br0 'group_id=4,type=select,selection_method=hash,fields(udp_src),bucket=output:p2,bucket=output:p3'
begin groups \
    udp,in_port=p1,udp_src=1000,actions=group:1 \
    udp,in_port=p1,udp_src=1001,actions=group:2 \
    udp,udp_src=2000/0xfff0,actions=group:4
feed p1 a_to_b.pcap
came p2=1 p3=1
feed p1 a_to_b_1001.pcap
came p3=1
chapter groups_any_order p1 p2 p3
feed p1 many_ports.pcap         # which goes where depends on its port only; who is first, on handlers
came p2=6 p3=10
chapter groups_again p1 p2 p3
feed p1 many_ports.pcap
came p2=6 p3=10
end

begin failover in_port=p1,actions=group:3
feed p1 a_to_b.pcap
came p2=1
cable p2 down                   # the other bucket's turn
vsctl wait-until interface p2 link_state=down
fresh
feed p1 a_to_b.pcap
came p3=1
cable p2 up
vsctl wait-until interface p2 link_state=up
fresh
feed p1 a_to_b.pcap
came p2=1
end
ofctl dump-group-stats br0 group_id=1 | sed 's/duration=[^,]*,//'

# ---- packet-out; what nobody asked for -------------------------------------------------------------

begin packet_out 'table=3,actions=output:p3' 'in_port=p1,actions=drop'
packet=0200000000020200000000010800450000210000000040116
packet=${packet}6ca0a0000010a00000203e807d0000da04768656c6c6f
ofctl packet-out br0 "in_port=p1,packet=$packet,actions=output:p2,set_field:10.0.0.99->ip_dst,output:p2"
came p2=2
ofctl packet-out br0 "in_port=controller,packet=$packet,actions=resubmit(,3)"
came p3=1
ofctl packet-out br0 "in_port=p1,packet=$packet,actions=all"
came p2=1 p3=1
feed p1 a_to_b.pcap             # dropped
await_flows 1
feed p2 b_to_a.pcap             # no controller: a table miss drops
await_flows 2
end

# ---- counters ---------------------------------------------------------------------------------------

echo "== counters"
feed p1 a_to_b.pcap
await_flows 1
settle
ovs-appctl upcall/show | sed -n 's/^  *flows *: *(current \([0-9]*\)).*/upcall\/show: \1 flows/p'
[ "$(dp_flows)" = "$(dp_flows_of ovs-dpctl)" ] && echo "ovs-dpctl sees what ovs-vswitchd sees"
ofctl dump-ports br0 | sed 's/duration=.*//'
ovs-appctl dpctl/show -s | sed -n '/port/,$p' | sed 's/port [0-9]*: //'
echo "== complaints"
complaints
world_end
switch_end
