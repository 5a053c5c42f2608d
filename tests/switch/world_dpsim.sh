# shellcheck shell=sh disable=SC1010
# world_dpsim.sh - what a session of a switch needs of the world around it: here, dpsim's.

where=''
at() {                  # near|far: what follows is about the first host, or another one
    case $1 in
    near) dpsim do netns 0 && where='' ;;
    far) dpsim do netns 1 && where='dpsim exec --netns 1 --' ;;
    esac
}

on() {                  # COMMAND...: a program runs there
    # shellcheck disable=SC2086
    $where "$@"
}

wire() {                # NEAR FAR: a wire between the hosts
    dpsim do netns 0
    dpsim do veth "$1" "$2" netns=1
}

pause() {               # SECONDS: time passes
    dpsim do advance "$1s"
}

devices() {             # NAME...: devices that packets can be fed to and that record what leaves by them
    for device; do
        dpsim do device "$device"
        dpsim do up "$device"
    done
}

cable() {               # NAME up|down: the device's cable is plugged or not
    dpsim do "$2" "$1"
}

chapter() {             # TITLE DEVICE...: from now on, what leaves by the devices goes to TITLE.DEVICE.pcap
    title=$1
    shift
    for device; do dpsim do record "$device" "$title.$device.pcap"; done
}

feed() {                # DEVICE FILE.pcap
    dpsim do inject "$1" "$2"
    dpsim do run
}

feed_one() {            # DEVICE FILE.pcap N: the file's frame N, a while after what was before
    dpsim do advance 10ms
    dpsim do inject "$1" "$2" first="$3" count=1
    dpsim do run
}

await() {               # DEVICE=N...: until so many packets have left by each, since it was made
    for want; do dpsim do wait expect "${want%=*}" "packets=${want#*=}"; done
}

await_flows() {         # N: until the datapath has so many flows
    dpsim do wait expect-stats ovs-system "flows=$1"
}

world_end() {
    :
}
