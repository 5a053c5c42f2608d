# show.sh - a datapath, ports and a flow are made and shown by ovs-dpctl.
ovs-dpctl add-dp d0 && ovs-dpctl add-if d0 p1,type=internal || exit
ovs-dpctl add-flow d0 'in_port(1),eth(),eth_type(0x0800),ipv4()' 0
ovs-dpctl dump-flows d0
ovs-dpctl mod-flow d0 'in_port(1),eth(),eth_type(0x0800),ipv4()' 1
ovs-dpctl dump-flows -m d0
ovs-dpctl show -s
ovs-dpctl del-if d0 p1
ovs-dpctl del-flow d0 'in_port(1),eth(),eth_type(0x0800),ipv4()'
ovs-dpctl show
ovs-dpctl dump-dps
ovs-dpctl del-dp d0
ovs-dpctl show
