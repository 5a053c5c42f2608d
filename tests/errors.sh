#!/bin/sh
# errors.sh BUILD - whatever is wrong is told in one sentence, and the exit status says so.
# shellcheck disable=SC1010
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"

# ---- the command line (exit status 2) ----------------------------------------------------------

refused 2 '^dpsim: no command given' simulator
refused 2 '^dpsim: nosuch is not a command' simulator nosuch
refused 2 'unknown option --nosuch' simulator run --nosuch
refused 2 'unknown option --nosuch' simulator serve --nosuch
refused 2 'no program given' simulator run
refused 2 'bad value: x' simulator run --seed x -- true
refused 2 'value is missing after --seed' simulator run --seed
refused 2 'bad value: flood' simulator run --upcall flood -- true
refused 2 'bad value: lifo' simulator run --upcall-order lifo -- true
refused 2 'bad value: 3ms..1ms' simulator serve --upcall-delay 3ms..1ms
refused 2 'bad value: 7' simulator run --upcall-loss 7 -- true
refused 2 'bad value: hash!' simulator run --rx-cpu 'hash!' -- true
refused 2 'bad value: vport' simulator run --without vport -- true
refused 2 'bad value: far' simulator exec --netns far -- true
refused 2 '^dpsim serve: --socket' simulator serve
refused 2 'DPSIM_SOCKET' simulator exec -- true
# Without WRAP: under valgrind posix_spawn() does not tell what went wrong.
# shellcheck disable=SC2086
refused 127 'cannot start nosuchprogram' $user "$work/bin/dpsim" run -- nosuchprogram

# ---- programs that would not see the simulator ---------------------------------------------------

needs cc gcc
mkdir bin
echo 'int main(void) { return 3; }' >three.c
cc -static -o bin/static three.c && cc -o bin/dynamic three.c || die "cc"
head -c 20000 bin/dynamic >bin/other && printf '\001' | dd of=bin/other bs=1 seek=4 conv=notrunc 2>/dev/null     # ELFCLASS32
printf '#!/bin/sh\nexit 3\n' >bin/script
chmod 755 bin bin/*
PATH="$PATH:$work/tmp/bin"
refused 126 '^dpsim run: .*/bin/static is statically linked: ' simulator run -- static
refused 126 '^dpsim exec: .*/bin/static is statically linked: ' simulator exec --socket socket -- ./bin/static
refused 126 'bin/other is a program for another kind of machine' simulator run -- bin/other
for program in bin/dynamic bin/script '--allow-static static'; do
    # shellcheck disable=SC2086
    simulator run $program 2>err
    is=$?
    [ $is -eq 3 ] || die "$program: exit status $is: $(cat err)"
    step "dpsim run $program"
done

# ---- the socket --------------------------------------------------------------------------------

long=$(printf '%0200d' 1)
refused 1 'at most 107 characters' simulator serve --socket "/tmp/$long"
refused 1 'at most 107 characters' simulator run --socket "/tmp/$long" -- true
refused 1 'at most 107 characters' simulator exec --socket "/tmp/$long" -- true
refused 1 '/nosuch/socket: .*No such file' simulator serve --socket /nosuch/socket
refused 1 '/nosuch/socket: .*No such file' simulator run --socket /nosuch/socket -- true
refused 1 'no simulator answers at .*nobody' simulator exec --socket nobody -- true
refused 1 'no simulator answers at .*nobody' simulator do --socket nobody show
: >file && chmod 666 file
refused 1 'file exists and is not a socket' simulator serve --socket "$work/tmp/file"
serve
refused 1 'somebody is already serving' simulator serve --socket "$work/tmp/socket"
refused 1 '^dpsim do: nosuch is no command' simulator do --socket "$work/tmp/socket" nosuch
refused 1 '^dpsim do: .*ENODEV|^dpsim do: .*no such|^dpsim do: .*there is no' \
    simulator do --socket "$work/tmp/socket" port nosuch p1
kill "$server"
server=''

# ---- scenarios: FILE:LINE: sentence ------------------------------------------------------------

line() {        # STATUS-PATTERN LINE: the third line of a scenario is wrong
    printf 'dp br0\nport br0 p1\n%s\n' "$2" >bad.scn
    refused 1 "bad.scn:3: .*$1" simulator run --scenario bad.scn -- true
}

line 'nosuch is no command' 'nosuch br0'
line 'column 21: .*eth_typ' 'flow br0 in_port(1),eth_typ(0x0800) 1'
line 'column' 'flow br0 in_port(1),eth(),eth_type(0x0800 1'
line 'column' 'flow br0 in_port(1),eth() nosuch_action(1)'
line 'EINVAL' 'flow br0 in_port(1),eth(),eth_type(0x0500) 1'
line 'p9' 'flow br0 in_port(p9),eth() 1'
line 'EFBIG.*70000' 'port br0 p2 no=70000'
line 'there is no device p9' 'send p9 00'
line 'column 11' 'send p1 01zz'
line 'there is no .*br9' 'flow br9 in_port(1),eth() 1'
line 'EEXIST' 'dp br0'
line 'column' 'inject p1'
line 'ENOENT' 'dp br1 !ENOENT'
line 'packets' 'expect p1 packets=1'
line 'virtual time ends 584 years after its start' 'advance 18446744073s'
line 'virtual time ends 584 years after its start' '+18446744073s up p1'
refused 1 'nosuch.scn.*No such file' simulator run --scenario nosuch.scn -- true
refused 1 'bad.scn/x.scn' simulator run --scenario bad.scn/x.scn -- true

# ---- captures that are none --------------------------------------------------------------------

capture() {     # PATTERN NAME: injecting the file fails
    printf 'dp br0\nport br0 p1\ninject p1 %s\nrun\n' "$2" >bad.scn
    refused 1 "bad.scn:[34]: inject: $1" simulator run --scenario bad.scn -- true
}

cp "$here/../fixtures/hit/in.pcap" good.pcap
head -c 90 good.pcap >truncated.pcap
head -c 10 good.pcap >header.pcap
: >empty.pcap
echo 'this is a letter, not a capture' >foreign.pcap
capture './truncated.pcap: packet 1: ' truncated.pcap
capture './header.pcap: ' header.pcap
capture './empty.pcap: ' empty.pcap
capture './foreign.pcap: is not a pcap file' foreign.pcap
capture './nosuch.pcap: .*No such file' nosuch.pcap
mkfifo pipe.pcap
capture './pipe.pcap: cannot be read: it is no regular file' pipe.pcap
capture './bin: cannot be read: it is no regular file' bin

# ---- disks that are full -----------------------------------------------------------------------

# The first packet of the file, 2^15 times: more than the limit below allows.
head -c 24 good.pcap >big.pcap
tail -c +25 good.pcap | head -c 76 >packets
for _ in $(seq 15); do
    cat packets packets >twice && mv twice packets
done
cat packets >>big.pcap
rm packets

record() {      # FILE
    cat >full.scn <<END
dp br0; port br0 p1; port br0 p2
record p2 $1
flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4() p2
inject p1 big.pcap
run
END
}

limited() {     # COMMAND...: files of at most 1 MiB
    (ulimit -f "$one_mib" && "$@")
}
# The unit of ulimit -f is 512 bytes in some shells and 1024 in others.
one_mib=2048
sh -c "trap '' XFSZ; ulimit -f $one_mib; head -c 1500000 /dev/zero >probe" 2>/dev/null && one_mib=1024
rm -f probe

record /dev/full
refused 1 '/dev/full: .*No space left on device' simulator run --scenario full.scn -- true
record out.pcap
refused 1 'out.pcap: .*File too large' limited simulator run --scenario full.scn -- true
record /nosuch/out.pcap
refused 1 'full.scn:2: record: /nosuch/out.pcap: .*No such file' simulator run --scenario full.scn -- true

# ---- golden tests: what is wrong is told beside the test's name --------------------------------

mkdir empty test
refused 2 'empty: no test here' sh -c "$user ${WRAP:-} $work/bin/dpsim test empty 2>&1 >/dev/null | head -n 1 >&2; exit 2"
simulator test empty >got 2>err && die "dpsim test empty: succeeds"
simulator test nosuch >got 2>err && die "dpsim test nosuch: succeeds"
printf 'dp br0\nnosuch\n' >test/bad.scn
simulator test test >got 2>err && die "dpsim test: a wrong scenario passes"
grep -q 'FAILED test: test/bad.scn:2: nosuch is no command' got || die "dpsim test says: $(cat got err)"
step "$(head -n 1 got)"
cp big.pcap test && record out.pcap && mv full.scn test/bad.scn
limited simulator test --timeout 600 test >got 2>err && die "dpsim test: a full disk passes"
grep -q 'FAILED test: .*out.pcap: .*File too large' got || die "dpsim test says: $(cat got err)"
step "$(head -n 1 got)"
