# shellcheck shell=sh disable=SC1091
# translate.sh - a session: addresses and ports translated on the way, what ICMP and FTP say about them too. p1 is inside.
set -eu
. ./world.sh
. ./ovs.sh
. ./play.sh

switch_with_pair run

begin() {               # TITLE [FLOW...]: besides, what is connected or belongs to it goes through, translated
    echo "== $1"
    ovs-appctl dpctl/flush-conntrack
    ofctl del-flows br0
    title=$1
    shift
    for flow; do ofctl add-flow br0 "$flow"; done
    ofctl add-flows br0 - <<'END'
table=0,priority=1,ip,actions=ct(nat,table=1)
table=1,priority=9,ct_state=+trk+inv,actions=drop
table=1,priority=8,ip,ct_state=+trk+new+rel,in_port=p1,actions=ct(commit,nat),output:p2
table=1,priority=8,ip,ct_state=+trk+new+rel,in_port=p2,actions=ct(commit,nat),output:p1
table=1,priority=7,ct_state=+trk-new,in_port=p1,actions=output:p2
table=1,priority=7,ct_state=+trk-new,in_port=p2,actions=output:p1
END
    fresh
    chapter "$title" p1 p2
}

begin snat 'table=1,priority=5,ip,in_port=p1,ct_state=+trk+new,actions=ct(commit,nat(src=192.0.2.1)),output:p2'
play translated.pcap <<'END'
p1 p2=1 SYN
p2 p1=1 SYN, ACK
p1 p2=1 ACK
p1 p2=1 a request
p2 p1=1 its answer
p2 p1=1 FIN
p1 p2=1 FIN
p2 p1=1 ACK
p1 p2=1 to a closed port
p2 p1=1 there is nobody: said to the public address, about it
p1 p2=1 ping
p2 p1=1 its answer
p2 flows=1 what nobody has asked for
END
tables

begin ports 'table=1,priority=5,udp,in_port=p1,ct_state=+trk+new,actions=ct(commit,nat(src=192.0.2.1:1000-1001)),output:p2'
play crowded.pcap <<'END'
p1 p2=1 the first
p2 p1=1 its answer
p1 p2=1 the second: another port
p2 p1=1 its answer
p1 none a third finds no port
END
tables

begin dnat \
    'table=1,priority=5,tcp,in_port=p1,ct_state=+trk+new,nw_dst=192.0.2.80,tp_dst=80,actions=ct(commit,nat(dst=10.1.0.2:8080)),output:p2' \
    'table=1,priority=5,udp,in_port=p1,ct_state=+trk+new,nw_dst=192.0.2.80,tp_dst=53,actions=ct(commit,nat(dst=10.1.0.2:5353)),output:p2'
play published.pcap <<'END'
p1 p2=1 SYN
p2 p1=1 SYN, ACK
p1 p2=1 ACK
p1 p2=1 a request
p2 p1=1 its answer
p1 p2=1 FIN
p2 p1=1 FIN
p1 p2=1 ACK
p1 p2=1 a question
p2 p1=1 there is nobody
END
tables

ofctl add-group br0 'group_id=1,type=select,selection_method=hash,fields(tcp_src),bucket=ct(commit,table=2,nat(dst=10.1.0.2:8080)),bucket=ct(commit,table=2,nat(dst=10.1.0.3:8080))'
begin balanced 'table=1,priority=5,tcp,in_port=p1,ct_state=+trk+new,nw_dst=192.0.2.80,tp_dst=80,actions=group:1' \
    'table=2,actions=output:p2'
play balanced.pcap <<'END'
p1 p2=1 each to the server of its port
p1 p2=1
p1 p2=1
p1 p2=1
p1 p2=1
p1 p2=1
p1 p2=1
p1 p2=1
END
tables

begin ftp_active 'table=1,priority=5,tcp,in_port=p1,ct_state=+trk+new-rel,tp_dst=21,actions=ct(commit,alg=ftp,nat(src=192.0.2.1)),output:p2'
play ftp_active.pcap <<'END'
p1 p2=1 SYN
p2 p1=1 SYN, ACK
p1 p2=1 ACK
p2 p1=1 220
p1 p2=1 USER
p2 p1=1 230
p1 p2=1 PORT, which becomes longer
p2 p1=1 200
p1 p2=1 LIST
p2 p1=1 the server's SYN for data: new, and related
p1 p2=1 SYN, ACK
p2 p1=1 ACK
p2 p1=1 data
p2 p1=1 FIN
p1 p2=1 FIN
p2 p1=1 ACK
p2 p1=1 226
p1 p2=1 FIN
p2 p1=1 FIN
p1 p2=1 ACK
END
tables

begin ftp_passive 'table=1,priority=5,tcp,in_port=p1,ct_state=+trk+new-rel,tp_dst=21,actions=ct(commit,alg=ftp,nat(dst=10.1.0.2)),output:p2'
play ftp_passive.pcap <<'END'
p1 p2=1 SYN
p2 p1=1 SYN, ACK
p1 p2=1 ACK
p2 p1=1 220
p1 p2=1 PASV
p2 p1=1 227, with the server's address as the client knows it
p1 p2=1 RETR
p1 p2=1 the client's SYN for data: new, and related
p2 p1=1 SYN, ACK
p1 p2=1 ACK
p2 p1=1 data
p2 p1=1 FIN
p1 p2=1 FIN
p2 p1=1 ACK
p2 p1=1 226
p1 p2=1 FIN
p2 p1=1 FIN
p1 p2=1 ACK
END
tables
curtain
