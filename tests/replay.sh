#!/bin/sh
# replay.sh BUILD - recordings played again: as clients to the datapath, as a kernel to programs; cut to what they need to fail.
# shellcheck disable=SC1010
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs ovs-dpctl openvswitch-switch
needs ip iproute2
needs python3 python3

cp "$here/../fixtures/hit/in.pcap" "$here/nlmon/session.pcap" "$here/nlmon/session.sh" .
cat >session <<'SESSION'
ip link add p1 type dummy
ip link add p2 type dummy
ip link set p1 up
ip link set p2 up
ovs-dpctl add-dp br0
ovs-dpctl add-if br0 p1
ovs-dpctl add-if br0 p2
ovs-dpctl add-flow br0 'in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)' 'push_vlan(vid=10,pcp=0),2'
SESSION
# Frames come, time goes by, the flow's idle time is on the clients' clock.
cat session - >session1 <<'SESSION'
dpsim do inject p1 in.pcap
dpsim do run
ovs-dpctl dump-flows br0 >flows
ovs-dpctl del-dp br0
SESSION

alike() {       # FILE PATTERN: played as a client it gives no difference; PATTERN is in the line that says so
    simulator replay --client "$1" >got 2>err || die "$1 differs: $(cat err got)"
    grep -Eq -- "$2.*: no difference" got || die "$1: no \"$2\" in: $(cat got)"
    step "$(tail -n 1 got)"
}

differs() {     # FILE LINE...: the first difference is told in these lines
    simulator replay --client "$1" >got 2>err
    is=$?
    [ $is -eq 1 ] || die "$1: exit status $is instead of 1: $(cat err got)"
    file=$1
    shift
    for line; do
        grep -Fqx -- "$line" got || die "$file: no line \"$line\" in: $(cat got)"
    done
    step "$file: $(sed -n 2p got)"
}

number() {      # PATTERN: of the first record that dpsim show prints so
    dpsim show s.pcapng | grep -E -- "$1" | awk 'NR == 1 { print $1 }'
}

# ---- the same datapath gives the same answers and frames -----------------------------------------

simulator run --record s.pcapng -- sh -e session1 2>err || die "the session: $(cat err)"
alike s.pcapng '[0-9]{3} requests, [0-9]{3} messages, 5 frames fed, 3 frames compared'
simulator run --cpus 2 --seed 7 --record s2.pcapng -- sh -e session1 2>err || die "the session: $(cat err)"
alike s2.pcapng '3 frames compared'

cp -r "$here/../fixtures" . && chmod -R a+rX fixtures || die "the fixtures cannot be copied"
simulator test --record --keep kept fixtures >got 2>err || die "the golden tests: $(cat err got)"
for recording in kept/*/*.pcapng; do
    simulator replay --client "$recording" >got 2>err || die "$recording differs: $(cat err got)"
done
step "so do $(find kept -name '*.pcapng' | wc -l) scenarios"

# ---- what was recorded otherwise is found --------------------------------------------------------

dump=$(number 'netlink out .*type 34 cmd 3 flags 0x2')
ask=$((dump - 1))
dpsim show s.pcapng | sed -n "${ask}p" | grep -q 'clock' && ask=$((ask - 1))
python3 "$here/retouch.py" s.pcapng flow.pcapng "$dump" 8100100a 8100100b || die "cannot change the dump"
differs flow.pcapng '  field OVS_FLOW_ATTR_ACTIONS/0 OVS_ACTION_ATTR_PUSH_VLAN' '    recorded: push_vlan(vid=11,pcp=0)' \
    '    now:      push_vlan(vid=10,pcp=0)' "the request, record $ask:" '  nlmsg_type: OVS_FLOW_CMD_GET'
grep -q "^flow.pcapng: record $dump (0.004000000 s): OVS_FLOW_CMD_GET to socket .* answer to OVS_FLOW_CMD_GET of record $ask\$" got ||
    die "the first line: $(head -n 1 got)"
frame=$(number '^ *[0-9]+ 0.001.* p2 out')
python3 "$here/retouch.py" s.pcapng frame.pcapng "$frame" 0a000002 0a000003 || die "cannot change the frame"
differs frame.pcapng '  field encap.ipv4.dst'
# A request that differs is another world from there on: --all tells of all of it.
add=$(number 'netlink in .*type 34 cmd 1')
python3 "$here/retouch.py" s.pcapng add.pcapng "$add" 8100100a 8100100b || die "cannot change the flow"
simulator replay --client add.pcapng --all >got 2>err
grep -q ': 4 differences$' got || die "not the dump and three frames: $(cat got)"
step "$(tail -n 1 got)"

# ---- cut to what it needs ------------------------------------------------------------------------

few() {         # FILE MOST DIFFERENCE: it holds at most so many records and still tells of that
    n=$(dpsim show "$1" | wc -l)
    [ "$n" -le "$2" ] || die "$1: $n records: $(dpsim show "$1")"
    simulator replay --client "$1" >got 2>err
    grep -Fqx -- "  $3" got || die "$1: $(cat err got)"
    step "$1: $n records, $3"
}

simulator shrink flow.pcapng -o flow-min.pcapng >got 2>err1 || die "shrink: $(cat err1)"
few flow-min.pcapng 45 'field OVS_FLOW_ATTR_ACTIONS/0 OVS_ACTION_ATTR_PUSH_VLAN'
simulator shrink flow.pcapng -o again.pcapng >got 2>err2 || die "shrink: $(cat err2)"
diff err1 err2 && cmp flow-min.pcapng again.pcapng || die "shrink is not deterministic"
step 'the same recording is cut to the same one'
simulator shrink frame.pcapng >got 2>err || die "shrink: $(cat err)"
few frame-min.pcapng 40 'field encap.ipv4.dst'
# By a command's exit status: it fails as long as a flow is put.
cat >no_flow_put <<'COMMAND'
#!/bin/sh
! dpsim show "$1" | grep -q 'netlink in .*type 34 cmd 1'
COMMAND
chmod 755 no_flow_put
simulator shrink s.pcapng -o put.pcapng -- ./no_flow_put >got 2>err || die "shrink by a command: $(cat err)"
n=$(dpsim show put.pcapng | wc -l)
[ "$n" -le 4 ] || die "put.pcapng: $(dpsim show put.pcapng)"
step "by a command: $(cat got)"
refused 1 "s.pcapng: 'dpsim replay --client' finds no difference" simulator shrink s.pcapng -o none.pcapng
refused 1 's.pcapng: true succeeds with it' simulator shrink s.pcapng -o none.pcapng -- true

# ---- a recorded kernel ---------------------------------------------------------------------------

cat session - >session2 <<'SESSION'
ovs-dpctl dump-flows br0
ovs-dpctl show
ovs-dpctl del-dp br0
SESSION
simulator run --record k.pcapng -- sh -e session2 >said 2>err || die "the session: $(cat err)"
simulator replay --datapath k.pcapng -- sh -e session2 >got 2>err || die "the recorded kernel: $(cat err)"
cmp said got || die "the program says something else: $(diff said got)"
grep -q '^k.pcapng: [0-9]* requests, [0-9]* messages: no difference$' err || die "the recorded kernel: $(cat err)"
step "$(tail -n 1 err)"
sed 's/vid=10/vid=12/' session2 >session3
simulator replay --datapath k.pcapng -- sh -e session3 >got 2>err
is=$?
[ $is -eq 1 ] || die "another flow: exit status $is: $(cat err)"
grep -Fqx '  field OVS_FLOW_ATTR_ACTIONS/0 OVS_ACTION_ATTR_PUSH_VLAN' err || die "another flow: $(cat err)"
grep -Fqx '    now:      push_vlan(vid=12,pcp=0)' err || die "another flow: $(cat err)"
cmp said got || die "the recorded answers come all the same: $(diff said got)"
step 'the first request that differs is named, and answered as recorded'

# ---- a real kernel, as nlmon has seen it: tests/nlmon/record ----------------------------------------

alike session.pcap '1[0-9]{2} requests, 1[0-9]{2} messages'
grep -q '^[0-9]* requests ask for addresses, routes' got || die "what cannot be known is not said: $(cat got)"
simulator replay --datapath session.pcap -- sh session.sh >got 2>err || die "nlmon's kernel: $(cat err)"
grep -q 'push_vlan(vid=10,pcp=0),0$' got || die "nlmon's kernel: $(cat got)"
step "$(tail -n 1 err)"

# ---- files that are none ---------------------------------------------------------------------------

head -c 1000 s.pcapng >cut.pcapng
refused 1 '^dpsim replay: cut.pcapng: block [0-9]+ at offset [0-9]+: ' simulator replay --client cut.pcapng
refused 1 'in.pcap: block 1 at offset 24: .*Ethernet' simulator replay --client in.pcap
refused 1 'nosuch.pcapng: .*No such file' simulator replay --client nosuch.pcapng
for wrong in '' '--client' '--client a --datapath b' '--datapath a' '--nosuch'; do
    # shellcheck disable=SC2086
    simulator replay $wrong >got 2>err
    is=$?
    [ $is -eq 2 ] || die "dpsim replay $wrong: exit status $is"
    step "$(head -n 1 err)"
done
