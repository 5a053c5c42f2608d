# shellcheck shell=sh disable=SC1091
# rates.sh - a session, of dpsim's only: meters let through what their token buckets hold, to the packet, as time passes.
set -eu
. ./world.sh
. ./ovs.sh
. ./play.sh

switch_with_pair run

meter() {               # TITLE FILE.pcap UNIT RATE BURST
    what=$1 meter="meter=1,$3,burst,stats,bands=type=drop,rate=$4,burst_size=$5"
    echo "== $what: $2, $meter"
    ofctl del-flows br0
    ofctl del-meters br0
    ofctl add-meter br0 "$meter"
    ofctl add-flow br0 'in_port=p1,actions=meter:1,output:p2'
    fresh
    chapter known p1 p2
    feed p1 a_to_b.pcap         # the flow is known
    came p2=1
    pause 10                    # and the bucket full again
    chapter "$what" p1 p2
    python3 bucket.py "$2" "$3" "$4" "$5" >"$what.p2.passes"
    feed p1 "$2"
    came "p2=$(wc -l <"$what.p2.passes")"
    dp_flows | sed 's/meter([0-9]*)/meter(its)/'    # a number is free again when ovs-vswitchd gets round to it
    purge
    ofctl_flows br0
    ofctl meter-stats br0 | sed '1d; s/duration:[^ ]*//'
}

meter packets paced.pcap pktps 10 2     # at 20 packets a second
meter slow paced.pcap pktps 3 1
meter enough paced.pcap pktps 20 1
meter never paced.pcap pktps 2000 1     # a packet a second is more than the bucket holds: it is never filled again
meter bits sizes.pcap kbps 64 12
meter small sizes.pcap kbps 200 8       # what is longer than 1000 bytes never fits
curtain
