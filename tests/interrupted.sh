#!/bin/sh
# interrupted.sh BUILD - the faults recv_intr and poll_intr: a signal ends a client's call that may wait for a socket, and the
# call, repeated, has the whole answer.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs ovs-dpctl openvswitch-switch
cp "$build/bin/client_wait" "$build/bin/client_mnl" "$build/bin/client_nl" "$work/bin/" || exit 2
cp -r "$here/../fixtures/switch_normal" . || exit 2
chmod -R a+rX "$work"/bin/client_* switch_normal
echo 'dp br0; port br0 p1' >world.scn     # lo, ovs-system's br0, p1: three links

asks() {        # LEVEL FAULT WAY
    simulator run --time "$1" --scenario world.scn --fault "$2" -- client_wait "$3"
}

ways() {        # FAULT TIMES WAY...: each is interrupted so often
    fault=$1
    times=$2
    shift 2
    for way in "$@"; do
        for level in real virtual lockstep; do
            expect "$way, $level, $fault" asks $level "$fault" "$way" <<END
interrupted $times times, 3 links
END
        done
    done
}

ways recv_intr 1 recv recvfrom recvmsg recvmmsg read readv
ways recv_intr:2 1 recv         # the datagram that ends the list
ways poll_intr 1 poll ppoll select pselect epoll
for fault in recv_intr poll_intr; do
    asks virtual $fault at-once >got 2>err || die "at once: $(cat err)"
    grep -qx 'interrupted 0 times, 3 links' got || die "what never waits is interrupted: $(cat got)"
    grep -q "fault $fault has not struck: its point was reached 0 times" err || die "$fault: $(cat err)"
    step "$(cat err)"
done

# libnl repeats the call by itself; a program on libmnl has to, and this one does not.
send='dpsim do up nl1 && dpsim do send nl1 02000000000202000000000188b500112233'
simulator run -- client_nl "$send" >as_ever || die "client_nl: exit status $?"
for n in 1 2 20; do
    expect "libnl, receiving call $n" simulator run --fault recv_intr:$n -- client_nl "$send" <as_ever
done
simulator run --fault recv_intr -- client_mnl >got 2>err && die "client_mnl has not noticed: $(cat got)"
grep -q "(errno 4)" err || die "client_mnl: $(cat err)"
step "$(cat err)"

# ovs-dpctl asks without waiting; ovs-vswitchd waits in poll(), and does what it does as ever: only the trace tells.
expect "ovs-dpctl" simulator run --scenario world.scn --fault recv_intr:99 -- ovs-dpctl dump-dps <<'END'
system@br0
END
for n in 1 20 60; do
    simulator test --runs 1 --timeout 300 --fault poll_intr:$n switch_normal >got 2>err
    head -n 2 got >saw
    diff -u - saw <<'END' || die "ovs-vswitchd, poll $n: $(cat got err)"
FAILED switch_normal: 1 of its files differs
  trace.txt differs
END
    grep -q "got .* fault poll_intr$" got || die "ovs-vswitchd, poll $n: $(cat got)"
    step "ovs-vswitchd, wait $n"
done
