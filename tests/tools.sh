# shellcheck shell=sh
# tools.sh - what the tests of programs share: a folder of their own, dpsim in it, checks that tell.
# A script NAME.sh BUILD begins with: . "$(dirname "$0")/tools.sh"
# WRAP (may be empty) goes before every dpsim that the script starts itself. Not before those started inside.

build=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/dpsim-script-XXXXXX) || exit 2
chmod 755 "$work"
server=''
n_steps=0
trap 'test -z "$server" || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# shellcheck source=tests/listening.sh
. "$here/listening.sh"

# A copy that everybody can read, wherever the build folder is.
mkdir "$work/bin" "$work/lib" "$work/tmp"
cp "$build/bin/dpsim" "$work/bin/" && cp "$build"/lib/lib*.so "$work/lib/" || exit 2
cp "$here/listening.sh" "$work/tmp/" || exit 2
export listening="$work/lib/liblistening.so"    # for those who read listening.sh
chmod 755 "$work/bin" "$work/lib" "$work/bin/dpsim"
chmod 1777 "$work/tmp"
unset XDG_RUNTIME_DIR DPSIM_SOCKET DPSIM_PRELOAD
PATH="$work/bin:$PATH:/usr/sbin:/sbin"      # ip and the daemons are there, also for those who are not root
cd "$work/tmp" || exit 2

# Everything runs as an ordinary user, also when the test is started as root.
user=''
if [ "$(id -u)" -eq 0 ]; then
    user='setpriv --reuid=65534 --regid=65534 --clear-groups'
fi

die() {         # TEXT...
    echo "FAILED after $n_steps steps: $*"
    exit 1
}

step() {        # TEXT...
    n_steps=$((n_steps + 1))
    echo "ok $n_steps $*"
}

[ -e "$listening" ] || die "$build has no lib/liblistening.so: it is not built as a whole"      # its waiters would wait for ever

needs() {       # PROGRAM PACKAGE: its absence is a failure, not a reason to test less
    command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
}

simulator() {   # ARGUMENTS...: dpsim as the user
    # shellcheck disable=SC2086
    $user ${WRAP:-} "$work/bin/dpsim" "$@"
}

expect() {      # TEXT COMMAND...: the command succeeds and prints what comes on the standard input
    text=$1
    shift
    cat >want
    "$@" >got 2>err || die "$text: exit status $?: $(cat err got)"
    diff -u want got || die "$text: other output, see above"
    step "$text"
}

refused() {     # STATUS PATTERN COMMAND...: it exits so, and says one line on stderr that matches
    status=$1
    pattern=$2
    shift 2
    "$@" >got 2>err
    is=$?
    sed -i '/^--[0-9]*-- /d' err        # valgrind on system calls that it does not know
    [ $is -eq "$status" ] || die "$*: exit status $is instead of $status: $(cat err got)"
    grep -Eq -- "$pattern" err || die "$*: does not say \"$pattern\" but: $(cat err)"
    [ "$(wc -l <err)" -eq 1 ] || die "$*: says more than a sentence: $(cat err)"
    step "$(cat err)"
}

serve() {       # starts a simulator at ./socket that goes with the test
    mkfifo served
    # Not by simulator(): $! would be a subshell's, and the process must be the one that is killed at the end.
    # shellcheck disable=SC2086
    $user ${WRAP:-} "$work/bin/dpsim" serve --socket "$work/tmp/socket" >served &
    server=$!
    exec 4<served           # open to the end: it may say more
    read -r _ <&4 || die "dpsim serve does not begin"
}

listeners=''
listen() {      # NAME COMMAND...: starts a program in the simulator and waits until it says that it listens
    name=$1
    shift
    mkfifo "$name.err"
    simulator exec -- "$@" >"$name.out" 2>"$name.err" &
    listeners="$listeners $!"
    says_listening "$name.err" || die "$* does not listen"
}
