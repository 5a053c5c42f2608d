# shellcheck shell=sh
# ct_datapath.sh - a datapath that tracks what goes between its internal ports p1 and p2, for ct_frames.py.
flow() {        # KEY ACTIONS
    ovs-dpctl add-flow br0 "eth(),eth_type(0x0800),$1" "$2"
}
ovs-dpctl add-dp br0 2>/dev/null
for port in p1 p2; do
    ovs-dpctl add-if br0 $port,type=internal
    ip link set $port up
done
flow 'in_port(1),ipv4(proto=6,frag=no),tcp(),tcp_flags(0/0)' 'ct(commit),2'
flow 'in_port(2),ipv4(proto=6,frag=no),tcp(),tcp_flags(0/0)' 'ct,1'
flow 'in_port(1),ipv4(proto=17,frag=no),udp(dst=53)' 'ct(commit,mark=0x7/0xffffffff,nat(src=192.168.0.1:4000-4000)),2'
flow 'in_port(2),ipv4(proto=17,frag=no),udp(src=53)' 'ct(nat),1'
flow 'in_port(1),ipv4(proto=1,frag=no),icmp()' 'ct(commit,label=0x1/0x1),2'
flow 'in_port(2),ipv4(proto=1,frag=no),icmp()' 'ct,1'
flow 'in_port(1),ipv4(proto=17,frag=no),udp(dst=69)' 'ct(commit,helper=tftp),2'
