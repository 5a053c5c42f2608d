# shellcheck shell=sh disable=SC1091,SC3045
# restart.sh - a session: ovs-vswitchd ends, dies and begins again; the datapath, its ports and flows outlive it.
set -eu
. ./world.sh
. ./ovs.sh
ulimit -c 0

ended() {               # until the process has ended
    python3 ended.py "$1"
}

state() {               # TITLE: what is in the kernel
    echo "== $1"
    ovs-dpctl show | sed -n 's/^  *port/port/p'
    dp_flows_of ovs-dpctl
}

one() {                 # one more frame from p1 to p2
    feed p1 a_to_b.pcap
    came p2=1
}

switch_with_pair run
port br0 in0 3 type=internal
ofctl add-flow br0 in_port=p1,actions=output:p2
ofctl dump-flows --no-stats --no-names br0 >saved
chapter restart p1 p2
one
state begun

# It ends, and is to wait for its flows when it begins again.
vsctl set open . other_config:flow-restore-wait=true
pid=$(cat run/ovs-vswitchd.pid)
ovs-appctl exit
ended "$pid"
one
state ended
vswitchd_start
one
ofctl add-flows br0 saved
vsctl remove open . other_config flow-restore-wait
settle
one
settle
state restored
ofctl_flows br0

# It is killed, and begins with a monitor beside it.
pid=$(cat run/ovs-vswitchd.pid)
kill -KILL "$pid"
ended "$pid"
one
state killed
vswitchd_start --monitor
ofctl add-flows br0 saved
settle
one
state "begun again"

# It crashes; the monitor begins it again.
kill -SEGV "$(cat run/ovs-vswitchd.pid)"
vsctl set open . external_ids:seen=yes          # ends when the new one has seen it
ofctl add-flows br0 saved
one
state monitored

pid=$(cat run/ovs-vswitchd.pid)
logged run/ovs-vswitchd.log
ovs-appctl exit --cleanup
ended "$pid"
state "cleaned up"
echo "== complaints"
complained
ovs-appctl -t ovsdb-server exit
world_end
