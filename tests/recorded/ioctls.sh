# ioctls.sh - what programs ask of devices by ioctl: client_if asks, and prints.
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link add v1 address 02:00:00:00:ff:21 type veth peer name v0 address 02:00:00:00:ff:20
ip link add vx0 address 02:00:00:00:ff:30 type vxlan id 42 dstport 4789
ip link add g0 type gre remote 10.0.0.3 local 10.0.0.1
ip link add gn0 address 02:00:00:00:ff:31 type geneve external
ip link add gt0 address 02:00:00:00:ff:32 type gretap remote 10.0.0.3 local 10.0.0.1
ip link add er0 address 02:00:00:00:ff:33 type erspan external
ip link add g6 type ip6gre external
ip link add t6 address 02:00:00:00:ff:34 type ip6gretap remote fd00::2 local fd00::1
ip link add e6 address 02:00:00:00:ff:35 type ip6erspan external
ip link set v0 up
ip link set v1 up
settled
ip addr add 10.0.0.1/24 dev v0
ip addr add 10.1.0.1 peer 10.1.0.2/32 dev d0
ip neigh add 10.0.0.5 lladdr 02:00:00:00:ff:05 dev v0
ip neigh add 10.0.0.6 lladdr 02:00:00:00:ff:06 dev v0 nud stale
ip neigh add proxy 10.0.0.7 dev v0
ovs-dpctl add-dp br0
ip link set br0 address 02:00:00:00:ff:01
"$client_if" lo d0 v0 vx0 br0 g0 gn0 gt0 er0 g6 t6 e6 nothing
