#!/bin/sh
# hostile.sh BUILD [real|lockstep|virtual] - clients that want to harm: each attack of hostile.c beside a client that works, whose answers are as
# without it, soon, and a simulator that is afterwards as it was before.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs ovs-dpctl openvswitch-switch
cp "$build/bin/client_mnl" "$build/bin/hostile" "$work/bin/" || exit 2
chmod 755 "$work"/bin/*
level=${2:-real}
SOON=60                 # seconds that a good client may take, under valgrind and on a busy machine
# Where all have one CPU, an attacker is never idle while others are: it has a new request with each turn of theirs.
cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
[ "$level" = virtual ] && { taskset -p -c "$cpu" $$ >/dev/null || exit 2; }

# Netlink of all kinds, files and commands; a frame that goes all the way; the K-th time.
cat >good <<'END'
set -eu
client_mnl
ovs-dpctl dump-flows br0 | sed 's/packets:.*actions/actions/'
ovs-dpctl dump-dps
ip -o link show p1
cat /sys/class/net/p1/address
dpsim do ping p1 10.0.0.2
dpsim do wait expect-host p1 pings=$1 replies=$1
END

world='dp br0; port br0 p1; port br0 p2; host p1 10.0.0.1; host p2 10.0.0.2
flow br0 in_port(p1),eth(),eth_type(0x0806),arp() p2; flow br0 in_port(p2),eth(),eth_type(0x0806),arp() p1
flow br0 in_port(p1),eth(),eth_type(0x0800),ipv4() p2; flow br0 in_port(p2),eth(),eth_type(0x0800),ipv4() p1'

harmed() {      # TEXT...: as die(), with what has become of the simulator
    case $(cut -d ' ' -f 3 "/proc/$server/stat" 2>/dev/null) in
    Z|'')
        wait "$server"
        die "$*; the simulator has ended with exit status $?: $(cat serve_err)"
        ;;
    esac
    die "$*"
}

n_good=0
good() {        # TEXT: the good client's answers are as ever
    n_good=$((n_good + 1))
    # shellcheck disable=SC2086
    timeout -k 5 $SOON $user dpsim exec -- sh good $n_good >answers 2>err || harmed "$1: the good client: exit status $?: $(cat err answers)"
    [ -s as_ever ] || cp answers as_ever
    cmp -s as_ever answers || harmed "$1: the good client sees: $(diff as_ever answers)"
}

# Everybody has gone, and nothing of theirs is left.
alone() {       # TEXT
    dpsim do wait 200s expect-clients sockets=0 connections=1 namespaces=0 queued-bytes=0 dumps=0 waits=1 >err || harmed "$1: $(cat err)"
    kill -0 "$server" || harmed "$1: the simulator has gone"
    [ "$(ls "/proc/$server/fd" | wc -l)" -le $((n_fds + 20)) ] || harmed "$1: descriptors are left: $(ls -l "/proc/$server/fd")"
}

mkfifo input output
attack() {      # TEXT ATTACK [N]: what it says besides comes on the standard input
    text=$1
    shift
    timeout 400 hostile "$DPSIM_SOCKET" "$@" <input >output 2>attack_err &
    attacker=$!
    exec 5>input 6<output
    : >said
    while read -r line <&6; do
        [ "$line" = 'under way' ] && break
        echo "$line" >>said
    done
    diff -u - said || die "$text: $(cat attack_err)"
    good "$text"
    exec 5>&-
    wait $attacker || die "$text: $(cat attack_err)"
    exec 6<&-
    alone "$text"
    step "$text"
}

n_options=0
begin() {       # OPTIONS...: another simulator, at another place
    n_options=$((n_options + 1))
    n_good=0
    rm -f served as_ever
    mkfifo served
    DPSIM_SOCKET="$work/tmp/socket$n_options"
    export DPSIM_SOCKET
    # shellcheck disable=SC2086
    $user ${WRAP:-} "$work/bin/dpsim" serve --time "$level" --socket "$DPSIM_SOCKET" "$@" >served 2>serve_err &
    server=$!
    exec 4<served
    read -r _ <&4 || die "dpsim serve does not begin: $(cat serve_err)"
    echo "$world" | while read -r line; do
        dpsim do "$line" || die "the world: $line"
    done
    good "before it"
    dpsim do wait expect-clients sockets=0 connections=1 || die "the good client stays"
    n_fds=$(ls "/proc/$server/fd" | wc -l)      # a few more or less: who asks may have gone or not
}

# The simulator ends as it should: no leak, by whoever looks for them; says what it has refused.
end() {
    kill "$server"
    wait "$server" || die "dpsim serve: exit status $?: $(cat serve_err)"
    server=''
    exec 4<&-
}

says() {        # PATTERN
    grep -Eq -- "$1" serve_err || die "dpsim serve does not say \"$1\" but: $(cat serve_err)"
    step "$(grep -E -m 1 -- "$1" serve_err)"
}

few=500         # descriptors are few in some places, and valgrind takes its time
attacks() {     # ATTACK...: those that end in nothing but silence
    for name in "$@"; do
        attack "$name" "$name" </dev/null
    done
}

begin
attacks garbage-hello garbage-requests garbage-netlink cut-messages descriptors write-page deaths half-closes never-reads

# Clocks of Open vSwitch's daemons and others, and who is waited for, are none of an attacker's business.
case $level in
lockstep)               # who is always busy is waited for, so that is no attack
    attacks joins-and-leaves
    end
    exit
    ;;
virtual)
    attacks never-listens
    for flood in flood-requests flood-ioctls flood-netlink; do
        attack "$flood" "$flood" 1 </dev/null   # connection: more of them cost the good client time, and show nothing else
    done
    attacks joins-and-leaves
    end
    exit
    ;;
esac

# ---- as it is by itself ----------------------------------------------------------------------------

ls -l "$DPSIM_SOCKET" | grep -q '^srw-------' || die "the socket is not private: $(ls -l "$DPSIM_SOCKET")"
step "the socket is private"
attacks never-listens flood-requests flood-ioctls flood-netlink
most=$(ulimit -Hn)
if [ "$most" = unlimited ] || [ "$most" -ge 20000 ]; then
    attack "10,000 sockets" sockets 10000 <<END
10000, then enough
END
fi
attack "10,000 connections" connections 10000 <<END
4096, then EMFILE
END
attack "namespaces" namespaces <<END
256, then ENOSPC
END
attack "dumps that are not read" dumps <<END
1024, then ENOBUFS
END
attack "commands that wait" waits <<END
64, then EAGAIN
END
attack "a giant buffer" giant-buffers <<END
0, then ENOBUFS
END
end
says 'refused [0-9]+ times with EMFILE by the limit connections=4096: '
says 'refused 1 times with ENOSPC by the limit namespaces=256: '
says 'refused 1 times with ENOBUFS by the limit dumps=1024: '
says 'refused 936 times with EAGAIN by the limit waits=64: '
says 'refused [0-9]+ times with ENOBUFS by the limit queued-bytes=67108864: '

# ---- with other limits -------------------------------------------------------------------------------

begin --limit sockets=100 --limit connections=50 --limit queued-bytes=1000000
attack "more sockets than are allowed" sockets $few <<END
100, then EMFILE
END
attack "more connections than are allowed" connections $few <<END
50, then EMFILE
END
attack "connections that say nothing" silent-connections $few <<END
82, then EMFILE
END
attack "a buffer that is allowed to be smaller" giant-buffers $few <<END
0, then ENOBUFS
END
end
says 'by the limit sockets=100: '

# Descriptors run short before anything else does: three quarters of what there is for one, the rest for others.
begin_short() {
    limit=$(ulimit -Sn)
    ulimit -n 264
    begin
    ulimit -Sn "$limit" 2>/dev/null
}
( begin_short
  timeout 100 hostile "$DPSIM_SOCKET" sockets $few </dev/null >got || die "few descriptors: $(cat got)"
  head -n 1 got | grep -Eq '^1[0-9]+, then ENFILE$' || die "few descriptors: $(cat got)"
  end
  says 'ENFILE by the limit descriptors=75' ) || exit 1
n_steps=$((n_steps + 1))

# ---- other users -------------------------------------------------------------------------------------

if [ -n "$user" ]; then
    begin
    setpriv --reuid=65533 --regid=65533 --clear-groups hostile "$DPSIM_SOCKET" measure 1 2>err && die "another user comes in"
    chmod 666 "$DPSIM_SOCKET"
    setpriv --reuid=65533 --regid=65533 --clear-groups hostile "$DPSIM_SOCKET" measure 1 2>err && die "another user comes in"
    alone "another user"
    end
    says '^1 connections of other users were refused with EACCES, the last of user 65533'
fi
