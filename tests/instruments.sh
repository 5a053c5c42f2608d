#!/bin/sh
# instruments.sh BUILD - the preload library gets on with sanitizers, with libraries that open sockets before main()
# and before its own start, and with valgrind, under which a whole ovs-vswitchd finds no fault with it.
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
WRAP=''                 # here the clients are looked at, not the simulator
needs gcc gcc
needs clang clang
needs valgrind valgrind
needs ovs-dpctl openvswitch-switch
needs ovs-vswitchd openvswitch-switch
needs ovsdb-server openvswitch-switch

quiet() {       # TEXT COMMAND...: it succeeds and says nothing
    text=$1
    shift
    "$@" >got 2>&1 || die "$text: exit status $?: $(cat got)"
    [ ! -s got ] || die "$text: says: $(cat got)"
    step "$text"
}

compile() {     # COMPILER ARGUMENTS...
    "$@" -g -I"$here/.." -D_GNU_SOURCE -pthread 2>err || die "$*: $(cat err)"
}

# ---- sanitizers ------------------------------------------------------------------------------------

while read -r name compiler flags; do
    # shellcheck disable=SC2086
    compile $compiler $flags -o "$name" "$here/client_probe.c"
    quiet "client_probe with $compiler $flags" simulator run -- "./$name" all
done <<END
shared_asan gcc -fsanitize=address
static_asan gcc -fsanitize=address -static-libasan
clang_asan clang -fsanitize=address
ubsan gcc -fsanitize=undefined -fno-sanitize-recover=all
tsan gcc -fsanitize=thread
clang_tsan clang -fsanitize=thread
END

# ---- constructors ------------------------------------------------------------------------------------

# The program's library is set up before the preload library, which nobody depends on.
cat >early.c <<'END'
#include "tests/client_probe_tools.h"

static int status = 1;

__attribute__((constructor)) static void begin(void)
{
    int fd = open_sock(0);

    status = ask(fd, 1) || close(fd);
}

int early(void)
{
    return status;
}
END
echo 'int early(void); int main(void) { return early(); }' >late.c
compile gcc -shared -fPIC -o libearly.so early.c
compile gcc -o late late.c -L. -learly -Wl,-rpath,"$PWD"
quiet "a library that asks before main()" simulator run -- ./late

# ---- valgrind ------------------------------------------------------------------------------------------

compile gcc -o probe "$here/client_probe.c"
quiet "client_probe under valgrind" simulator run -- valgrind -q --error-exitcode=99 ./probe all
quiet "ovs-dpctl under valgrind" simulator run -- valgrind -q --error-exitcode=99 ovs-dpctl show

cat >switch <<'END'
set -eu
mkdir run && cd run
trap 'kill $(cat *.pid 2>/dev/null) 2>/dev/null' EXIT       # --keep waits for the last of them
export OVS_RUNDIR="$PWD" OVS_LOGDIR="$PWD" OVS_DBDIR="$PWD" OVS_SYSCONFDIR="$PWD"
vsctl() { ovs-vsctl --db=unix:db.sock --timeout=100 "$@"; }
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile --log-file=db.log -vconsole:off --remote=punix:db.sock conf.db
vsctl --no-wait init
valgrind --log-file="$PWD/valgrind.%p" \
    ovs-vswitchd --detach --no-chdir --pidfile --log-file=switch.log -vconsole:off unix:db.sock
dpsim do device p1; dpsim do up p1
vsctl add-br br0 -- add-port br0 p1 -- add-port br0 in0 -- set interface in0 type=internal
dpsim do up in0
dpsim do send p1 02000000000202000000000188b500112233
dpsim do wait expect in0 packets=1
ovs-appctl dpctl/dump-flows | grep -c 'eth_type(0x88b5)'
vsctl del-port in0
ovs-appctl exit --cleanup
ovs-appctl -t ovsdb-server exit
trap - EXIT
END
expect "ovs-vswitchd under valgrind" simulator run --keep -- sh switch <<END
1
END
cat run/valgrind.* >got
[ "$(grep -c 'ERROR SUMMARY: 0 errors' got)" -eq 2 ] || die "ovs-vswitchd under valgrind: $(cat got)"
step "valgrind finds nothing wrong in the daemon and in the parent that it left"
