#!/bin/sh
# ct_vswitchd.sh BUILD - Debian's ovs-vswitchd tracks connections by OpenFlow, and shows, flushes, limits and times them.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
needs conntrack conntrack
needs nfct nfct
needs ip iproute2
needs /usr/bin/python3 python3
stage "$here/.." dpsim || die "the session's files cannot be copied"
cp "$here/ct_frames.py" .

cat >switch <<'END'
set -eu
. ./world.sh
. ./ovs.sh
mkdir run && cd run
switch_of .
dpctl() { echo "-- $*"; ovs-appctl "dpctl/$@"; }
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile --log-file=db.log -vconsole:off --remote=punix:db.sock conf.db
vsctl --no-wait init
vsctl --no-wait -- --id=@dp create Datapath datapath_version=0 'ct_zones={}' -- set Open_vSwitch . datapaths:system=@dp >/dev/null
ovs-vswitchd --detach --no-chdir --pidfile --log-file=switch.log -vconsole:off unix:db.sock
vsctl add-br br0 -- set bridge br0 datapath_type=system fail_mode=secure \
    -- add-port br0 p1 -- set interface p1 type=internal ofport_request=1 \
    -- add-port br0 p2 -- set interface p2 type=internal ofport_request=2
vsctl add-zone-tp system zone=2 udp_first=11 udp_single=22 udp_multiple=33
for dev in p1 p2; do ip link set $dev up; done
cat >flows <<'FLOWS'
in_port=1,tcp actions=ct(commit,zone=1),2
in_port=2,tcp actions=ct(zone=1),1
in_port=1,udp,tp_dst=53 actions=ct(commit,zone=2,exec(set_field:7->ct_mark),nat(src=192.168.0.1:4000)),2
in_port=2,udp actions=ct(zone=2,nat),1
in_port=1,icmp actions=ct(commit,zone=3,exec(set_field:0x5->ct_label)),2
in_port=2,icmp actions=ct(zone=3),1
FLOWS
ovs-ofctl add-flows br0 flows

n_out=0
frame() {       # NUMBER PORT PACKETS: it has been forwarded when so many have left by the port
    python3 ../ct_frames.py --frame "$1"
    dpsim do wait expect "$2" packets="$3"
}
frame 0 p2 1; frame 1 p1 1; frame 2 p2 2        # TCP, established
frame 3 p2 3                                    # another one begins
frame 4 p2 4; frame 5 p1 2                      # UDP behind NAT
frame 6 p2 5; frame 7 p1 3                      # a ping
dpctl dump-conntrack
dpctl dump-conntrack -m zone=1
dpctl dump-conntrack -m zone=2
dpctl dump-conntrack -m zone=3
dpctl ct-stats-show
dpctl ct-stats-show zone=1 verbose
dpctl ct-bkts 2>&1 || true
echo "-- timeouts"
nfct timeout list | sed -n '/udp4/,/};/p'
ovs-appctl dpctl/dump-flows | sed -n 's/.*\(timeout=[a-z0-9_]*\).*/\1/p'
conntrack -L -p udp 2>/dev/null
nfct timeout delete ovs_tp_1_udp4 2>&1 || true  # a flow uses it
dpctl flush-conntrack zone=3
dpctl flush-conntrack zone=1 'ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_src=1001,ct_tp_dst=80'
dpctl dump-conntrack
dpctl flush-conntrack zone=1
dpctl ct-set-limits default=5 zone=1,limit=1 zone=4,limit=10
dpctl ct-get-limits
frame 0 p2 6                                    # the one that zone 1 may have
python3 ../ct_frames.py --frame 3               # one too many: dropped
dpsim do expect p2 packets=6
dpctl ct-get-limits zone=1
dpctl dump-conntrack zone=1
dpctl ct-del-limits zone=4
dpctl ct-get-limits
dpctl flush-conntrack
dpctl ct-stats-show
vsctl del-zone-tp system zone=2
logged switch.log
switch_end
sed -f ../complaints.sed switch.log
END
expect "connections of ovs-vswitchd" simulator run -- sh switch <<'END'
-- dump-conntrack
tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000),zone=1,protoinfo=(state=ESTABLISHED)
tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1001,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1001),zone=1,protoinfo=(state=SYN_SENT)
udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=53),reply=(src=10.0.0.2,dst=192.168.0.1,sport=53,dport=4000),zone=2,mark=7
icmp,orig=(src=10.0.0.1,dst=10.0.0.2,id=7,type=8,code=0),reply=(src=10.0.0.2,dst=10.0.0.1,id=7,type=0,code=0),zone=3,labels=0x5
-- dump-conntrack -m zone=1
tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000),id=3,zone=1,status=SEEN_REPLY|ASSURED|CONFIRMED,protoinfo=(state_orig=ESTABLISHED,state_reply=ESTABLISHED,wscale_orig=7,wscale_reply=7,flags_orig=WINDOW_SCALE|BE_LIBERAL|MAXACK_SET,flags_reply=WINDOW_SCALE|BE_LIBERAL|MAXACK_SET)
tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1001,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1001),id=4,zone=1,status=CONFIRMED,protoinfo=(state_orig=SYN_SENT,state_reply=SYN_SENT,flags_orig=0,flags_reply=0)
-- dump-conntrack -m zone=2
udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=53),reply=(src=10.0.0.2,dst=192.168.0.1,sport=53,dport=4000),id=5,zone=2,status=SEEN_REPLY|CONFIRMED|SRC_NAT|SRC_NAT_DONE,mark=7
-- dump-conntrack -m zone=3
icmp,orig=(src=10.0.0.1,dst=10.0.0.2,id=7,type=8,code=0),reply=(src=10.0.0.2,dst=10.0.0.1,id=7,type=0,code=0),id=6,zone=3,status=SEEN_REPLY|CONFIRMED,labels=0x5
-- ct-stats-show
Connections Stats:
    Total: 4
  TCP: 2
  UDP: 1
  ICMP: 1
-- ct-stats-show zone=1 verbose
Connections Stats:
    Total: 2
  TCP: 2
    Conn per TCP states:
	  [SYN_SENT]=1
	  [ESTABLISHED]=1
-- ct-bkts
Command is available for UserSpace ConnTracker only.
-- timeouts
.ovs_tp_1_udp4 = {
	.l3proto = 2,
	.l4proto = 17,
	.policy = {
		.UNREPLIED = 22,
		.REPLIED = 33,
	},
};
timeout=ovs_tp_1_udp4
udp      17 22 src=10.0.0.1 dst=10.0.0.2 sport=1000 dport=53 src=10.0.0.2 dst=192.168.0.1 sport=53 dport=4000 mark=7 zone=2 use=1
nfct v1.4.7: netlink error: Device or resource busy
-- flush-conntrack zone=3
-- flush-conntrack zone=1 ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_src=1001,ct_tp_dst=80
-- dump-conntrack
tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000),zone=1,protoinfo=(state=ESTABLISHED)
udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=53),reply=(src=10.0.0.2,dst=192.168.0.1,sport=53,dport=4000),zone=2,mark=7
-- flush-conntrack zone=1
-- ct-set-limits default=5 zone=1,limit=1 zone=4,limit=10
-- ct-get-limits
default limit=5
zone=1,limit=1,count=0
zone=4,limit=10,count=0
-- ct-get-limits zone=1
default limit=5
zone=1,limit=1,count=1
-- dump-conntrack zone=1
tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000),zone=1,protoinfo=(state=SYN_SENT)
-- ct-del-limits zone=4
-- ct-get-limits
default limit=5
zone=1,limit=1,count=1
-- flush-conntrack
-- ct-stats-show
Connections Stats:
    Total: 0
END
