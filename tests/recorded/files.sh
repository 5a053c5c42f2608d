# files.sh - what /sys/class/net and /proc/net tell of devices.
read_all() {    # FOLDER NAME...: whatever cannot be read now says why
    folder=$1
    shift
    for name; do
        echo "$name: $(cat "$folder/$name")"
    done
}
attributes="addr_assign_type addr_len address broadcast carrier carrier_changes carrier_down_count carrier_up_count dev_id
    dev_port dormant duplex flags gro_flush_timeout ifalias link_mode mtu name_assign_type napi_defer_hard_irqs netdev_group
    operstate phys_port_id phys_port_name phys_switch_id proto_down speed testing threaded tx_queue_len type absent"
counters="collisions multicast rx_bytes rx_compressed rx_crc_errors rx_dropped rx_errors rx_fifo_errors rx_frame_errors
    rx_length_errors rx_missed_errors rx_nohandler rx_over_errors rx_packets tx_aborted_errors tx_bytes tx_carrier_errors
    tx_compressed tx_dropped tx_errors tx_fifo_errors tx_heartbeat_errors tx_packets tx_window_errors"
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link add v0 address 02:00:00:00:ff:20 type veth peer name v1 address 02:00:00:00:ff:21
ip link add g0 type gre remote 10.0.0.3 local 10.0.0.1
for name in lo d0 v0 g0; do
    echo "== $name"
    # shellcheck disable=SC2086
    read_all /sys/class/net/$name $attributes
done
ip link set d0 up mtu 1400 txqueuelen 7 alias hello group 9 promisc on
ip link set v0 up
ip link set v1 up
ovs-dpctl add-dp br0
ip link set br0 address 02:00:00:00:ff:01 up
for name in d0 v0 br0; do
    echo "== $name"
    # shellcheck disable=SC2086
    read_all /sys/class/net/$name $attributes
done
echo "== counters"
# shellcheck disable=SC2086
read_all /sys/class/net/g0/statistics $counters absent
[ "$(cat /sys/class/net/d0/ifindex)" = "$(cat /sys/class/net/d0/iflink)" ] && echo "its own link"
[ "$(cat /sys/class/net/v0/ifindex)" = "$(cat /sys/class/net/v1/iflink)" ] && echo "each other's link"
cat /sys/class/net/g0/iflink
cat /sys/class/net/nothing/mtu /sys/class/net/d0
say test -e /sys/class/net/d0
say test -d /sys/class/net/d0
say test -e /sys/class/net/nothing

ip addr add 10.0.0.1/24 dev d0
ip addr add fd00::1/64 dev d0
ip addr add 10.1.0.1/32 dev v0
ip route add default via 10.0.0.254
ip route add 10.7.0.0/16 via 10.0.0.9 metric 5 advmss 1000
ip route add 10.8.0.1 via 10.0.0.9
ip route add unreachable 10.9.0.0/16
ip neigh add 10.0.0.5 lladdr 02:00:00:00:ff:05 dev v0
ip neigh add 10.0.0.6 lladdr 02:00:00:00:ff:06 dev v0 nud stale
ip neigh add 10.0.0.7 lladdr 02:00:00:00:ff:07 dev v0 nud noarp
ip neigh add proxy 10.0.0.8 dev v0
echo "== /proc/net/dev"
grep -v 'lo:\|dummy0\|gre0\|gretap0\|erspan0\|ip6tnl0\|d0:\|v[01]:\|br0:' /proc/net/dev
echo "== /proc/net/route"
cat /proc/net/route
echo "== /proc/net/arp"
sort /proc/net/arp
echo "== /proc/net/if_inet6"
sed 's/ .. / (index) /' /proc/net/if_inet6 | sort
