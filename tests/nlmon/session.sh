#!/bin/sh
# session.sh - the commands whose messages session.pcap has; the second flow is refused (no ARP header in its key).
ip link add p1 type dummy
ovs-dpctl add-dp br0
ovs-dpctl add-if br0 p1,port_no=7
ovs-dpctl add-flow br0 'in_port(7),eth(),eth_type(0x0800),ipv4(src=10.0.0.0/255.0.0.0,frag=no)' 'push_vlan(vid=10,pcp=0),0'
ovs-dpctl add-flow br0 'in_port(7),eth(),eth_type(0x0806)' '0'
ovs-dpctl dump-flows br0
ovs-dpctl show
ovs-dpctl del-dp br0
