# shellcheck shell=sh disable=SC1091
# conntrack.sh - a session: a stateful firewall, and addresses translated on the way.
set -eu
. ./world.sh
. ./ovs.sh

switch_with_pair run

end() {
    dp_flows | sed 's/recirc_id(0x[0-9a-f]*)/recirc_id(later)/; s/recirc(0x[0-9a-f]*)/recirc(later)/' | sort
    purge
    ofctl_flows br0
    ovs-appctl dpctl/dump-conntrack
    ovs-appctl dpctl/ct-stats-show
}

echo "== firewall"
ofctl add-flow br0 'table=0,ip,ct_state=-trk,actions=ct(table=1)'
ofctl add-flow br0 'table=1,in_port=p1,ct_state=+trk+new,tcp,actions=ct(commit,exec(set_field:5->ct_mark)),output:p2'
ofctl add-flow br0 'table=1,in_port=p1,ct_state=+trk+est,actions=output:p2'
ofctl add-flow br0 'table=1,in_port=p2,ct_state=+trk+est,ct_mark=5,actions=output:p1'
chapter firewall p1 p2
feed p2 syn_ack.pcap            # to nothing
await_flows 2
feed p1 syn.pcap
came p2=1
feed p2 syn_ack.pcap
came p1=1
feed p1 ack.pcap
came p2=1
feed p2 reset.pcap
came p1=1
end
ovs-appctl dpctl/flush-conntrack
ovs-appctl dpctl/dump-conntrack

echo "== nat"
ofctl del-flows br0
ofctl add-flow br0 'table=0,in_port=p1,udp,actions=ct(commit,nat(src=192.0.2.1),table=1)'
ofctl add-flow br0 'table=0,in_port=p2,udp,actions=ct(nat,table=1)'
ofctl add-flow br0 'table=1,in_port=p1,ct_state=+trk,actions=output:p2'
ofctl add-flow br0 'table=1,in_port=p2,ct_state=+trk+est+rpl,actions=output:p1'
fresh
chapter nat p1 p2
feed p2 reply.pcap              # nobody has asked
await_flows 2
feed p1 a_to_b.pcap
came p2=1
feed p2 reply.pcap
came p1=1
end
echo "== complaints"
complaints
world_end
switch_end
