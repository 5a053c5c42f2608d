# job.sh - the folder that carries a command into the machine and its output back.
#
#   command, environment, directory   in:  what to run, as sh reads it
#   modules                           in:  lines "FILE [OPTIONS]" in the order of loading
#   ipv6                              in:  yes: switch it on
#   out, err, status                  out: what the command wrote and how it ended
# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0

modules="openvswitch vport-vxlan vport-gre vport-geneve nf_conntrack nf_nat nf_conntrack_ftp nf_nat_ftp
    nf_conntrack_netlink nfnetlink_cttimeout
    nf_conntrack_tftp nf_nat_tftp veth dummy nlmon"

job_quote() {       # words, as sh reads them back
    for word; do
        printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")"
    done
}

job_write() {       # FOLDER COMMAND...
    job=$1
    shift
    mkdir "$job"
    job_quote "$@" >"$job/command"
    export -p >"$job/environment"
    job_quote "$PWD" >"$job/directory"
    echo "$ipv6" >"$job/ipv6"
    : >"$job/out"
    : >"$job/err"
}

# Files of the modules and of what they need, each after what it needs. IPv6 is kept quiet: with
# addresses of its own, every new port would send router and listener messages of the kernel's.
job_modules() {     # MODULES-FOLDER NAME...
    folder=$1
    shift
    for module; do
        grep -q "/$module\.ko$" "$folder/modules.builtin" && continue
        line=$(grep "/$module\.ko:" "$folder/modules.dep") || die "no kernel module $module in $folder"
        for file in $(echo "$line" | tr -d : | tr ' ' '\n' | tac); do
            echo "$folder/$file"
        done
    done | awk '!seen[$0]++ { print $0 (/\/ipv6\.ko$/ ? " disable_ipv6=1" : "") }'
}

job_report() {      # FOLDER: prints what the command printed, exits as it did
    cat "$1/out"
    cat "$1/err" >&2
    if grep -qsE 'WARNING: |BUG: |Oops|general protection' "$work/console"; then
        echo "$name: the kernel complained; --keep-log FILE shows it" >&2
    fi
    status=$(tr -d '\n' <"$1/status" 2>/dev/null) || status=
    if [ -z "$status" ]; then
        cat "$work"/console* | tail -n 20 >&2
        die "the machine ended before the command did (--timeout $limit)"
    fi
    exit "$status"
}
