# refused.sh - what the datapath refuses, in ovs-dpctl's words without time stamps.
try() {
    echo "ovs-dpctl $*"
    ovs-dpctl "$@" 2>&1 | sed 's/^[^|]*|//'
}
flow='in_port(1),eth(),eth_type(0x0800),ipv4(proto=6,frag=no),tcp(),tcp_flags(0/0)'
try show nothing
try add-dp d0
try add-dp d0
try add-if d0 p1,type=internal,port_no=65536
try add-if d0 absent0
try add-if d0 p1,type=internal,port_no=9
try add-if d0 p2,type=internal,port_no=9
try del-if d0 p7
try mod-flow d0 "$flow" 9
try add-flow d0 "$flow" 9
try add-flow d0 "$flow" 9
try add-flow d0 "$flow" 65535
try add-flow d0 'in_port(2),eth_type(0x0800),ipv4(proto=6)' 9
try add-flow d0 'in_port(2),eth(),eth_type(0x0806),arp(op=256)' 9
try add-flow d0 'in_port(2),eth(),eth_type(0x0800),ipv4(proto=17,frag=no),tcp()' 9
try add-flow d0 'in_port(2),eth(),eth_type(0x0800),ipv4()' 'set(tcp(src=1))'
try add-flow d0 'in_port(2),eth(),eth_type(0x0800),ipv4()' 'push_vlan(tpid=0x1234,vid=1)'
try add-flow d0 'in_port(2),eth(),eth_type(0x0800),ipv4()' 'pop_eth,pop_eth'
try del-flow d0 'in_port(3),eth(),eth_type(0x0800),ipv4()'
try dump-flows d0
try del-if d0 d0
try del-dp d0
try del-dp d0
