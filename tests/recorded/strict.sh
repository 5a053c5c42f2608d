# strict.sh - requests to get and to dump that are refused, and dumps that are filtered; how namespaces are numbered.
ask() {         # ARGUMENTS...: of client_rt
    echo "== $*"
    "$client_rt" "$@" | uniq -c
}
ip link add d0 address 02:00:00:00:ff:10 type dummy
ip link add d1 address 02:00:00:00:ff:11 type dummy
ip addr add 10.0.0.1/24 dev d0
ip link set d0 up
ip link set d1 up
ip neigh add 10.0.0.5 lladdr 02:00:00:00:ff:05 dev d0
ip neigh add proxy 10.0.0.6 dev d0
ip route add 10.1.0.0/16 via 10.0.0.9
ip route add 10.2.0.0/16 via 10.0.0.9 table 100

echo "==== RTM_GETLINK"
ask strict 18 zero:16
ask strict 18 zero:2,16:1,zero:12
ask strict 18 zero:4,if:d0,zero:8
ask strict 18 zero:4,if:d0,zero:8 4=32:1400
ask strict 18 zero:4,32:-1,zero:8
ask strict 18 zero:4,32:9999,zero:8
ask strict 18 zero:8
ask strict dump 18 8:0
ask strict dump 18 zero:2,16:1,zero:12
ask strict dump 18 zero:8,32:1,zero:4
ask strict dump 18 zero:4,if:d0,zero:8
ask strict dump 18 zero:16 3=text:d0
ask strict dump 18 zero:16 29=8:8
ask strict dump 18 zero:16 46=32:7
ask strict dump 18 zero:16 10=if:d1
ask dump 18 zero:4,if:d0,zero:8 10=if:d1

echo "==== RTM_GETADDR"
ask strict dump 22 8:2
ask strict dump 22 8:2,8:24,zero:6
ask strict dump 22 8:2,zero:7 1=32:0
ask strict dump 22 8:2,zero:3,if:d0
ask strict dump 22 8:2,zero:3,if:d1
ask strict dump 22 8:2,zero:3,32:9999
ask strict dump 22 8:77,zero:7
ask dump 22 8:2,zero:3,if:d0
ask strict dump 22 8:10
ask strict dump 22 8:10,8:24,zero:6
ask strict dump 22 8:10,zero:7 1=zero:16

echo "==== RTM_GETROUTE"
ask strict dump 26 8:2
ask strict dump 26 8:2,8:24,zero:10
ask strict dump 26 8:2,zero:7,32:0x4000
ask strict dump 26 8:2,zero:11 1=32:0
ask strict dump 26 8:2,zero:11 15=32:100
ask strict dump 26 8:2,zero:11 15=32:101
ask strict dump 26 8:10,zero:11 15=32:101
ask strict dump 26 8:0,zero:11 15=32:101
ask strict dump 26 8:2,zero:11 4=if:d0
ask strict dump 26 8:2,zero:11 4=if:d1
ask strict dump 26 8:2,zero:11 4=32:9999
ask strict dump 26 8:2,zero:3,8:254,8:3,zero:6
ask strict dump 26 8:2,zero:6,8:2,zero:4
ask strict dump 26 8:2,zero:7,32:0x200
ask dump 26 8:2,zero:11 15=32:101
ask strict 26 8:2,zero:11
ask strict 26 8:2,8:24,zero:10 1=32:0x0500000a
ask strict 26 8:2,8:32,zero:10 1=32:0x0500000a 5=32:0
ask strict 26 8:2,8:32,zero:4,8:3,zero:5 1=32:0x0500000a
ask strict 26 8:2,8:32,zero:6,32:0x200 1=32:0x0500000a
ask strict 26 8:77,zero:11
ask strict 26 8:2,zero:3
ask strict 26 8:10,zero:3
ask strict 26 8:10,8:128,zero:10 1=32:0xfd,zero:12
ask strict 26 8:10,8:64,zero:10 1=32:0xfd,zero:12
ask strict 26 8:10,8:128,zero:6,32:0x100 1=32:0xfd,zero:12
ask strict 26 8:10,zero:11 1=32:0xfd,zero:12
ask strict 26 8:10,8:128,zero:10 1=32:0xfd,zero:12 7=zero:16

echo "==== RTM_GETNEIGH"
ask strict dump 30 8:2
ask strict dump 30 8:2,zero:7,16:2,zero:2
ask strict dump 30 8:2,zero:9,8:1,zero:1
ask strict dump 30 8:2,zero:11 1=32:0
ask strict dump 30 8:2,zero:11 8=if:d0
ask strict dump 30 8:2,zero:11 8=if:d1
ask strict dump 30 8:2,zero:9,8:8,zero:1
ask dump 30 8:2,zero:11 8=if:d0
ask strict 30 8:2,zero:3
ask strict 30 8:2,zero:11
ask strict 30 8:2,zero:3,if:d0,zero:4
ask strict 30 8:2,zero:3,if:d0,zero:4 1=32:0x0500000a
ask strict 30 8:2,zero:3,if:d0,zero:4 1=32:0x0900000a
ask strict 30 8:2,zero:3,if:d0,16:2,zero:2 1=32:0x0500000a
ask strict 30 8:2,zero:3,32:9999,zero:4 1=32:0x0500000a
ask strict 30 8:2,zero:3,if:d0,zero:4 1=32:0x0500000a 2=zero:6

echo "==== RTM_GETRULE"
ask strict dump 34 8:2
ask strict dump 34 8:2,8:1,zero:10
ask strict dump 34 8:2,zero:11 15=32:100
ask strict dump 34 8:2,zero:11
ask strict dump 34 8:77,zero:11
ask strict 34 8:2,zero:11

echo "==== RTM_NEWNSID, GETNSID"
ask 90 8:0,zero:3
ask 90 8:0,zero:3 2=pid
ask strict 90 8:0,zero:3 2=pid 4=32:1
ask 90 8:0,zero:3 2=32:99999999
ask ack 88 8:0,zero:3 2=pid
ask ack 88 8:0,zero:3 1=32:7
ask ack 88 8:0,zero:3 2=pid 1=32:7
ask ack 88 8:0,zero:3 2=pid 1=32:8
ask 90 8:0,zero:3 2=pid
ask 90 8:0,zero:3 1=32:7
ask 90 8:0,zero:3 1=32:9
ask dump 90 8:0,zero:3
ask 90 8:0,zero:3 2=pid 4=32:7
