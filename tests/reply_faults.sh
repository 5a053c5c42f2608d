#!/bin/sh
# reply_faults.sh BUILD - clients as they are get replies that no kernel sends: they notice, or valgrind notices for them.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs ovs-dpctl openvswitch-switch
needs valgrind valgrind
cp "$build/bin/client_mnl" "$work/bin/" || exit 2

cat >tunnel.scn <<'END'
dp br0
port br0 p1
flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4(frag=no) set(tunnel(tun_id=0x1,dst=1.1.1.1,ttl=64,erspan(ver=2,dir=1,hwid=0x7),flags(df|key)))
END
chmod 644 tunnel.scn

faulty() {      # FAULT COMMAND...: in a simulator with it; what it says is in got, what was bent in err
    fault=$1
    shift
    simulator run --summary --scenario tunnel.scn --fault "reply:$fault" -- "$@" >got 2>err
}

bent() {        # TEXT: the simulator says that it has done this, and no more
    grep -Fq -- "fault reply:$1" err || die "$fault: does not say \"$1\" but: $(cat err)"
    grep -qx 'faults of replies: 1' err || die "$fault: not one fault: $(cat err)"
}

# ---- a libmnl client -----------------------------------------------------------------------------

for fault in seq@CTRL_CMD_NEWFAMILY attr-missing@CTRL_ATTR_FAMILY_ID duplicate@NLMSG_ERROR lost@OVS_VPORT_CMD_NEW errno@OVS_FLOW_CMD_GET \
        malformed@OVS_FLOW_ATTR_STATS order@OVS_FLOW_CMD_GET interrupted attr-short@OVS_PACKET_ATTR_PACKET duplicate@OVS_PACKET_CMD_MISS; do
    simulator run --summary --fault "reply:$fault" -- client_mnl >got 2>err
    status=$?
    bent "${fault%@*} "
    [ $status -ne 0 ] || die "client_mnl does not notice $fault: $(cat got err)"
    grep -q '^client_mnl:[0-9]*: ' err || die "client_mnl does not say what it does not like in $fault: $(cat err)"
    step "client_mnl notices $fault"
done

# ---- ovs-dpctl -----------------------------------------------------------------------------------

faulty errno@CTRL_CMD_NEWFAMILY ovs-dpctl show && die "ovs-dpctl does without a family: $(cat got err)"
bent 'errno CTRL_CMD_NEWFAMILY: error 0 (0) -> '
step "ovs-dpctl gives up when a family is refused"
faulty nest-empty@OVS_FLOW_ATTR_KEY ovs-dpctl dump-flows br0
bent 'nest-empty OVS_FLOW_CMD_GET OVS_FLOW_ATTR_KEY: '
grep -q 'in_port' got && die "ovs-dpctl shows a key that it was not sent: $(cat got)"
step "ovs-dpctl shows a flow without a key"

faulty attr-missing@OVS_FLOW_ATTR_STATS:2 ovs-dpctl dump-flows br0
grep -q 'fault reply:attr-missing@OVS_FLOW_ATTR_STATS:2 has not struck: there were' err || die "$(cat err)"
step "a fault that does not strike is told"

# ---- and under valgrind --------------------------------------------------------------------------

check="valgrind -q --error-exitcode=99"
# shellcheck disable=SC2086
simulator run --scenario tunnel.scn -- $check ovs-dpctl dump-flows br0 >got 2>err || die "valgrind finds something: $(cat err)"
grep -q 'erspan(ver=2,dir=1,hwid=0x7)' got || die "no flow: $(cat got)"
step "valgrind has nothing to say of ovs-dpctl dump-flows"

# The formatter trusts the length of ERSPAN_OPTS and reads on where the datagram has ended.
# shellcheck disable=SC2086
faulty attr-short@OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS $check ovs-dpctl dump-flows br0
status=$?
bent 'attr-short OVS_FLOW_CMD_GET OVS_FLOW_ATTR_ACTIONS/0 OVS_ACTION_ATTR_SET/OVS_KEY_ATTR_TUNNEL/OVS_TUNNEL_KEY_ATTR_ERSPAN_OPTS: 12 -> '
[ $status -eq 99 ] || die "valgrind does not find the read past the datagram: exit status $status: $(cat err)"
grep -q 'uninitialised' err || die "$(cat err)"
step "valgrind finds ovs-dpctl reading past a datagram"
