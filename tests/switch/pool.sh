# shellcheck shell=sh disable=SC1091
# pool.sh - a session, of dpsim's only: many share a pool of addresses and ports. Linux draws the
# ports at random; dpsim from its seed.
set -eu
. ./world.sh
. ./ovs.sh
. ./play.sh

switch_with_pair run
ofctl add-flow br0 'table=0,in_port=p1,udp,actions=ct(commit,nat(src=192.0.2.1-192.0.2.3:1000-1003)),output:p2'
ofctl add-flow br0 'table=0,in_port=p2,udp,actions=ct(nat,table=1)'
ofctl add-flow br0 'table=1,in_port=p2,ip,ct_state=+trk+est+rpl+dnat,actions=output:p1'
fresh
chapter pool p1 p2
play clients.pcap <<'END'
p1 p2=1 each gets an address and a port that no other has
p1 p2=1
p1 p2=1
p1 p2=1
p1 p2=1
p1 p2=1
p1 p2=1
p1 p2=1
END
connections | python3 -c 'import sys, make_sessions as m; m.write(".", "answers.pcap", m.answers(sys.stdin))'
play answers.pcap <<'END'
p2 p1=1 and each is answered
p2 p1=1
p2 p1=1
p2 p1=1
p2 p1=1
p2 p1=1
p2 p1=1
p2 p1=1
END
tables
curtain
