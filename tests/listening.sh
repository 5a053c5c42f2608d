# shellcheck shell=sh
# listening.sh - programs that tell of what happens: they listen before it happens, and end when they have told of it.
# "$listening" is the path of liblistening.so.

monitor() {     # FILE COMMAND...: starts the program ($monitor), its output to FILE; returns when it listens
    told=$1
    shift
    mkfifo listens
    LISTENING=$PWD/listens LD_PRELOAD="$listening${LD_PRELOAD:+:$LD_PRELOAD}" "$@" >"$told" &
    monitor=$!
    read -r _ <listens
    rm listens
}

monitors='' readers=''
monitor_until() {       # LAST FILE COMMAND...: the same; of the output, what comes up to a line with LAST
    last=$1 kept=$2
    shift 2
    mkfifo "$kept.pipe"
    sed "/$last/q" <"$kept.pipe" >"$kept" &
    readers="$readers $!"
    monitor "$kept.pipe" "$@"
    monitors="$monitors $monitor"
    rm "$kept.pipe"
}

monitored() {   # returns when the last line of each has come; the programs end
    # shellcheck disable=SC2086
    wait $readers
    # shellcheck disable=SC2086
    kill $monitors 2>/dev/null || :
    # shellcheck disable=SC2086
    wait $monitors 2>/dev/null || :
    monitors='' readers=''
}

says_listening() {      # FIFO: returns when who writes there has said ($line) that it listens; what else it says is read
    exec 3<"$1"
    while read -r line <&3; do
        case $line in
        *listening*)
            cat <&3 >/dev/null &
            exec 3<&-
            return ;;
        esac
    done
    return 1
}
