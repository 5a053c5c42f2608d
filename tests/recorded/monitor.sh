# monitor.sh - what ip monitor tells of changes of links, in which order and how often.
monitor_until ff:77 seen ip monitor link
step() {        # COMMAND...: then a change of lo's which says where its events end: lo is in the group of the next
    group=$((group + 1))
    echo "== $group $*"
    "$@"
    ip link set lo group $((group + 1))
}
group=0
ip link set lo group 1
step ip link add d0 address 02:00:00:00:ff:10 type dummy
step ip link set d0 up
step ip link set d0 mtu 1400
step ip link set d0 address 02:00:00:00:ff:11
step ip link set d0 promisc on
step ip link set d0 promisc off
step ip link set d0 down
step ip link set d0 name d1
step ip link set d1 alias hello
step ip link set d1 group 3
step ip link set d1 txqueuelen 5
step ip link set d1 up mtu 1300 txqueuelen 6
step ip link set d1 carrier off
step ip link set d1 carrier on
step ip link add v0 address 02:00:00:00:ff:20 type veth peer name v1 address 02:00:00:00:ff:21
settled
step ip link set v0 up
settled
step ip link set v1 up
settled
step ip link set v1 down
settled
step ip link del v0
step ip link add vx address 02:00:00:00:ff:30 type vxlan external dstport 4790
step ip link set vx up
step ip link del vx
step ovs-dpctl add-dp br0
step ip link set br0 address 02:00:00:00:ff:01
step ip link set br0 up
step ovs-dpctl add-if br0 d1
step ovs-dpctl add-if br0 p1,type=internal
step ovs-dpctl del-if br0 d1
step ovs-dpctl add-if br0 d1
step ip link del d1
step ovs-dpctl add-if br0 vx,type=vxlan,remote_ip=flow
step ovs-dpctl del-if br0 vx
step ovs-dpctl del-if br0 p1
step ovs-dpctl del-dp br0
ip link add last address 02:00:00:00:ff:77 type dummy
monitored
echo "== events"
sed '0,/group 1 /d' seen
