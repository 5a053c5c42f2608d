#!/bin/sh
# memcheck.sh BUILD DEFECT - valgrind as a way of working: ctest -T memcheck, dpsim --valgrind, valgrind on a client. DEFECT: a program that
# reads past its memory.
# shellcheck disable=SC2016
set -u
# shellcheck source=tests/tools.sh
. "$(dirname "$0")/tools.sh"
needs valgrind valgrind
needs ovs-dpctl openvswitch-switch
cp "$2" "$work/bin/" && chmod 755 "$work/bin/${2##*/}" || exit 2
defect=$work/bin/${2##*/}

# ---- ctest -T memcheck, as CMake has set it up, on one test that is right and one that is not ----

mkdir tree
sed "s|^BuildDirectory: .*|BuildDirectory: $PWD/tree|" "$build/DartConfiguration.tcl" >tree/DartConfiguration.tcl
memcheck() {    # PROGRAM
    echo "add_test(one \"$1\")" >tree/CTestTestfile.cmake
    (cd tree && ctest -T memcheck) >got 2>&1
}
memcheck "$build/bin/test_bend" || die "ctest -T memcheck: $(cat got)"
step "ctest -T memcheck passes test_bend"
memcheck "$defect" && die "ctest -T memcheck passes a read of freed memory: $(cat got)"
grep -qi 'invalid read' got tree/Testing/Temporary/MemoryChecker.1.log || die "ctest -T memcheck does not say what is wrong: $(cat got)"
step "ctest -T memcheck fails a program that reads past its memory"

# ---- the simulator under valgrind, its programs not ----------------------------------------------

expect "dpsim run --valgrind" simulator run --valgrind -- sh -c '
    grep -q /memcheck- /proc/$PPID/maps && echo simulator; grep -q /memcheck- /proc/self/maps || echo plain; ovs-dpctl dump-dps' <<'END'
simulator
plain
END
simulator run --valgrind -- sh -c 'exit 3'
[ $? -eq 3 ] || die "the exit status is not the program's"
step "the exit status is the program's"
mkfifo said
# Not by simulator(): $! must be the process that is told to end.
# shellcheck disable=SC2086
$user ${WRAP:-} "$work/bin/dpsim" serve --valgrind --socket "$PWD/s" >said 2>err &
server=$!
read -r line <said
[ "$line" = "dpsim: serving on $PWD/s" ] || die "dpsim serve --valgrind: $line $(cat err)"
simulator exec --socket "$PWD/s" -- ovs-dpctl add-dp d0 || die "no datapath"
kill $server
wait $server || die "dpsim serve --valgrind: exit status $?: $(cat err)"
server=''
step "dpsim serve --valgrind"
cp -r "$here/../fixtures/hit" . && chmod -R a+rX hit || exit 2
expect "dpsim test --valgrind" simulator test --valgrind --runs 1 hit <<'END'
ok hit
1 passed, 0 failed
END
refused 127 '^dpsim run: --valgrind: there is no valgrind in PATH' env PATH=/nonexistent "$work/bin/dpsim" run --valgrind -- /bin/true

# ---- a client under valgrind ---------------------------------------------------------------------

expect "dpsim run -- valgrind PROGRAM" simulator run -- valgrind -q --error-exitcode=99 ovs-dpctl dump-dps </dev/null
simulator run -- valgrind -q --error-exitcode=99 "$defect" 2>err
[ $? -eq 99 ] || die "valgrind in dpsim run does not find a defect: $(cat err)"
step "valgrind in dpsim run finds a defect"
