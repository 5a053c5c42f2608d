# conntrack.sh - what Debian's conntrack shows of tracked connections. Sorted: the kernel's order is random; without ids
# and the seconds that are left.
here=$(dirname "$0")/..
. "$here/ct_datapath.sh"
/usr/bin/python3 "$here/ct_frames.py"
try() {
    echo "conntrack $*"
    conntrack "$@" 2>&1 | sed -E 's/^conntrack v[^:]*: //
        s/^((ipv4 +2 )?[a-z]+ +[0-9]+) [0-9]+ /\1 N /; s/^[0-9]+ proto/N proto/; s/ -t [0-9]+ / -t N /
        s/ id=[0-9]+$/ id=N/
        s/<(timeout|id)>[0-9]*/<\1>N/g' | sort
}
try -L
try -L -o extended
try -L -o extended,id -p tcp
try -L -o xml
try -L -o save
try -L -p udp --dport 53
try -L -n
try -L -m 7
try -L -u ASSURED
try -L expect
try -G -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1000 --dport 80
try -U -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1000 --dport 80 -m 9
try -D -p icmp
try -D -p tcp --state SYN_SENT
try -C
try -S | grep -v cpu=[1-9]
try -F expect
try -L expect
try -F
try -C
