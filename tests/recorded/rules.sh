# rules.sh - policy rules, and look-ups that follow them.
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link add d1 address 02:00:00:00:ff:11 type dummy
ip addr add 10.0.0.1/24 dev d0
ip addr add 10.0.1.1/24 dev d1
ip link set d0 up
ip link set d1 up
say ip rule
say ip -6 rule
say ip route add default via 10.0.0.254
say ip route add default via 10.0.1.254 table 100
say ip route add unreachable 9.0.0.0/8 table 101
say ip rule add from 10.0.1.0/24 table 100
say ip rule add from 10.0.1.0/24 table 100
say ip rule add from 10.0.1.0/24 table 100 priority 5
say ip rule add to 8.8.0.0/16 lookup 100 prio 6
say ip rule add fwmark 7 table 100 prio 7
say ip rule add fwmark 0x10/0xf0 table 100 prio 8
say ip rule add iif d1 table 101 prio 9
say ip rule add oif d1 table 100 prio 10
say ip rule add tos 0x10 table 100 prio 11
say ip rule add from 1.2.3.4 blackhole prio 12
say ip rule add from 1.2.3.5 unreachable prio 13
say ip rule add from 1.2.3.6 prohibit prio 14
say ip rule add from 1.2.3.7 goto 32766 prio 15
say ip rule add from 1.2.3.8 goto 40000 prio 16
say ip rule add from 1.2.3.9 nop prio 17
say ip rule add not from 1.2.3.0/24 table 101 prio 18 suppress_prefixlength 0
say ip rule add ipproto 17 dport 53 table 100 prio 19
say ip rule add ipproto 6 sport 1000-2000 table 100 prio 20
say ip rule add uidrange 5-9 table 100 prio 21
say ip rule add tun_id 9 table 100 prio 22
say ip rule add to 7.0.0.0/8 table 101 suppress_ifgroup 4 prio 23
say ip rule add iif nothing table 7 prio 24
say ip rule add from 10.0.1.5/24 table 100 prio 25
say ip rule add table 0 prio 26
say ip rule add from all prio 27
say ip rule show
say ip -d rule show
say ip rule show table 100
say ip rule show prio 5
say ip route get 8.8.8.8
say ip route get 8.9.8.8
say ip route get 8.9.8.8 from 10.0.1.1
say ip route get 8.9.8.8 mark 7
say ip route get 8.9.8.8 mark 0x1f
say ip route get 8.9.8.8 mark 0x20
say ip route get 8.9.8.8 tos 0x10
say ip route get 8.9.8.8 oif d1
say ip route get 8.9.8.8 from 1.2.3.4 iif d0
say ip route get 9.9.9.9 from 10.0.1.9 iif d1
say ip route get 8.9.8.8 ipproto 17 dport 53
say ip route get 8.9.8.8 ipproto 17 dport 54
say ip route get 8.9.8.8 ipproto 6 sport 1500
say ip route get 10.0.0.1
say ip rule add prio 5 from 10.0.1.0/24 goto 3
say ip rule add prio 5 tos 3 table 9
say ip rule add prio 30 sport 9-3 table 9
say ip link set d1 down
say ip link set d1 name d9
say ip rule show prio 9
say ip link set d9 name d1
say ip link set d1 up
say ip route add default via 10.0.1.254 table 100
say ip rule show prio 9
say ip rule del prio 5
say ip rule del prio 5
say ip rule del from 10.0.1.0/24
say ip rule del from 10.0.1.0/24
say ip rule del prio 0
say ip rule del table 100
say ip rule show
say ip rule add prio 32767 table 55
say ip rule flush
say ip rule show
say ip route get 8.8.8.8
say ip -6 rule add from fd00::/16 table 100 prio 5
say ip -6 rule add from fd00::/16 table 100 prio 5
say ip -6 rule add to fd01::1 blackhole prio 6
say ip -6 rule show
say ip -6 rule del prio 5
say ip -6 rule del prio 5
say ip -6 rule show
say ip -6 rule del prio 0
say ip -6 rule show
