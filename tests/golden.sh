#!/bin/sh
# golden.sh BUILD - dpsim test and dpsim explain: what they say when all is well, and of every way to fail.
. "$(dirname "$0")/tools.sh"

fixtures="$here/../fixtures"
cp -r "$fixtures/hit" "$fixtures/miss" "$fixtures/flows_added" "$work/tmp/"
[ -z "$user" ] || chown -R 65534 "$work/tmp"

tests() {               # ARGUMENTS...: dpsim test at the level of time that needs no luck here
    simulator test --time real "$@"
}

fails() {               # TEXT COMMAND...: it exits with 1 and prints what comes on the standard input
    text=$1
    shift
    cat >want
    "$@" >got 2>err
    [ $? -eq 1 ] || die "$text: exit status $? instead of 1: $(cat got err)"
    diff -u want got || die "$text: other output, see above"
    step "$text"
}

fails_with() {          # PATTERN COMMAND...: it exits with 1 and prints a line that matches
    pattern=$1
    shift
    "$@" >got 2>err && die "$* passes: $(cat got)"
    grep -Eq -- "$pattern" got || die "$*: does not print \"$pattern\" but: $(cat got err)"
    step "$(grep -E -m 1 -- "$pattern" got)"
}

scenario() {            # NAME: a test of what comes on the standard input
    mkdir -m 777 "$1"
    cat >"$1/$1.scn"
}

# ---- all is well ------------------------------------------------------------------------------

expect "tests pass, several at a time, and are told in the order of their names" tests -j 3 . <<'END'
ok flows_added
ok hit
ok miss
3 passed, 0 failed
END
expect "a pattern chooses" tests --only 'h*' . <<'END'
ok hit
1 passed, 0 failed
END
expect "TAP" tests --tap hit miss <<'END'
TAP version 13
1..2
ok 1 - hit
ok 2 - miss
END
tests --digest hit >first || die "--digest fails"
for _ in 1 2 3; do
    tests --digest --runs 1 hit | diff first - || die "digests differ"
done
grep -Eq '^ok hit sha256=[0-9a-f]{64}$' first || die "no digest: $(cat first)"
step "digests are alike"
tests --keep kept hit >/dev/null || die "--keep fails"
ls kept kept/hit >got
printf '%s\n' kept: hit '' kept/hit: p2.pcap p3.pcap trace.txt | diff - got || die "--keep keeps something else"
diff -r kept/hit hit/expected || die "what is kept is not what is expected"
step "what is recorded can be kept"
refused 2 'none of the 3 tests here matches nope' tests --only nope .
refused 2 'nothing: no test here: neither it nor its folders hold' tests nothing
if [ -n "$user" ] || [ "$(id -u)" -ne 0 ]; then       # root may read all
    mkdir -p locked/inner && chmod 0 locked/inner || die "locked"
    refused 2 'locked/inner: may not be read: Permission denied' tests locked
    refused 2 'locked/inner: may not be read: Permission denied' tests locked/inner
    rmdir locked/inner
fi
refused 2 'no folder given' tests
refused 2 'bad value: 0' tests -j 0 hit
refused 2 'kept/hit: is not empty' tests --keep kept hit

# ---- something differs --------------------------------------------------------------------------

python3 - <<'END'
path = "hit/expected/p2.pcap"
data = bytearray(open(path, "rb").read())
data[24 + 16 + 29] ^= 1                 # the last byte of the first packet's source address
open(path, "wb").write(data)
END
fails "a packet that differs is explained" tests hit <<'END'
FAILED hit: 1 of its files differs
  p2.pcap differs
    packet 1, the first that differs
                   expected            got
      time         0.000000000         0.000000000
      length       60                  60
      eth.src      0a:00:00:00:00:01   0a:00:00:00:00:01
      eth.dst      0a:00:00:00:00:02   0a:00:00:00:00:02
      eth_type     0x0800              0x0800
      ipv4.src     10.0.0.0          | 10.0.0.1
      ipv4.dst     10.0.0.2            10.0.0.2
      ipv4.proto   17                  17
      ipv4.tos     0                   0
      ipv4.ttl     64                  64
      ipv4.frag    no                  no
      udp.src      1000                1000
      udp.dst      2000                2000
      byte 29      00                | 01
    1 place differs; expected: 3 packets, got: 3 packets
  how it came to be packet 1 of p2.pcap:
    packet 1 at 0.000000000
      received  br0 port 1 (p1) len 60, as p1:1
      key       recirc_id(0),dp_hash(0),skb_priority(0),in_port(1),skb_mark(0),ct_state(0),ct_zone(0),ct_mark(0),ct_label(0),eth(src=0a:00:00:00:00:01,dst=0a:00:00:00:00:02),eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=no),udp(src=1000,dst=2000)
      hit       1 mask tried
      flow      in_port(1),eth(),eth_type(0x0800),ipv4(proto=17,frag=no)
      mask      in_port, eth, eth_type, ipv4.proto, ipv4.frag
      actions   2
      action    2
      output    port 2 (p2) len 60
      recorded  as p2.pcap:1
  more: dpsim explain --time real hit
  again: dpsim test --time real hit
0 passed, 1 failed
END
sed -i '/udp()/s/p2$/drop/' hit/scenario.scn   # of the flow for UDP
sed -i '/^expect/d' hit/scenario.scn
tests hit >got && die "a lost packet passes"
grep -q 'packet 1, the first that differs, is only in: expected' got || die "the lost packet is not named: $(cat got)"
sed -n '/what has become/,/^  more/p' got >ways
grep -q 'flow      in_port(1),eth(),eth_type(0x0800),ipv4(proto=17,frag=no)$' ways || die "not explained: $(cat got)"
grep -q 'dropped   the list of actions ended without' ways || die "the drop is not explained: $(cat got)"
step "of a packet that is missing, the ways of its time are told"
cp "$fixtures/hit/scenario.scn" hit/

tests --junit junit.xml --tap hit miss >got && die "a failure passes with --tap"
grep -q '^not ok 1 - hit$' got && grep -q '^# 1 of its files differs$' got || die "TAP: $(cat got)"
python3 - <<'END' || die "JUnit: $(cat junit.xml)"
import xml.etree.ElementTree as xml
suite = xml.parse("junit.xml").getroot()
assert suite.attrib["tests"] == "2" and suite.attrib["failures"] == "1", suite.attrib
hit, miss = suite.findall("testcase")
assert (hit.attrib["name"], miss.attrib["name"]) == ("hit", "miss")
assert hit.find("failure").attrib["message"] == "1 of its files differs"
assert "ipv4.src     10.0.0.0          | 10.0.0.1" in hit.find("failure").text
assert miss.find("failure") is None
END
step "TAP and JUnit tell of failures"

expect "an update makes it right" tests --update hit <<'END'
ok hit
  p2.pcap is updated
1 passed, 0 failed
END
diff -r hit/expected "$fixtures/hit/expected" || die "the update is wrong"

# ---- programs -----------------------------------------------------------------------------------

scenario programs <<'END'
dp br0; port br0 p1; port br0 p2
start sh -c 'echo "begins in $PWD"; exec cat waits'
exec ovs-dpctl add-flow br0 "in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)" 2
exec >flows.txt ovs-dpctl dump-flows br0
exec sh -c 'echo "not; a # comment" >&2; exit 3' !3
exec false !1
exec cat $DPSIM_TEST_DIR/words
trace off
END
mkfifo programs/waits
echo "beside the scenario" >programs/words
sed -i 's|cat waits|cat "$DPSIM_TEST_DIR/waits"|' programs/programs.scn
tests --update programs >got || die "programs: $(cat got)"
expect "programs run in the output folder, see the simulator, and print into the trace" cat programs/expected/sh.out programs/expected/flows.txt <<'END'
begins in $DPSIM_TEST_OUT
in_port(1),eth(),eth_type(0x0800),ipv4(frag=no), packets:0, bytes:0, used:never, actions:2
END
sed '/refused/d; 1,4d' programs/expected/trace.txt >got
diff -u - got <<'END' || die "the trace of programs, see above"
0.000000000 > exec ovs-dpctl add-flow br0 "in_port(1),eth(),eth_type(0x0800),ipv4(frag=no)" 2
0.000000000 > exec >flows.txt ovs-dpctl dump-flows br0
0.000000000 > exec sh -c 'echo "not; a # comment" >&2; exit 3' !3
not; a # comment
0.000000000 > exec false !1
0.000000000 > exec cat $DPSIM_TEST_DIR/words
beside the scenario
0.000000000 > trace off
END
step "... with their exit statuses"
tests programs >got || die "programs differ from what they were: $(cat got)"
step "... and do it again"

scenario exits <<'END'
exec sh -c 'echo some words; exit 7'
END
fails "an exit status that is not expected" tests exits <<'END'
FAILED exits: exits/exits.scn:1: exec: sh ended with exit status 7
  trace.txt ends with:
  | 0.000000000 > exec sh -c 'echo some words; exit 7'
  | some words
  again: dpsim test --time real exits
0 passed, 1 failed
END
scenario missing <<'END'
exec no-such-program
END
fails_with 'FAILED missing: missing/missing.scn:1: exec: cannot start no-such-program: ' tests missing
scenario dies <<'END'
start sh -c 'echo last words; exit 3'
END
fails_with '^FAILED dies: sh ended before the scenario, with exit status 3$' simulator test dies
grep -q '^  | last words$' got || die "last words are not told: $(cat got)"
scenario differs <<'END'
exec >pid sh -c 'echo $$'
END
fails_with '^FAILED differs: two runs differ: pid$' tests differs
scenario crashes <<'END'
dp br0
exec sh -c 'kill -KILL $PPID'
END
fails_with "^FAILED crashes: ended by signal 9 \\(Killed\\), at crashes/crashes.scn:2: exec sh -c 'kill -KILL .PPID'$" tests crashes
scenario hangs <<'END'
dp br0
exec sh -c 'cat $DPSIM_TEST_DIR/waits'
END
mkfifo hangs/waits
fails_with '^FAILED hangs: not ended after 1 s, at hangs/hangs.scn:2: exec .*; (sh|cat) in ' tests --timeout 1 hangs
scenario leaves <<'END'
exec sh -c 'setsid cat $DPSIM_TEST_DIR/waits &'
END
mkfifo leaves/waits
tests --update leaves >got || die "a program that stays behind: $(cat got)"
step "programs that stay behind are ended"
fails "failures do not keep others from passing" tests --only '[cem]*s' . <<'END'
FAILED crashes: ended by signal 9 (Killed), at ./crashes/crashes.scn:2: exec sh -c 'kill -KILL $PPID'
  again: dpsim test --time real ./crashes
FAILED exits: ./exits/exits.scn:1: exec: sh ended with exit status 7
  trace.txt ends with:
  | 0.000000000 > exec sh -c 'echo some words; exit 7'
  | some words
  again: dpsim test --time real ./exits
ok miss
1 passed, 2 failed
END

# ---- explain ------------------------------------------------------------------------------------

expect "one packet is explained" simulator explain hit p1:4 <<'END'
packet 4 at 0.003000000
  received  br0 port 1 (p1) len 60, as p1:4
  key       recirc_id(0),dp_hash(0),skb_priority(0),in_port(1),skb_mark(0),ct_state(0),ct_zone(0),ct_mark(0),ct_label(0),eth(src=0a:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=0a:00:00:00:00:01,tha=00:00:00:00:00:00)
  hit       3 masks tried
  flow      in_port(1),eth(),eth_type(0x0806)
  mask      in_port, eth, eth_type
  actions   drop
  dropped   the list of actions ended without an output or upcall (OVS_DROP_LAST_ACTION)
END
n=$(simulator explain miss/scenario.scn | grep -c '^packet ')
[ "$n" -eq 6 ] || die "$n packets are explained instead of 6"
step "a scenario file is explained, each of its packets"
refused 1 'the datapath has met no such packet' simulator explain hit p1:99
refused 1 'exits/exits.scn:1: exec: sh ended with exit status 7' simulator explain exits
simulator explain hit p1: 2>err && die "p1: is no packet"
grep -q 'p1:: not a packet as 3, p1:3 or p2.pcap:3' err || die "explain: $(cat err)"
step "what is no packet is refused"
