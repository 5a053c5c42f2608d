# routes.sh - routes, and the way to an address.
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link add d1 address 02:00:00:00:ff:11 type dummy
ip link add d2 address 02:00:00:00:ff:12 type dummy
ip addr add 10.0.0.1/24 dev d0
ip addr add 10.0.1.1/24 dev d1
ip addr add fd00::1/64 dev d0
say ip route add 192.168.0.0/24 dev d0
ip link set d0 up
ip link set d1 up
say ip route add default via 10.0.0.254
say ip route add default via 10.0.0.253
say ip route append default via 10.0.0.253
say ip route prepend default via 10.0.0.252
say ip route add default via 10.0.1.254 metric 10
say ip route replace default via 10.0.1.253 metric 10
say ip route change default via 10.0.1.252 metric 10
say ip route change 1.2.3.0/24 via 10.0.1.252
say ip route add 192.168.0.0/16 via 10.0.0.7 metric 5 mtu 1400 src 10.0.1.1
say ip route add 192.168.1.0/24 dev d0 scope link tos 0x10
say ip route add 192.168.1.0/24 dev d1 advmss 1000 initcwnd 4
say ip route add blackhole 172.16.0.0/16
say ip route add unreachable 172.17.0.0/16 metric 7
say ip route add prohibit 172.18.0.0/16
say ip route add throw 172.19.0.0/16
say ip route add 172.16.0.0/12 via 10.9.0.7
say ip route add 172.16.0.1/12 dev d0
say ip route add 1.1.1.0/24 dev d2
say ip route add 1.1.1.0/24 via 10.77.0.1 dev d0
say ip route add 1.1.1.0/24 via 10.77.0.1 dev d0 onlink
say ip route add 2.2.2.2 via 10.0.0.1
say ip route add 3.0.0.0/8 via 10.0.0.9 table 100 proto static
say ip route add 4.0.0.0/8 via 10.0.0.9 src 10.5.5.5
ip route add 192.168.0.0/24 via 10.0.0.8
ip route add 192.168.0.0/20 via 10.0.0.8
say ip route show
say ip route show table 100
say ip route show table 101
say ip route show table all type local
say ip route show dev d1
say ip route show proto static table all
say ip route show exact 192.168.0.0/16
say ip route show match 192.168.1.1
say ip route show default
say ip route get 192.168.1.9
say ip route get 192.168.3.4
say ip route get 10.0.0.1
say ip route get 10.0.0.255
say ip route get 127.0.0.1
say ip route get 8.8.8.8
say ip route get 8.8.8.8 oif d1
say ip route get 8.8.8.8 oif d2
say ip route get 8.8.8.8 from 10.0.1.1
say ip route get 8.8.8.8 from 10.7.7.7
say ip route get 172.16.0.1
say ip route get 172.17.0.1
say ip route get 172.18.0.1
say ip route get 172.19.0.1
say ip route get 224.0.0.1
say ip route get fibmatch 8.8.8.8
say ip route get fibmatch 10.0.0.5
say ip route get 255.255.255.255
say ip route get 224.0.0.9
say ip route get 77.7.7.7 oif d1
say ip route get 10.0.0.1 from 10.0.1.9 iif d1
say ip route get 8.8.8.8 from 10.0.1.9 iif d1
say ip route del 192.168.0.0/16 metric 6
say ip route del 192.168.0.0/16
say ip route del 192.168.0.0/16
say ip route flush table 100
say ip route show table 100

say ip -6 route add default via fd00::ff
say ip -6 route add default via fd00::fe
say ip -6 route add default via fd00::fe metric 2000
say ip -6 route add fd01::/64 dev d1
say ip -6 route add fd02::/64 via fe80::5 dev d0 proto static mtu 1300
say ip -6 route add blackhole fd03::/64
say ip -6 route add unreachable fd04::/64
say ip -6 route add fd05::/64 via fd99::1
say ip -6 route add fd05::1/64 dev d0
say ip -6 route add fd06::/64 via fd00::9 pref high
say ip -6 route show
say ip -6 route get fd00::5
say ip -6 route get fd02::5
say ip -6 route get fd03::5
say ip -6 route get fd04::5
say ip -6 route get 2001:db8::1
say ip -6 route get fd00::1
say ip -6 route get ::1
say ip -6 route get fe80::7 oif d1
say ip -6 route get fibmatch 2001:db8::1
say ip -6 route add prohibit fd07::/64
say ip -6 route get fd07::1
say ip -6 route get fd00::9 from fd00::1
say ip -6 route get fe80::9 oif d0
say ip -6 route get ff02::1 oif d0
say ip -6 route del default
say ip -6 route show
