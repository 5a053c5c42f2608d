# ports.sh - links that are ports of a datapath.
say ovs-dpctl add-dp br0
say ip link set br0 address 02:00:00:00:ff:01
show br0
say ip link set br0 up
show br0
say ip link set br0 mtu 9000
show br0
say ip link set br0 mtu 67
say ip link set br0 mtu 65536
say ovs-dpctl add-if br0 p1,type=internal
say ip link set p1 address 02:00:00:00:ff:02 up
show p1
say ip link add d0 address 02:00:00:00:ff:10 type dummy
say ovs-dpctl add-if br0 d0
show d0
say ip link set d0 up
say ip link set d0 promisc on
show d0
say ip link set d0 master br0
say ip link set p1 master br0
say ip link set d0 nomaster
show d0
say ip link del p1
say ip link del br0
say ovs-dpctl add-if br0 d0
say ovs-dpctl add-if br0 vx,type=vxlan,remote_ip=flow
show vxlan_sys_4789
say ovs-dpctl add-if br0 gn,type=geneve,remote_ip=flow
show genev_sys_6081
say ovs-dpctl add-if br0 gr,type=gre,remote_ip=flow
show gre_sys
say ip link set br0 name br1
say ip link set br0 down
say ip link set br0 name br1
show br1
say ovs-dpctl show
say ovs-dpctl del-if br1 d0
show d0
say ovs-dpctl del-dp br1
say ip link show br1
