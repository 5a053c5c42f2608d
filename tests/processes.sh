#!/bin/sh
# processes.sh BUILD - daemons, orphans and killed clients: all belong to one simulator, which outlives none and is left by none.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs ovsdb-server openvswitch-switch
needs ovs-vswitchd openvswitch-switch
needs ovs-dpctl openvswitch-switch
cp "$here/switch/ended.py" "$work/tmp/" || exit 2
cp "$build/bin/client_mnl" "$work/bin/" || exit 2
chmod 755 "$work/bin/client_mnl"

gone() {        # FILE...: the processes whose ids are in there have ended
    for file in "$@"; do
        [ -s "$file" ] || die "$file: no process id"
        kill -0 "$(cat "$file")" 2>/dev/null && die "$file: the process is still there"
    done
}

# ---- what becomes of the program's children ----------------------------------------------------------

mkfifo -m 666 go orphan never polite_started stubborn_started
cat >family <<'END'
sh -c 'sh -c "echo \$\$ >orphan; read -r x <go" &'
read -r orphan <orphan
read -r _ _ _ parent _ <"/proc/$orphan/stat"
[ "$parent" -eq "$PPID" ] && echo "dpsim adopts an orphan"
echo >go
/usr/bin/python3 ended.py "$orphan"
# The second answer comes from a later turn of dpsim's loop than the one in which the end was known.
dpsim do help >/dev/null; dpsim do help >/dev/null
[ ! -d "/proc/$orphan" ] && echo "and reaps it at once"
ovs-dpctl add-dp here
setsid sh -c 'cd / && ovs-dpctl dump-dps'
dpsim exec -- ovs-dpctl dump-dps
END
expect "children" simulator run -- sh family <<'END'
dpsim adopts an orphan
and reaps it at once
system@here
system@here
END

cat >leavings <<'END'
export OVS_RUNDIR="$PWD" OVS_LOGDIR="$PWD"
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile="$PWD/daemon.pid" -vconsole:off --remote=punix:db.sock conf.db
tr '\0' '\n' <"/proc/$(cat daemon.pid)/environ" | grep -q "^DPSIM_SOCKET=$DPSIM_SOCKET$" && echo "a daemon, found by its file"
cp daemon.pid daemon
for name in polite stubborn; do
    setsid sh -c '[ '$name' = polite ] || trap "" TERM HUP; echo $$ >'$name'; echo >'$name'_started; read -r x <never' &
    read -r _ <${name}_started
done
END
mkdir -m 1777 runtime
XDG_RUNTIME_DIR=$work/tmp/runtime expect "leavings" simulator run -- sh leavings <<'END'
a daemon, found by its file
END
gone daemon polite stubborn
[ ! -e daemon.pid ] || die "the daemon was not asked to end, but killed"
[ -z "$(ls runtime)" ] || die "files are left: $(ls runtime)"
step "nothing is left running, and no file"

ends_with() {   # STATUS COMMAND...: dpsim run says how the program ended
    status=$1
    shift
    simulator run -- "$@"
    is=$?
    [ $is -eq "$status" ] || die "$*: exit status $is, not $status"
    step "$*: $status"
}
# shellcheck disable=SC2016
ends_with 137 sh -c 'kill -9 $$'
ends_with 7 sh -c 'exit 7'
mkfifo -m 666 ready
# shellcheck disable=SC2086
$user ${WRAP:-} "$work/bin/dpsim" run -- sh -c 'trap "exit 5" TERM; read -r x <never & echo >ready; wait' &
run=$!
read -r _ <ready
kill -TERM $run
wait $run
is=$?
[ $is -eq 5 ] || die "SIGTERM: exit status $is"
step "SIGTERM is the program's"

# ---- a client dies -----------------------------------------------------------------------------------

serve
export DPSIM_SOCKET="$work/tmp/socket"

listen client client_mnl stay
kill -9 "${line##* }"
wait "$listeners"
frame=02000000000202000000000188b500112233
dpsim do up mnl1
dpsim do send mnl1 $frame || die "send"
dpsim do expect-stats mnl0 missed=1 lost=1 flows=0 || die "a miss without a listener"
expect "what a killed client has made stays; its sockets are gone" dpsim exec -- ovs-dpctl show <<'END'
system@mnl0:
  lookups: hit:0 missed:1 lost:1
  flows: 0
  masks: hit:0 total:0 hit/pkt:0.00
  caches:
    masks-cache: size:256
  port 0: mnl0 (internal)
  port 1: mnl1 (internal)
  port 2: mnl2 (internal)
END
dpsim exec -- ovs-dpctl del-dp mnl0 && dpsim exec -- client_mnl >got || die "the next client: $(cat got)"
step "and the next client finds a simulator as it should be"

cat >switch <<'END'
set -eu
mkdir run && cd run
trap 'kill $(cat *.pid 2>/dev/null) 2>/dev/null' EXIT       # --keep waits for the last of them
export OVS_RUNDIR="$PWD" OVS_LOGDIR="$PWD" OVS_DBDIR="$PWD" OVS_SYSCONFDIR="$PWD"
vsctl() { ovs-vsctl --db=unix:db.sock --timeout=60 "$@"; }
ovs() { ovs-vswitchd --detach --no-chdir --pidfile --log-file -vconsole:off unix:db.sock 2>/dev/null; }
stats() { dpsim do wait expect-stats ovs-system "$@" && echo "$@"; }
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile --remote=punix:db.sock conf.db
vsctl --no-wait init
ovs
dpsim do device p1; dpsim do up p1
vsctl add-br br0 -- add-port br0 p1 -- add-port br0 in0 -- set interface in0 type=internal
dpsim do up in0
dpsim do send p1 $1
stats missed=1 lost=0 flows=1           # its flow
ovs-dpctl del-flows ovs-system
kill -9 "$(cat ovs-vswitchd.pid)"
/usr/bin/python3 ../ended.py "$(cat ovs-vswitchd.pid)"
dpsim do send p1 $1
stats missed=2 lost=1 flows=0
ovs                                     # finds the datapath, and takes it over
vsctl add-port br0 in1 -- set interface in1 type=internal     # returns when it has been done
dpsim do send p1 $1
stats missed=3 lost=1 flows=1
ovs-appctl exit --cleanup
ovs-appctl -t ovsdb-server exit
trap - EXIT
END
unset DPSIM_SOCKET
expect "ovs-vswitchd is killed, and comes back" simulator run --keep -- sh switch $frame <<'END'
missed=1 lost=0 flows=1
missed=2 lost=1 flows=0
missed=3 lost=1 flows=1
END
