#!/bin/sh
# time_vswitchd.sh BUILD [RUNS] - a whole session of Debian's ovs-vswitchd under virtual time: each run says the same and
# asks the datapath the same, message by message; and hours pass at once.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
# shellcheck source=tests/switch/stage.sh
. "$here/switch/stage.sh"
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch
needs python3 python3
runs=${2:-3}

play() {        # FOLDER SESSION: leaves what it said, its messages and its daemons' logs there
    mkdir "$1" && chmod 1777 "$1" && cd "$1" || exit 2
    stage "$here/.." dpsim || die "the session's files cannot be copied"
    simulator run --time virtual --record messages.pcapng -- sh "$2.sh" >said 2>err || die "$2: $?: $(cat err said)"
    cat run/*.log >logs
    cd ..
}

same() {        # SESSION: in folders whose names are equally long
    play "$1_1" "$1"
    [ -s "$1_1/messages.pcapng" ] && [ -s "$1_1/logs" ] || die "$1: nothing is recorded"
    for run in $(seq 2 "$runs"); do
        play "$1_$run" "$1"
        for file in said messages.pcapng; do
            cmp "$1_1/$file" "$1_$run/$file" || die "$1, run $run: other $file"
        done
        sed "s/$1_$run/$1_1/" "$1_$run/logs" | cmp - "$1_1/logs" || die "$1, run $run: other logs"
    done
    step "$1: the same answers, messages, packets and logs, $runs times"
}

same forward
same conntrack

cat >idle.sh <<'SESSION'
set -e
. ./world.sh
. ./ovs.sh
switch_start run
devices p1 p2
vsctl remove open . other_config max-idle
vsctl add-br br0 -- set bridge br0 datapath_type=system -- add-port br0 p1 -- add-port br0 p2
ofctl add-flow br0 idle_timeout=3600,actions=NORMAL
ofctl add-flow br0 in_port=p1,idle_timeout=3600,actions=p2
dpsim do inject p1 a_to_b.pcap
dpsim do wait expect p2 packets=1
dp_flows | wc -l
dpsim do advance 3599s
dp_flows | wc -l
ofctl dump-flows br0 | grep -c in_port
dpsim do advance 10s
ofctl dump-flows br0 | grep -c in_port || true
switch_end
SESSION
mkdir idle && chmod 1777 idle && cd idle && stage "$here/.." dpsim && cp ../idle.sh . || exit 2
expect "an hour of idleness ends a flow" simulator run --time virtual -- sh idle.sh <<'SAID'
1
0
1
0
SAID
