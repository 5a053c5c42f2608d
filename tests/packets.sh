#!/bin/sh
# packets.sh BUILD - AF_PACKET programs see virtual devices: a plain one, and Debian's tcpdump; links, hosts, CPUs.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs tcpdump tcpdump
cp "$build/bin/client_packet" "$work/bin/" || exit 2
chmod 755 "$work/bin/client_packet"

cat >world.scn <<'END'
dp br0; port br0 p1; port br0 p2
flow br0 in_port(br0),eth(),eth_type(0x1234) push_vlan(vid=5,pcp=3),p1
flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4() push_vlan(vid=5,pcp=3),p2
END

# ---- a plain program -------------------------------------------------------------------------

expect "a program with AF_PACKET sockets" simulator run --scenario world.scn -- client_packet br0 p1 <<'END'
names, options, refusals
frames, their addresses and tags
a filter, statistics
children
a mapped ring of version 1
a mapped ring of version 2
END

# ---- tcpdump ---------------------------------------------------------------------------------

udp=0200000000020200000000010800450000210000000040116 # 10.0.0.1:1000 > 10.0.0.2:2000, "hello"
udp=${udp}6ca0a0000010a00000203e807d0000da04768656c6c6f
serve
export DPSIM_SOCKET="$work/tmp/socket"
dpsim do <world.scn || die "the scenario does not run"

listen front tcpdump -n -e -i p1 -c 2
listen back tcpdump -n -e -i p2 -c 2 vlan 5
listen none tcpdump -n -e -i p2 -c 1 arp or vlan 6
dpsim do "send p1 $udp; advance 1ms; send p1 $udp; send p2 ffffffffffff02000000000108060001080006040001"
# shellcheck disable=SC2086
wait $listeners
head='02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype'
expect "tcpdump sees frames in front of the rx hook" cat front.out <<END
00:00:00.000000 $head IPv4 (0x0800), length 47: 10.0.0.1.1000 > 10.0.0.2.2000: UDP, length 5
00:00:00.001000 $head IPv4 (0x0800), length 47: 10.0.0.1.1000 > 10.0.0.2.2000: UDP, length 5
END
tag='802.1Q (0x8100), length 51: vlan 5, p 3, ethertype IPv4 (0x0800),'
expect "tcpdump sees what leaves, with its tag, through a filter" cat back.out <<END
00:00:00.000000 $head $tag 10.0.0.1.1000 > 10.0.0.2.2000: UDP, length 5
00:00:00.001000 $head $tag 10.0.0.1.1000 > 10.0.0.2.2000: UDP, length 5
END
grep -q 'ethertype ARP' none.out || die "the third tcpdump: $(cat none.out)"
step "tcpdump skips what its filter refuses"

# ---- waiting ----------------------------------------------------------------------------------

mkfifo waited
dpsim do wait expect p2 packets=4 >waited 2>&1 &
dpsim do "send p1 $udp" && dpsim do "send p1 $udp" && dpsim do expect p2 packets=4 || die "four packets"
[ -z "$(cat waited)" ] || die "wait: it says something"
step "wait ends when it has come true"
dpsim do wait port br0 p3 && dpsim do wait 1ms expect p3 packets=0 || die "wait, with nothing to wait for"
refused 1 'p2 has packets=4, not 9' dpsim do wait 10ms expect p2 packets=9
refused 1 'is no command' dpsim do wait 10ms nonsense

# ---- CPUs, daemons, the summary ---------------------------------------------------------------

cat >cpus <<'END'
nproc; nproc --all; getconf _NPROCESSORS_CONF
cat /sys/devices/system/cpu/online /sys/devices/system/cpu/possible /sys/devices/system/cpu/present
END
for n in 1 2 8; do
    last=0
    [ $n -gt 1 ] && last=0-$((n - 1))
    expect "$n CPUs" simulator run --cpus $n -- sh cpus <<END
$n
$n
$n
$last
$last
$last
END
done
expect "without --cpus those of the machine" simulator run -- cat /sys/devices/system/cpu/online </sys/devices/system/cpu/online
refused 2 'bad value: 0' simulator run --cpus 0 true
refused 2 'bad value: 1025' simulator run --cpus 1025 true

mkfifo -m 666 go
expect "--keep waits for what the program left behind" simulator run --keep sh -c '(read -r x <go; echo "$x") & (echo late >go) &' <<END
late
END
simulator run --scenario world.scn --summary dpsim do "send p1 $udp; send p2 $udp" 2>err || die "--summary: $(cat err)"
grep -q '^packets: 2 in or copied = 1 output + 0 upcalls .* 1 dropped (upcall lost)$' err || die "--summary: $(cat err)"
step "--summary: $(tail -n 1 err)"
