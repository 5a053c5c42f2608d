# shellcheck shell=sh
# stage.sh - what the two ways to run a session share: its folder, and the frames it leaves there.

stage() {               # SOURCE WORLD: puts into the current folder what a session needs
    cp "$1"/tests/listening.sh "$1"/tests/switch/*.sh "$1"/tests/switch/*.sed "$1"/tests/switch/*.py "$1"/fixtures/make_*.py \
        "$1"/fixtures/switch/*.pcap "$1"/fixtures/pipeline/*.pcap . &&
        cp "$1/tests/switch/world_$2.sh" world.sh
}

frames() {              # prints the recordings, without their times; what a session calls exact is compared to the byte
    for recording in *.[pq][0-9].pcap; do
        [ -e "$recording" ] || continue
        echo "-- $recording$([ ! -e exact ] || python3 digest.py "$recording" | sed 's/^/: /')"
        dpsim show "$recording" | sed 's/^ *[0-9]* [0-9.]* //' | in_order "$recording" | awk '{ print NR " " $0 }'
    done
}

in_order() {            # RECORDING: as they came; or sorted, where nothing says in which order they come
    case $1 in
    *_any_order.*) sort ;;
    *) cat ;;
    esac
}
