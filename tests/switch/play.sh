# shellcheck shell=sh disable=SC2119,SC2120
# play.sh - plays a conversation: each frame when what became of the one before is known, so that all runs are alike.

: >exact

# Feeds frames of a file, the next with each line of the standard input:
#   DEVICE DEVICE=N... TEXT     so many leave by each device
#   DEVICE flows=N TEXT         none; the datapath has learned N flows
#   DEVICE none TEXT            none; there is nothing to learn
#   pause SECONDS TEXT          no frame: time passes
play() {                # FILE.pcap
    n_played=0
    while read -r from outcome _; do
        if [ "$from" = pause ]; then
            pause "$outcome" </dev/null
            continue
        fi
        n_played=$((n_played + 1))
        before=0
        case $outcome in flows=*) before=$(count_flows) ;; esac
        feed_one "$from" "$1" "$n_played" </dev/null
        case $outcome in
        none) ;;
        flows=*) await_flows $((before + ${outcome#flows=})) </dev/null ;;
        *) came "$outcome" </dev/null ;;
        esac
    done
}

count_flows() {
    ovs-appctl dpctl/show ovs-system </dev/null | sed -n 's/^  flows: //p'
}

# Connections with all that they keep but ids and time left, sorted.
connections() {
    ovs-appctl dpctl/dump-conntrack -m "$@" | sed 's/),id=[0-9]*/)/' | sort
}

# Numbers of recirculations are no part of what is compared.
later() {
    sed 's/recirc_id(0x[0-9a-f]*)/recirc_id(later)/; s/recirc(0x[0-9a-f]*)/recirc(later)/' | sort
}

tables() {              # how often each flow was used: the datapath's, OpenFlow's; and what is connected
    dp_flows | later
    purge
    ofctl_flows br0
    connections
}

# A session ends with what the switch has complained of.
curtain() {
    echo "== complaints"
    complaints
    world_end
    switch_end
}
