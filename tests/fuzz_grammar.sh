#!/bin/sh
# fuzz_grammar.sh FUZZ-GRAMMAR - what it prints, and what it says of bad arguments.
set -u
tool=$1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

refused() {     # PATTERN ARGUMENTS...
    pattern=$1
    shift
    "$tool" "$@" >"$work/out" 2>"$work/err"
    [ $? -eq 2 ] && grep -q "$pattern" "$work/err" && return
    echo "fuzz-grammar $*: not refused with '$pattern':"
    cat "$work/err"
    failed=1
}

holds() {       # TEXT COMMAND...
    text=$1
    shift
    "$@" || { echo "$text"; failed=1; }
}

refused '^fuzz-grammar: no command given'
refused 'nosuch is not a command' nosuch
refused 'nosuch is no family' dictionary nosuch
refused 'one argument too many' dictionary ovs_flow ovs_vport
refused 'a target and a folder are needed' corpus flow_put
refused 'nosuch is no target' corpus nosuch "$work"
refused 'unknown option --nosuch' requests --nosuch
refused 'a value is missing after --seed' requests --seed
refused 'bad value for --count: x' requests --count x

"$tool" requests --seed 3 --count 50 >"$work/first" 2>"$work/err" || { cat "$work/err"; failed=1; }
"$tool" requests --seed 3 --count 50 >"$work/second"
"$tool" requests --seed 4 --count 50 >"$work/other"
holds 'the same seed gave other requests' cmp "$work/first" "$work/second"
holds 'not 50 lines' [ "$(wc -l <"$work/first")" -eq 50 ]
holds 'no request is bent' grep -q 'bent: ' "$work/first"
holds 'another seed gave the same requests' sh -c "! cmp -s '$work/first' '$work/other'"

"$tool" dictionary >"$work/dictionary"
holds 'the dictionary knows no IPv4 key' grep -q '^key_ipv4="\\x10\\x00\\x07\\x00"$' "$work/dictionary"
holds 'the dictionary knows no IFLA_MTU' grep -q 'IFLA_MTU="\\x08\\x00\\x04\\x00"$' "$work/dictionary"

mkdir "$work/corpus"
holds 'no seeds' "$tool" corpus netlink "$work/corpus" --count 3
# shellcheck disable=SC2012
holds 'not three seeds' [ "$(ls "$work/corpus" | wc -l)" -eq 3 ]
exit $failed
