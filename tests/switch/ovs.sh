# shellcheck shell=sh disable=SC2119,SC2120
# ovs.sh - starts Debian's ovsdb-server and ovs-vswitchd, and says in fewer words what sessions say often.

switch_of() {           # FOLDER: commands are for the switch that has been started there
    OVS_RUNDIR="$PWD/$1" OVS_LOGDIR="$PWD/$1" OVS_DBDIR="$PWD/$1" OVS_SYSCONFDIR="$PWD/$1"
    export OVS_RUNDIR OVS_LOGDIR OVS_DBDIR OVS_SYSCONFDIR
}

vsctl() {
    ovs-vsctl --db=unix:db.sock --timeout=60 "$@"
}

ofctl() {
    ovs-ofctl -O OpenFlow15 "$@"
}

vswitchd_start() {      # OPTIONS...
    on ovs-vswitchd --detach --no-chdir --pidfile --log-file -vconsole:off "$@" unix:db.sock 2>/dev/null
}

# The switch's log is written behind its back (aio), and what is not when it exits is lost: returns when the file
# has all that has been said, up to a command that nobody knows.
logged() {              # FILE
    mark="mark.$(($(grep -c 'received request mark\.' "$1" || :) + 1))"
    ovs-appctl vlog/disable-rate-limit unixctl
    ovs-appctl vlog/set unixctl:file:dbg
    ovs-appctl "$mark" 2>/dev/null || :
    ovs-appctl vlog/set unixctl:file:info
    tail -n +1 -f "$1" | sed "/received request $mark/q" >/dev/null
}

complaints() {
    logged "$OVS_RUNDIR/ovs-vswitchd.log"
    complained
}

complained() {          # when the switch has ended
    sed -f complaints.sed "$OVS_RUNDIR/ovs-vswitchd.log"
}

# The main loop has begun anew three times: each command is answered at the end of one.
loops() {
    for _ in 1 2 3; do ovs-appctl version >/dev/null; done
}

# What the switch has been told, or has learned from a packet, is in its flows, and what those have counted in
# OpenFlow's: the main loop has seen it, and a revalidator's round has begun and ended since. The first that
# ends may have begun before.
settle() {
    loops
    ovs-appctl revalidator/wait
    ovs-appctl revalidator/wait
}

# Takes the datapath's flows away at once, and tells OpenFlow's what they have counted.
purge() {
    ovs-appctl revalidator/purge
}

fresh() {               # the next packet meets no datapath flow of what was configured before
    loops
    purge
}

came() {                # DEVICE=N...: so many packets more have left by each device
    for more; do
        device=${more%=*}
        eval "n_$device=\$((\${n_$device:-0} + ${more#*=}))"
        eval "await $device=\$n_$device"
    done
}

switch_start() {        # FOLDER [OPTIONS-OF-VSWITCHD...]
    mkdir "$1"
    switch_of "$1"
    ovsdb-tool create "$1/conf.db" /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server --detach --no-chdir --pidfile --log-file -vconsole:off --remote=punix:db.sock "$1/conf.db" 2>/dev/null
    shift
    vsctl --no-wait init
    # Flows stay, also under valgrind (WRAP): idle ones are deleted, and what a slow round has no time for.
    vsctl --no-wait set open . other_config:max-idle=3600000 ${WRAP:+other_config:max-revalidator=4000}
    vswitchd_start "$@"
}

port() {                # BRIDGE NAME NUMBER [OPTIONS...]
    bridge=$1 name=$2 number=$3
    shift 3
    vsctl add-port "$bridge" "$name" -- set interface "$name" "ofport_request=$number" "$@"
}

switch_with_pair() {    # FOLDER [OPTIONS-OF-VSWITCHD...]: a bridge that does nothing by itself, with the ports p1 and p2
    switch_start "$@"
    devices p1 p2
    vsctl add-br br0 -- set bridge br0 datapath_type=system fail_mode=secure
    port br0 p1 1
    port br0 p2 2
}

# OpenFlow's flows with their counters.
ofctl_flows() {
    ofctl dump-flows "$1" | sed -n 's/ cookie=0x0, duration=[^,]*,//; s/ reset_counts//; s/ idle_age=[^,]*,//; s/^ *table/table/p' | sort
}

# The datapath's, sorted: asked by ovs-vswitchd or, with "ovs-dpctl", in the kernel.
dp_flows() {
    dp_flows_of ovs-appctl
}

dp_flows_of() {         # PROGRAM
    case $1 in
    ovs-appctl) set -- ovs-appctl dpctl/dump-flows --names ;;
    ovs-dpctl) set -- ovs-dpctl dump-flows --names ;;
    esac
    "$@" | sed 's/used:[0-9.]*s/used:now/' | sort
}

switch_end() {
    ovs-appctl exit --cleanup
    ovs-appctl -t ovsdb-server exit
}
