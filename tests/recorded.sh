#!/bin/sh
# recorded.sh BUILD NAME [uml|qemu [--update]] - tests/recorded/NAME.sh or NAME.py prints on dpsim what NAME.txt recorded
# from the real kernel (.sh: 6.1.192; .py: 6.1.176, uml has all of Python); with a machine: prints it there; --update: records it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) name=$2 machine=${3:-} update=${4:-}
recorded=$here/recorded/$name.txt

work=$(mktemp -d /tmp/dpsim-recorded-XXXXXX) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
unset XDG_RUNTIME_DIR DPSIM_SOCKET DPSIM_PRELOAD
export client_rt="$build/bin/client_rt" client_if="$build/bin/client_if"
export client_packet_options="$build/bin/client_packet_options" listening="$build/lib/liblistening.so"
if [ -f "$here/recorded/$name.py" ]; then
    set -- env PYTHONPATH="$here" /usr/bin/python3 -B "$here/recorded/$name.py"
else
    cat "$here/listening.sh" "$here/recorded/prelude" "$here/recorded/$name.sh" >script
    set --
fi

# Numbers of links and addresses that nobody chose are each kernel's own; so is the time.
own() {
    sed -E 's/^(Deleted )?[0-9]+: /\1/
        s/^[0-9-]+T[0-9:]+Z\|[0-9]+\|//
        /link\/ether 02:00:00:00:ff:/!s/(link\/ether) [0-9a-f:]+/\1 (address)/
        s/permaddr [0-9a-f:]+/permaddr (address)/'
}

# User-mode-linux is configured otherwise: one CPU, no queues of receivers, another queueing discipline.
configured() {
    if [ "$machine" = uml ]; then
        sed -E 's/numtxqueues [0-9]+ //; s/numrxqueues [0-9]+ //; s/qdisc (fq_codel|pfifo_fast)/qdisc (default)/
            s/GCHANNELS: 0[0-9]0000000[0-9]000000/GCHANNELS: (CPUs)/'
    else
        cat
    fi
}

on_dpsim() {            # [COMMAND...]
    if [ $# -gt 0 ]; then       # uml has one CPU
        "$build/bin/dpsim" run --cpus 1 -- "$@"
    else
        "$build/bin/dpsim" run -- env on_kernel= sh script
    fi
}

on_kernel() {           # [COMMAND...]
    if [ $# -gt 0 ]; then
        "$here/../tools/kernel-run" --uml -- "$@"
        return
    fi
    set -- --file /etc/protocols
    for word in ip ovs-dpctl sort sed grep cat kill env mkfifo rm uniq ls "$client_rt" "$client_if" "$client_packet_options" "$listening"; do
        path=$(PATH=$PATH:/usr/sbin:/sbin command -v "$word")
        [ ! -f "$path" ] || set -- "$@" --file "$path"
    done
    "$here/../tools/kernel-run" "--$machine" --ipv6 --module ip6_gre "$@" --file "$PWD/script" -- \
        env on_kernel=yes sh "$PWD/script"
}

case $machine in
'') on_dpsim "$@" >out 2>err ;;
*) on_kernel "$@" >out 2>err ;;
esac || { echo "exit status $?"; cat out err; exit 1; }

own <out >printed
if [ "$update" = --update ]; then
    cp printed "$recorded"
    exit 0
fi
configured <printed >got
configured <"$recorded" | diff -u - got
