# uml.sh - the machine "uml": Debian's user-mode-linux, a kernel that is an ordinary process.
#
# Its root is the host's, read-only (hostfs); processes of the machine touch host files as the user who started it.
# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0

machine_install() {
    [ -n "$(uml_root)" ] || package_unpack user-mode-linux "$cache/uml"
}

uml_root() {        # where the package is: installed, or unpacked in the cache
    for root in '' "$cache/uml"; do
        [ -x "$root/usr/bin/linux.uml" ] && { echo "$root/"; return; }
    done
    return 0
}

machine_find() {
    root=$(uml_root)
    [ -n "$root" ] ||
        die "user-mode-linux is missing: sudo apt-get install user-mode-linux   (or, without root: tools/kernel-run --install)"
    kernel=${root}usr/bin/linux.uml
    set -- "${root}"usr/lib/uml/modules/*
    module_folder=$1
}

# Processors with AMX need a helper (uml_xstate.c says why), the only thing here that is compiled.
uml_helper() {
    grep -q amx_tile /proc/cpuinfo || return 0
    package_need cc gcc libc6-dev
    cc -std=gnu11 -O2 -shared -fPIC -o "$work/uml_xstate.so" "$here/uml_xstate.c"
    echo "$work/uml_xstate.so"
}

machine_boot() {        # ends as the machine
    # shellcheck disable=SC2086
    job_modules "$module_folder" $modules >"$work/job/modules"
    cat >"$work/job/machine" <<EOT
mount_host() { mkdir -p "\$1" && mount -t hostfs -o "\$1" none "\$1"; }
mount_host $(job_quote "$work/job")
[ "\$directory" = / ] || mount_host "\$directory"
out=$(job_quote "$work/job/out") err=$(job_quote "$work/job/err") status=$(job_quote "$work/job/status")
EOT
    helper=$(uml_helper)
    export LD_PRELOAD="$helper"
    exec timeout "$limit" "$kernel" mem=512M rootfstype=hostfs rootflags=/ ro loglevel=5 "uml_dir=$work/" con=null con0=null,fd:1 \
        "init=$here/guest" "dpsim_job=$work/job" </dev/null >"$work/console" 2>&1
}
