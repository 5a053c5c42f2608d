# links.sh - what ip tells of links of every kind: made, changed, taken up, refused.

say ip link add d0 address 02:00:00:00:ff:10 type dummy
show d0
say ip link set d0 up
show d0
say ip link set d0 mtu 9000 txqueuelen 77 alias first group 5
show d0
say ip link set d0 down
show d0
say ip link set d0 name d1
say ip link set d1 address 02:00:00:00:ff:11 up
show d1
say ip link set d1 promisc on
say ip link set d1 allmulticast on multicast on
show d1
say ip link set d1 promisc off allmulticast off arp on
show d1
say ip link set d1 name d2
say ip link set d1 mtu 0
say ip link set d1 carrier off
show d1
say ip link set d1 carrier on
say ip link set d1 mtu 1500
say ip link add d1 type dummy
say ip link del nothing
say ip link set d1 address 01:00:00:00:00:11
say ip link set d1 type veth
say ip link set d1 master lo
say ip link set d1 nomaster
say ip link add dq address 02:00:00:00:ff:12 numtxqueues 4 numrxqueues 2 mtu 1400 type dummy
show dq
say ip link set dq gso_max_size 30000 gso_max_segs 100
show dq
say ip link del dq

say ip link add v0 address 02:00:00:00:ff:20 type veth peer name v1 address 02:00:00:00:ff:21
show v0
show v1
settled
say ip link set v0 up
settled
show v0
show v1
say ip link set v1 up
settled
show v0
show v1
say ip link set v0 carrier off
say ip link set v0 mtu 70000
say ip link set v0 mtu 60
say ip link set v1 down
show v0
show v1
say ip link add v2 mtu 1200 address 02:00:00:00:ff:22 type veth peer name v3 mtu 1300 address 02:00:00:00:ff:23
show v2
show v3
say ip link del v3
say ip link show dev v2
say ip link add v0 type veth peer name v9

say ip link add vx0 address 02:00:00:00:ff:30 type vxlan id 42 dstport 4789 remote 10.0.0.2 local 10.0.0.1
show vx0
say ip link add vx1 address 02:00:00:00:ff:31 type vxlan external dstport 4790 gbp
show vx1
say ip link add vx2 address 02:00:00:00:ff:32 type vxlan id 7 group 239.1.1.1 dev d1 dstport 8472 ttl 5 tos 1 ageing 30 maxaddress 4 nolearning noudpcsum
show vx2
say ip link add vx3 type vxlan id 42 dstport 4789
say ip link add vx3 type vxlan dstport 4789
say ip link add vx3 type vxlan id 16777216 dstport 4789
say ip link add vx4 address 02:00:00:00:ff:34 type vxlan id 8 dstport 4791 remote fd00::2 local fd00::1 udp6zerocsumrx proxy rsc l2miss l3miss df set
show vx4
say ip link set vx1 up
show vx1

say ip link add gn0 address 02:00:00:00:ff:40 type geneve id 7 remote 10.0.0.3
show gn0
say ip link add gn1 address 02:00:00:00:ff:41 type geneve external dstport 6082
show gn1
say ip link add gn2 address 02:00:00:00:ff:42 type geneve id 9 remote fd00::3 ttl 6 tos 4 dstport 6083 udp6zerocsumrx
show gn2
say ip link add gn3 type geneve id 7 remote 10.0.0.3
say ip link add gn3 type geneve id 7
say ip link set gn1 up mtu 65465
show gn1
say ip link set gn1 mtu 65466

say ip link add gr0 type gre remote 10.0.0.3 local 10.0.0.1
show gr0
say ip link add gr1 type gre remote 10.0.0.4 local 10.0.0.1 key 5 seq csum ttl 9 tos 8 nopmtudisc
show gr1
say ip link add gr2 type gre external
show gr2
say ip link add gr3 type gre remote 10.0.0.3 local 10.0.0.1
say ip link set gr0 up
show gr0
say ip link add gt0 address 02:00:00:00:ff:50 type gretap remote 10.0.0.3 local 10.0.0.1 key 5
show gt0
say ip link set gt0 up
show gt0
say ip link add gt1 address 02:00:00:00:ff:51 type gretap external
show gt1
say ip link add er0 address 02:00:00:00:ff:52 type erspan remote 10.0.0.3 local 10.0.0.1 key 6 seq erspan_ver 1 erspan 123
show er0
say ip link set er0 up
show er0
say ip link add er1 address 02:00:00:00:ff:53 type erspan external
show er1
