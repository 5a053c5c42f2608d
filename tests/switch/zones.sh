# shellcheck shell=sh disable=SC1091
# zones.sh - a session: two ports with a zone each, what goes from one to the other is connected in both; a hairpin, where
# one zone translates the destination and the next the source.
set -eu
. ./world.sh
. ./ovs.sh
. ./play.sh

switch_with_pair run
ofctl add-flows br0 - <<'END'
table=0,in_port=p1,ip,actions=set_field:0x1->reg0,set_field:0x2->reg1,ct(table=1,zone=NXM_NX_REG0[0..15])
table=0,in_port=p2,ip,actions=set_field:0x2->reg0,set_field:0x1->reg1,ct(table=1,zone=NXM_NX_REG0[0..15])
table=1,ip,in_port=p1,ct_state=+trk+new,actions=ct(commit,zone=NXM_NX_REG0[0..15],exec(set_field:0x11->ct_mark)),ct(table=2,zone=NXM_NX_REG1[0..15])
table=1,ip,ct_state=+trk-new-inv,actions=ct(table=2,zone=NXM_NX_REG1[0..15])
table=2,ip,in_port=p1,ct_zone=2,ct_state=+trk+new,actions=ct(commit,zone=2,exec(set_field:0x22->ct_mark)),output:p2
table=2,in_port=p1,ct_zone=2,ct_mark=0x22,ct_state=+trk-new-inv,actions=output:p2
table=2,in_port=p2,ct_zone=1,ct_mark=0x11,ct_state=+trk-new-inv,actions=output:p1
table=2,in_port=p2,ct_zone=1,ct_state=+trk+rel-inv,actions=output:p1
END
fresh

echo "== two zones"
chapter zones p1 p2
play http.pcap <<'END'
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
p2 p1=1 out of any window
p1 p2=1 FIN
p2 p1=1 FIN
p1 p2=1 ACK
END
play questions.pcap <<'END'
p1 p2=1 a question
p2 p1=1 its answer
pause 3 UDP that goes on for longer than two seconds is assured
p1 p2=1 the question again
p2 flows=1 an answer that nobody has asked for
p1 p2=1 ping
p2 p1=1 its answer
END
connections zone=1
connections zone=2
ovs-appctl dpctl/flush-conntrack zone=1
connections
tables

echo "== hairpin"
ovs-appctl dpctl/flush-conntrack
ofctl del-flows br0
ofctl add-flows br0 - <<'END'
table=0,ip,nw_dst=192.0.2.80,actions=ct(nat,zone=1,table=1)
table=1,tcp,ct_state=+trk+new,actions=ct(commit,zone=1,nat(dst=10.1.0.2:8080),table=2)
table=1,ip,ct_state=+trk-new-inv,actions=goto_table:2
table=2,ip,actions=ct(nat,zone=2,table=3)
table=3,ip,ct_state=+trk+new,actions=ct(commit,zone=2,nat(src=192.0.2.1)),in_port
table=3,ip,ct_state=+trk-new-inv,actions=in_port
table=0,ip,nw_dst=192.0.2.1,actions=ct(nat,zone=2,table=4)
table=4,ip,ct_state=+trk+est,actions=ct(nat,zone=1,table=5)
table=5,ip,ct_state=+trk+est,actions=in_port
END
fresh
chapter hairpin p1 p2
play hairpin.pcap <<'END'
p1 p1=1 SYN
p1 p1=1 SYN, ACK
p1 p1=1 ACK
p1 p1=1 a request
p1 p1=1 its answer
p1 p1=1 FIN
p1 p1=1 FIN
p1 p1=1 ACK
END
tables
curtain
