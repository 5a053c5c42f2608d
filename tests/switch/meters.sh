# shellcheck shell=sh disable=SC1091
# meters.sh - a session: OpenFlow meters let through what their rate and burst allow.
set -eu
. ./world.sh
. ./ovs.sh

switch_with_pair run
ofctl meter-features br0 | sed 1d

chapter meters p1 p2
meter() {               # METER N: of many packets in one moment it lets N through, and 4 a second later
    ofctl add-meter br0 "$1"
    ofctl add-flow br0 'in_port=p1,actions=meter:1,output:p2'
    fresh
    feed p1 a_to_b.pcap
    came p2=1
    feed p1 burst.pcap
    came "p2=$(($2 - 1))"
    pause 1
    feed p1 burst.pcap
    came p2=4
    dp_flows | sed 's/meter([0-9]*)/meter(its)/'    # a deleted one's number is free a moment later
    purge
    ofctl_flows br0
    ofctl meter-stats br0 | sed -n 's/duration:[^ ]*//p'
    ofctl dump-meters br0 | sed 1d
    ofctl del-meters br0
}
meter meter=1,pktps,stats,bands=type=drop,rate=4 4
meter meter=1,pktps,burst,stats,bands=type=drop,rate=4,burst_size=8 8
ofctl_flows br0
echo "== complaints"
complaints
world_end
switch_end
