# shellcheck shell=sh disable=SC2034,SC2086,SC2154,SC2164
# world_kernel.sh - the world of world_dpsim.sh on the real kernel, inside tools/kernel-run: devices are pairs,
# packets go in and are seen at the far ends hNAME.

# A /tmp that can be written, for ovsdb-server's temporary files; the session's folder stays in its place.
folder=$PWD
mkdir /run/session
mount --bind "$folder" /run/session
mount -t tmpfs none /tmp
mkdir -p "$folder"
mount --bind /run/session "$folder"
cd "$folder"

pause() {               # the kernel's time passes by itself
    timeout "$1" tail -f /dev/null || :
}

# Open vSwitch 3.1.0 sees no CPU in the first ten seconds of the monotonic clock, and loses all upcalls.
read -r uptime _ </proc/uptime
[ "${uptime%.*}" -ge 10 ] || pause $((10 - ${uptime%.*}))

. ./listening.sh

host=near where=''       # the host that is spoken of, and what goes before its programs
recordings_near='' recordings_far=''    # of each: DEVICE:FILE:PACKETS-BEFORE:PID
at() {
    host=$1
    case $1 in
    near) where='' ;;
    far) where='ip netns exec far' ;;
    esac
}

on() {
    $where "$@"
}

wire() {
    ip netns add far
    ip netns exec far ip link set lo up
    ip link add "$1" type veth peer name "$2" netns far
    ip link set "$1" up
    ip netns exec far ip link set "$2" up
}

devices() {
    for device; do
        on ip link add "$device" type veth peer name "h$device"
        on ip link set "$device" up
        on ip link set "h$device" up
    done
}

cable() {
    on ip link set "h$1" "$2"
}

seen() {                # DEVICE: packets that have arrived at its far end
    on cat "/sys/class/net/h$1/statistics/rx_packets"
}

chapter() {
    recordings_end
    title=$1
    shift
    for device; do
        file=$title.$device.pcap
        mkfifo said
        before=$(seen "$device")
        $where tcpdump -n -Z root -U --immediate-mode -Q in -i "h$device" -w "$file" 2>said &
        eval "recordings_$host=\"\$recordings_$host $device:$file:$before:$!\""
        says_listening said
        rm said
    done
}

feed() {
    on ./feed_device "h$1" "$2"
}

feed_one() {
    on ./feed_device "h$1" "$2" "$3"
}

await() {
    for want; do on ./await_device "h${want%=*}" "${want#*=}"; done
}

# Who adds or deletes them for time's sake has ended a round then.
await_flows() {
    until ovs-appctl dpctl/show | grep -q "^  flows: $1\$"; do ovs-appctl revalidator/wait; done
}

written() {             # FILE.pcap N: returns when the file that is written has so many packets
    [ "$2" -gt 0 ] || return 0
    mkfifo bytes packets
    tail -s 0.1 -c +1 -f "$1" >bytes 2>/dev/null &
    writer=$!
    tcpdump -n -l -r bytes >packets 2>/dev/null &
    reader=$!
    head -n "$2" <packets >/dev/null
    kill "$writer" "$reader"
    rm bytes packets
}

recordings_end() {      # tcpdump forgets what it has not written
    eval "recordings=\$recordings_$host recordings_$host=''"
    for recording in $recordings; do
        echo "$recording" | tr : ' ' >recording
        read -r device file before pid <recording
        written "$file" $(($(seen "$device") - before))
        kill "$pid"
        wait "$pid" || :
    done
}

world_end() {
    for host in near far; do
        at $host
        recordings_end
    done
}
