# flows.sh - flows of many kinds come back as they were put. Sorted: the kernel's order is random.
ovs-dpctl add-dp d0 || exit
ip4='eth(src=02:00:00:00:00:01),eth_type(0x0800),ipv4(src=10.0.0.0/255.0.0.0,ttl=64,frag=no)'
ip6='eth(),eth_type(0x86dd),ipv6(src=2001:db8::/ffff:ffff::,label=0x12345/0xfffff,proto=58,frag=no)'

add() {
    ovs-dpctl add-flow d0 "in_port($1),$2" "$3" || echo "add-flow $1: exit status $?"
}
add 1 "$ip4" 'set(eth(dst=02:00:00:00:00:09)),set(ipv4(src=10.9.9.9,ttl=3)),0'
add 2 'eth(),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(src=80/0xfff0),tcp_flags(-ack+syn)' 'push_vlan(vid=5,pcp=3),0'
add 3 'eth(),eth_type(0x8100),vlan(vid=7,pcp=0),encap(eth_type(0x0806),arp(op=1/0xff))' 'pop_vlan,0'
add 4 'eth(),eth_type(0x8847),mpls(label=100,tc=1,ttl=64,bos=1)' 'set(mpls(label=7,tc=0,ttl=63,bos=1)),0'
add 5 "$ip6,icmpv6(type=135,code=0),nd(target=fe80::1)" 'trunc(100),0'
add 6 'eth(),eth_type(0x86dd),ipv6(proto=17,frag=no),udp()' 'sample(sample=50.0%,actions(0)),clone(push_vlan(vid=9,pcp=0),0)'
add 7 'skb_mark(0x10/0xff),recirc_id(0x2),eth(),eth_type(0x1234)' 'check_pkt_len(size=200,gt(0),le(drop))'
add 8 'eth(),eth_type(0x0800),ipv4(proto=132,frag=no),sctp(dst=99)' 'userspace(pid=77,userdata(0102)),ct_clear,0'
add 9 'tunnel(tun_id=0x1,src=1.2.3.4,dst=5.6.7.8,ttl=1,flags(key)),eth(),eth_type(0x0800),ipv4(proto=1),icmp(type=8)' \
    'set(tunnel(tun_id=0x9,dst=9.9.9.9,ttl=64,tp_dst=4789,flags(df|key))),0'
add 10 'eth(),eth_type(0x0800),ipv4(proto=6,frag=first),tcp(dst=5),tcp_flags(0/0)' '0'
ovs-dpctl dump-flows d0 | sort
ovs-dpctl dump-flows -m d0 | sort
ovs-dpctl show
