# neighs.sh - neighbours.
sorted() {      # COMMAND...: the kernel's order is that of a hash
    echo "== $*"
    "$@" | sort
}
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link add v0 address 02:00:00:00:ff:20 type veth peer name v1 address 02:00:00:00:ff:21
ip addr add 10.0.0.1/24 dev v0
ip link set d0 up
say ip neigh add 10.0.0.4 lladdr 02:00:00:00:ff:04 dev v0
ip link set v0 up
ip link set v1 up
say ip neigh add 10.0.0.5 lladdr 02:00:00:00:ff:05 dev v0
say ip neigh add 10.0.0.5 lladdr 02:00:00:00:ff:06 dev v0
say ip neigh change 10.0.0.6 lladdr 02:00:00:00:ff:06 dev v0
say ip neigh replace 10.0.0.5 lladdr 02:00:00:00:ff:06 dev v0 nud reachable
say ip neigh add 10.0.0.7 lladdr 02:00:00:00:ff:07 dev v0 nud stale
say ip neigh add 10.0.0.8 dev v0 nud none
say ip neigh add 10.0.0.9 lladdr 02:00:00:00:ff:09 dev v0 nud noarp
say ip neigh add 10.0.0.10 lladdr 02:00 dev v0
say ip neigh add fd00::5 lladdr 02:00:00:00:ff:55 dev v0 router
say ip neigh add proxy 10.0.0.77 dev v0
say ip neigh add 10.0.0.11 lladdr 02:00:00:00:ff:0b dev v0 extern_learn
sorted ip neigh show
sorted ip neigh show dev d0
sorted ip neigh show nud permanent
sorted ip -4 neigh show nud all
sorted ip neigh show proxy
sorted ip -6 neigh show
say ip neigh get 10.0.0.5 dev v0
say ip neigh get 10.0.0.99 dev v0
say ip neigh get 10.0.0.99 dev nothing
say ip neigh del 10.0.0.5 dev v0
say ip neigh del 10.0.0.5 dev v0
say ip neigh del 10.0.0.98 dev v0
sorted ip neigh show
say ip neigh flush dev v0
sorted ip neigh show
say ip link set v0 down
sorted ip neigh show
