# shellcheck shell=sh disable=SC1091
# lockstep.sh - a session, of dpsim's only, at --time lockstep: nothing has to be waited for, and time passes for the switch, too.
set -eu
. ./world.sh
. ./ovs.sh

used() {                # how long ago the datapath's flows were used, as the switch sees it: the shortest, the longest time
    echo "== used: $1"
    ovs-appctl dpctl/dump-flows | sed -n 's/.* used:\([^,]*\),.*/\1/p' | sort -n | sed -n '1p; $p'
}

python3 -c '
import make_pcaps as m
m.write(".", "many.pcap", [m.udp4(sport=1 + n) for n in range(300)], 100000)'
switch_with_pair run --enable-dummy
ofctl add-flow br0 in_port=p1,idle_timeout=60,actions=output:p2
ovs-appctl upcall/disable-megaflows >/dev/null  # each frame wants a flow of its own
chapter lockstep p1 p2
feed p1 many.pcap                               # 29.9 ms
dpsim do expect p2 packets=300
dpsim do expect-stats ovs-system flows=300 missed=300 hit=0
feed p1 many.pcap
dpsim do expect-stats ovs-system flows=300 missed=300 hit=300
used 'now'
dpsim do advance 1234567us
used '1.234567 s later'
dpsim do advance 30s
ofctl_flows br0
dpsim do advance 31s
echo "== OpenFlow's flow has expired"
ofctl_flows br0
ofctl add-flow br0 in_port=p1,actions=output:p2
feed p1 many.pcap
dpsim do advance 3599900ms                      # nearly max-idle
used 'an hour later'
dpsim do expect-stats ovs-system flows=300
dpsim do advance 1s
dpsim do expect-stats ovs-system flows=0
echo "== complaints"
complaints
switch_end
dpsim do advance 1s                             # until it has ended
