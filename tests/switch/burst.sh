# shellcheck shell=sh disable=SC1010,SC1091
# burst.sh - a session, of dpsim's only: ten thousand misses at once. A client that keeps up loses none; one that
# does not read loses what its buffer does not hold, the datapath counts that, and the simulator does not grow.
set -eu
. ./world.sh
. ./ovs.sh
simulator=$PPID

statistic() {           # NAME: of the datapath
    ovs-dpctl show | sed -n "s/.*lookups:.* $1:\([0-9]*\).*/\1/p"
}

most_memory() {         # kB that the simulator has ever used
    sed -n 's/VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$simulator/status"
}

python3 -c '
import make_pcaps as m
for name, first in ("misses", 1), ("others", 20001):
    m.write(".", name + ".pcap", [m.udp4(sport=first + n) for n in range(10000)], 1000)'
switch_with_pair run
ofctl add-flow br0 in_port=p1,actions=output:p2
ovs-appctl upcall/disable-megaflows >/dev/null  # each frame wants a flow of its own
loops

dpsim do inject p1 misses.pcap
for seen in 2001 4001 6001 8001 10000; do       # the buffer holds more than 6000
    dpsim do advance 2ms
    dpsim do wait 200s expect p2 packets=$seen
done
echo "keeping up: missed $(statistic missed), lost $(statistic lost)"

python3 stop.py "$(cat run/ovs-vswitchd.pid)"
feed p1 others.pcap
lost=$(statistic lost)
before=$(most_memory)
for _ in 1 2 3 4; do feed p1 others.pcap; done
grown=$(($(most_memory) - before))
more=$(($(statistic lost) - lost))
kill -CONT "$(cat run/ovs-vswitchd.pid)"
dpsim do wait 200s expect p2 packets=$((20000 - lost))
[ "$lost" -gt 0 ] && [ "$lost" -lt 10000 ] && echo "stopped: missed $(statistic missed), some are lost"
echo "a full buffer: $more more are lost"
most=1024
grep -q libasan "/proc/$simulator/maps" && most=2048    # that of the sanitizer grows, too
[ "$grown" -lt $most ] && echo "and nothing grows" || echo "grown by $grown kB"
# How many flows it keeps depends on the machine's speed.
complaints | sed '/dynamic \(flow \)\{0,1\}limit/d; s/lost packet on .*/lost packet/' | sort -u

feed p1 tagged20.pcap                           # as if nothing had been
dpsim do wait 200s expect p2 packets=$((20001 - lost))
echo "recovered"
switch_end
