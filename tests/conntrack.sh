#!/bin/sh
# conntrack.sh BUILD - Debian's conntrack and nfct, as they are, read and change connections, expectations, timeouts.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs conntrack conntrack
needs nfct nfct
needs ip iproute2
needs /usr/bin/python3 python3
cp "$here/ct_datapath.sh" "$here/ct_frames.py" .

# ---- connections that the tool makes -----------------------------------------------------------------

cat >made <<'END'
conntrack() { command conntrack "$@" 2>&1 | sed '/^conntrack v/s/.*: //'; }
add() { conntrack -I "$@"; }
add -s 10.0.0.1 -d 10.0.0.2 -p tcp --sport 1000 --dport 80 --state ESTABLISHED -u SEEN_REPLY,ASSURED -t 200
add -s 10.0.0.1 -d 10.0.0.2 -p udp --sport 1000 --dport 53 -t 60 -m 7
add -s 10.0.0.1 -d 10.0.0.2 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 9 -t 60
add -s fd00::1 -d fd00::2 -p udp --sport 1000 --dport 53 -t 60 -w 5
add -s 10.0.0.4 -d 10.0.0.2 -p 99 -t 60
add -s 10.0.0.5 -d 10.0.0.2 -p tcp --sport 5 --dport 6 -t 60 --state SYN_SENT -n 192.168.0.1:5000
add -s 10.0.0.6 -d 10.0.0.2 -p tcp --sport 5 --dport 6 -t 60 --state SYN_SENT -g 192.168.0.1:5000
add -s 10.0.0.6 -d 10.0.0.2 -p tcp --sport 5 --dport 6 -t 60 --state SYN_SENT
dump() { echo "-- $*"; conntrack -L "$@"; }
dump
dump -f ipv6
dump -o extended,id -p tcp
dump -o xml -p udp
dump -o save -p icmp
dump -m 7
dump -u ASSURED
dump -w 5 -f ipv6
dump -s 10.0.0.4
dump -n
dump -g
dump dying
dump unconfirmed
echo -- -G
conntrack -G -s 10.0.0.1 -d 10.0.0.2 -p tcp --sport 1000 --dport 80
conntrack -G -s 10.0.0.1 -d 10.0.0.2 -p tcp --sport 1000 --dport 81
echo -- -U
conntrack -U -s 10.0.0.1 -d 10.0.0.2 -p tcp --sport 1000 --dport 80 -m 5 -t 77
conntrack -U -p udp -m 9
conntrack -C
conntrack -S
echo -- -D
conntrack -D -p udp
conntrack -D -s 10.0.0.99
conntrack -D -s 10.0.0.1 -d 10.0.0.2 -p icmp
conntrack -F
conntrack -C
END
expect "connections made, shown, changed, deleted" simulator run --cpus 2 -- sh made <<'END'
1 flow entries have been created.
1 flow entries have been created.
1 flow entries have been created.
1 flow entries have been created.
1 flow entries have been created.
1 flow entries have been created.
1 flow entries have been created.
Such conntrack exists, try -U to update
-- 
7 flow entries have been shown.
tcp      6 200 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 use=1
udp      17 60 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1000 mark=7 use=1
icmp     1 60 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=9 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=9 mark=0 use=1
udp      17 60 src=fd00::1 dst=fd00::2 sport=1000 dport=53 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=53 dport=1000 mark=0 zone=5 use=1
unknown  99 60 src=10.0.0.4 dst=10.0.0.2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.4 mark=0 use=1
tcp      6 60 SYN_SENT src=10.0.0.5 dst=10.0.0.2 sport=5 dport=6 [UNREPLIED] src=10.0.0.2 dst=192.168.0.1 sport=6 dport=5000 mark=0 use=1
tcp      6 60 SYN_SENT src=10.0.0.6 dst=10.0.0.2 sport=5 dport=6 [UNREPLIED] src=192.168.0.1 dst=10.0.0.6 sport=5000 dport=5 mark=0 use=1
-- -f ipv6
1 flow entries have been shown.
udp      17 60 src=fd00::1 dst=fd00::2 sport=1000 dport=53 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=53 dport=1000 mark=0 zone=5 use=1
-- -o extended,id -p tcp
3 flow entries have been shown.
ipv4     2 tcp      6 200 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 use=1 id=1
ipv4     2 tcp      6 60 SYN_SENT src=10.0.0.5 dst=10.0.0.2 sport=5 dport=6 [UNREPLIED] src=10.0.0.2 dst=192.168.0.1 sport=6 dport=5000 mark=0 use=1 id=6
ipv4     2 tcp      6 60 SYN_SENT src=10.0.0.6 dst=10.0.0.2 sport=5 dport=6 [UNREPLIED] src=192.168.0.1 dst=10.0.0.6 sport=5000 dport=5 mark=0 use=1 id=7
-- -o xml -p udp
<?xml version="1.0" encoding="utf-8"?>
<conntrack>
<flow><meta direction="original"><layer3 protonum="2" protoname="ipv4"><src>10.0.0.1</src><dst>10.0.0.2</dst></layer3><layer4 protonum="17" protoname="udp"><sport>1000</sport><dport>53</dport></layer4></meta><meta direction="reply"><layer3 protonum="2" protoname="ipv4"><src>10.0.0.2</src><dst>10.0.0.1</dst></layer3><layer4 protonum="17" protoname="udp"><sport>53</sport><dport>1000</dport></layer4></meta><meta direction="independent"><timeout>60</timeout><mark>7</mark><use>1</use><id>2</id><unreplied/></meta></flow>
<flow><meta direction="original"><layer3 protonum="10" protoname="ipv6"><src>fd00::1</src><dst>fd00::2</dst></layer3><layer4 protonum="17" protoname="udp"><sport>1000</sport><dport>53</dport></layer4></meta><meta direction="reply"><layer3 protonum="10" protoname="ipv6"><src>fd00::2</src><dst>fd00::1</dst></layer3><layer4 protonum="17" protoname="udp"><sport>53</sport><dport>1000</dport></layer4></meta><meta direction="independent"><timeout>60</timeout><mark>0</mark><zone>5</zone><use>1</use><id>4</id><unreplied/></meta></flow>
</conntrack>
2 flow entries have been shown.
-- -o save -p icmp
1 flow entries have been shown.
-A -t 60 -u UNSET -s 10.0.0.1 -d 10.0.0.2 -r 10.0.0.2 -q 10.0.0.1 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 9
-- -m 7
1 flow entries have been shown.
udp      17 60 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1000 mark=7 use=1
-- -u ASSURED
1 flow entries have been shown.
tcp      6 200 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 use=1
-- -w 5 -f ipv6
1 flow entries have been shown.
udp      17 60 src=fd00::1 dst=fd00::2 sport=1000 dport=53 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=53 dport=1000 mark=0 zone=5 use=1
-- -s 10.0.0.4
1 flow entries have been shown.
unknown  99 60 src=10.0.0.4 dst=10.0.0.2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.4 mark=0 use=1
-- -n
1 flow entries have been shown.
tcp      6 60 SYN_SENT src=10.0.0.5 dst=10.0.0.2 sport=5 dport=6 [UNREPLIED] src=10.0.0.2 dst=192.168.0.1 sport=6 dport=5000 mark=0 use=1
-- -g
1 flow entries have been shown.
tcp      6 60 SYN_SENT src=10.0.0.6 dst=10.0.0.2 sport=5 dport=6 [UNREPLIED] src=192.168.0.1 dst=10.0.0.6 sport=5000 dport=5 mark=0 use=1
-- dying
0 flow entries have been shown.
-- unconfirmed
0 flow entries have been shown.
-- -G
1 flow entries have been shown.
tcp      6 200 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 use=2
such conntrack doesn't exist
-- -U
1 flow entries have been updated.
tcp      6 77 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=5 use=2
Operation failed: Operation not supported
Operation not supported
7
cpu=0   	found=0 invalid=0 insert=7 insert_failed=0 drop=0 early_drop=0 error=0 search_restart=0 clash_resolve=0 chaintoolong=0 
cpu=1   	found=0 invalid=0 insert=0 insert_failed=0 drop=0 early_drop=0 error=0 search_restart=0 clash_resolve=0 chaintoolong=0 
-- -D
2 flow entries have been deleted.
udp      17 60 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1000 mark=7 use=1
udp      17 60 src=fd00::1 dst=fd00::2 sport=1000 dport=53 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=53 dport=1000 mark=0 zone=5 use=1
0 flow entries have been deleted.
1 flow entries have been deleted.
icmp     1 60 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=9 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=9 mark=0 use=1
connection tracking table has been emptied.
0
END

# ---- connections of packets ----------------------------------------------------------------------------

# Port 7777 comes last.
cat >tracked <<'END'
. ./ct_datapath.sh
. ./listening.sh
monitor_until port=7777 events conntrack -E 2>/dev/null
monitor_until port=7777 expects conntrack -E expect 2>/dev/null
show() {        # FILE
    sed 's/ \[USERSPACE\] portid=[0-9]*/ by a program/' "$1"
}
python3 ct_frames.py
conntrack -L 2>/dev/null
conntrack -L expect 2>/dev/null
echo "-- 31 s later"
dpsim do advance 31s
conntrack -L 2>/dev/null
conntrack -D -p tcp --dport 80 --state SYN_SENT 2>/dev/null
python3 ct_frames.py --request 7777
monitored
echo "-- what the listeners saw"
show events
show expects
END
expect "connections of packets" simulator run -- sh tracked <<'END'
tcp      6 432000 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 use=1
tcp      6 120 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1001 dport=80 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1001 mark=0 use=1
udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 src=10.0.0.2 dst=192.168.0.1 sport=53 dport=4000 mark=7 use=1
icmp     1 30 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=7 mark=0 use=1
udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=2000 dport=69 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=69 dport=2000 mark=0 helper=tftp use=1
300 proto=17 src=10.0.0.2 dst=10.0.0.1 sport=0 dport=2000 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.0.1 master-dst=10.0.0.2 sport=2000 dport=69 class=0 helper=tftp
-- 31 s later
tcp      6 431969 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED] mark=0 use=1
tcp      6 89 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1001 dport=80 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1001 mark=0 use=1
tcp      6 89 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1001 dport=80 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1001 mark=0 use=1
-- what the listeners saw
    [NEW] tcp      6 120 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000
 [UPDATE] tcp      6 60 SYN_RECV src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000
 [UPDATE] tcp      6 432000 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1000 [ASSURED]
    [NEW] tcp      6 120 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1001 dport=80 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1001
    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 [UNREPLIED] src=10.0.0.2 dst=192.168.0.1 sport=53 dport=4000 mark=7
 [UPDATE] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 src=10.0.0.2 dst=192.168.0.1 sport=53 dport=4000 mark=7
    [NEW] icmp     1 30 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=7
 [UPDATE] icmp     1 30 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=7
    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=2000 dport=69 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=69 dport=2000 helper=tftp
[DESTROY] udp      17 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 src=10.0.0.2 dst=192.168.0.1 sport=53 dport=4000 mark=7
[DESTROY] icmp     1 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=7
[DESTROY] udp      17 src=10.0.0.1 dst=10.0.0.2 sport=2000 dport=69 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=69 dport=2000
[DESTROY] tcp      6 89 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1001 dport=80 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1001 by a program
    [NEW] udp      17 30 src=10.0.0.1 dst=10.0.0.2 sport=7777 dport=69 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=69 dport=7777 helper=tftp
    [NEW] 300 proto=17 src=10.0.0.2 dst=10.0.0.1 sport=0 dport=2000 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.0.1 master-dst=10.0.0.2 sport=2000 dport=69 class=0 helper=tftp
[DESTROY] 269 proto=17 src=10.0.0.2 dst=10.0.0.1 sport=0 dport=2000 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.0.1 master-dst=10.0.0.2 sport=2000 dport=69 class=0 helper=tftp
    [NEW] 300 proto=17 src=10.0.0.2 dst=10.0.0.1 sport=0 dport=7777 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.0.1 master-dst=10.0.0.2 sport=7777 dport=69 class=0 helper=tftp
END

# ---- timeouts ------------------------------------------------------------------------------------------

cat >timeouts <<'END'
nfct timeout add policy inet udp unreplied 11 replied 22
nfct timeout add policy inet udp unreplied 11 2>&1
nfct timeout list
nfct timeout delete policy
nfct timeout get policy 2>&1
nfct timeout default-set inet udp unreplied 33
nfct timeout default-get inet udp
END
expect "timeout policies" simulator run -- sh timeouts <<'END'
nfct v1.4.7: netlink error: Device or resource busy
.policy = {
	.l3proto = 2,
	.l4proto = 17,
	.policy = {
		.UNREPLIED = 11,
		.REPLIED = 22,
	},
};
nfct v1.4.7: netlink error: No such file or directory
	.l3proto = 2,
	.l4proto = 17,
	.policy = {
		.UNREPLIED = 33,
		.REPLIED = 120,
	},
};
END
