# shellcheck shell=sh disable=SC1091
# firewall.sh - a session: who is inside may speak to the outside, and is answered; nobody else gets in. p1 is inside.
set -eu
. ./world.sh
. ./ovs.sh
. ./play.sh

switch_with_pair run
begin() {               # TITLE
    ovs-appctl dpctl/flush-conntrack
    ofctl del-flows br0
    ofctl add-flows br0 - <<'END'
table=0,priority=10,ip,actions=ct(table=1)
table=0,priority=10,ipv6,actions=ct(table=1)
table=1,priority=9,ct_state=+trk+inv,actions=drop
table=1,priority=8,in_port=p1,ip,ct_state=+trk+new,actions=ct(commit,exec(set_field:0x5->ct_mark,set_field:0x7700000000000000000009->ct_label)),output:p2
table=1,priority=8,in_port=p1,ipv6,ct_state=+trk+new,actions=ct(commit,exec(set_field:0x6->ct_mark,set_field:0x7700000000000000000009->ct_label)),output:p2
table=1,priority=7,in_port=p1,ct_state=+trk+est,ct_mark=0x4/0xc,actions=output:p2
table=1,priority=7,in_port=p1,ct_state=+trk+rel,actions=output:p2
table=1,priority=7,in_port=p2,ct_state=+trk+est,ct_label=0x9/0xf,actions=output:p1
table=1,priority=7,in_port=p2,ct_state=+trk+rel,actions=output:p1
table=1,priority=6,in_port=p2,ct_state=+trk+new,actions=drop
END
    fresh
    echo "== $1"
    chapter "$1" p1 p2
}

for version in '' 6; do
begin "http$version"
play "http$version.pcap" <<'END'
p1 p2=1 SYN
p2 p1=1 SYN, ACK
p1 p2=1 ACK
p1 p2=1 a request
p1 p2=1 the same again
p2 p1=1 ACK
p2 p1=1 the second part of the answer
p1 p2=1 the first is missing
p2 p1=1 the first part
p1 p2=1 all is here
p2 p1=1 out of any window, which ct() lets pass once a connection is established
p1 p2=1 FIN
p2 p1=1 FIN
p1 p2=1 ACK
END
tables

begin "refused$version"
play "refused$version.pcap" <<'END'
p1 p2=1 SYN
p2 p1=1 RST
p1 p2=1 SYN
p2 p1=1 SYN, ACK
p1 p2=1 ACK
p1 p2=1 data
p1 p2=1 RST
END
tables

begin "intruder$version"
play "intruder$version.pcap" <<'END'
p2 flows=2 SYN
p2 none the middle of a connection
p2 flows=1 RST
p2 none SYN and FIN
END
tables

begin "questions$version"
play "questions$version.pcap" <<'END'
p1 p2=1 a question
p2 p1=1 its answer
pause 3 UDP that goes on for longer than two seconds is assured
p1 p2=1 the question again
p2 flows=1 an answer that nobody has asked for
p1 p2=1 ping
p2 p1=1 its answer
p2 flows=1 another ping's
p1 p2=1 to a closed port
p2 p1=1 there is nobody
p2 none the same of what was never sent
END
tables

begin "big$version"
play "big$version.pcap" <<'END'
p1 flows=1 the first of three
p1 flows=1 the second
p1 p2=3 the third
p2 flows=1 the last of two
p2 p1=2 the first
p1 none the first of three
p1 none the third; the second is lost
END
tables
done
curtain
