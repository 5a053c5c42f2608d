# ifaddrs.sh - IPv4 addresses set by ioctl, as ifconfig does it: client_if changes, and prints.
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link add v1 address 02:00:00:00:ff:21 type veth peer name v0 address 02:00:00:00:ff:20
ip link add g0 type gre remote 10.0.0.3 local 10.0.0.1
ip link set v0 up
ip link set v1 up
ip link set g0 up
settled
ip addr add 10.0.0.1/24 dev v0
ip addr add 10.0.0.2/24 dev v0
ip addr add 10.1.0.1 peer 10.1.0.2/32 dev d0
"$client_if" --change d0 v0 v0:1 g0 nothing
say ip -4 addr show
say ip -4 route show table all
ip link set v1 mtu 67
say ip -4 addr show dev v1
"$client_if" --change v1
