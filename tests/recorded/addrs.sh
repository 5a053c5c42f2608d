# addrs.sh - addresses, and the routes that follow from them.
# The kernel makes IPv6 addresses usable a little later, and says so.
usable() {
    [ -n "$on_kernel" ] || return 0
    mkfifo changes
    exec 3<>changes
    monitor changes ip monitor address
    while ip addr show | grep -q tentative; do read -r _ <&3; done
    kill "$monitor"
    rm changes
}
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link add d1 address 02:00:00:00:ff:11 type dummy
say ip addr add 10.0.0.1/24 dev d0
usable
say ip addr show dev d0
say ip route show
say ip route show table local
say ip link set d0 up
usable
say ip addr show dev d0
say ip addr add 10.0.0.9/24 dev d0
say ip addr add 10.0.1.1/24 brd + dev d0 label d0:1
say ip addr add 10.0.2.1 peer 10.0.2.2/32 dev d0
say ip addr add fd00::1/64 dev d0
say ip addr add fd00:1::1/64 dev d0 noprefixroute
say ip addr add fd00:2::1/128 dev d0
say ip addr add 10.0.0.1/24 dev d0
say ip addr add fd00::1/64 dev d0
say ip addr add 10.0.3.1/24 dev d0 scope link metric 55
say ip addr add 10.0.4.1/24 dev d0 preferred_lft 0 noprefixroute
usable
say ip addr show dev d0
say ip -d addr show dev lo
say ip -4 route show table all
say ip -6 route show table all
say ip addr del 10.0.0.1/24 dev d0
usable
say ip addr show dev d0
say ip route show
say ip addr del 10.0.0.77/24 dev d0
say ip addr del fd00::77/64 dev d0
say ip addr add 10.0.1.2/24 dev d0 scope link
say ip addr add 10.0.1.3/24 dev nothing
say ip addr add 10.0.6.1/31 brd 10.0.6.255 dev d0
say ip addr flush dev d0 scope link
usable
say ip addr show dev d0
say ip link set d0 down
usable
say ip addr show dev d0
say ip route show table all
say ip link set d0 up
say ip -4 route show table all
say ip -6 route show table all
usable
say ip addr show up
usable
say ip addr show to 10.0.0.0/24
say ip -br addr show dev d0
