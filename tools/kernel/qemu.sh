# qemu.sh - the machine "qemu": Debian's cloud kernel in software emulation, everything it needs in an initrd.
#
# One processor runs, four are possible: their number bounds what the datapath accepts as upcall port ids.
# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0

machine_install() {
    for program in qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod; do
        PATH=$PATH:/usr/sbin:/sbin command -v "${program%:*}" >/dev/null || package_install "${program#*:}"
    done
    [ -d "$cache/cloud/lib/modules" ] || qemu_fetch_kernel
}

qemu_fetch_kernel() {       # the package that linux-image-cloud-amd64 stands for
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\).*/\1/p' | head -1)
    [ -n "$package" ] || die "apt-cache knows no linux-image-cloud-amd64 (apt-get update?)"
    package_unpack "$package" "$cache/cloud"
    PATH=$PATH:/usr/sbin:/sbin depmod -b "$cache/cloud" "$(ls "$cache/cloud/lib/modules")"
}

machine_find() {
    package_need qemu-system-x86_64 qemu-system-x86
    package_need cpio cpio
    [ -d "$cache/cloud/lib/modules" ] ||
        die "Debian's cloud kernel is missing in $cache/cloud: tools/kernel-run --qemu --install fetches it (no root needed)"
    version=$(ls "$cache/cloud/lib/modules")
    module_folder=$cache/cloud/lib/modules/$version
}

qemu_add() {        # PATH...: a file or folder where the host has it; of a program its libraries or interpreter, too
    for path; do
        [ ! -e "$initrd$path" ] || continue
        mkdir -p "$initrd$(dirname "$path")"
        cp -RL "$path" "$initrd$path"
        [ -f "$path" ] || continue
        case $(head -c 4 "$path" | tr -d '\0') in
        ?ELF)
            # shellcheck disable=SC2046
            qemu_add $(ldd "$path" 2>/dev/null | grep -o '/[^ ]*') ;;
        '#!'*)
            interpreter=$(sed -n '1s/^#! *\([^ ]*\).*/\1/p;q' "$path")
            qemu_add "$interpreter" ;;
        esac
    done
}

qemu_initrd() {     # FILE COMMAND
    initrd=$work/root
    mkdir -p "$initrd/proc" "$initrd/sys" "$initrd/dev" "$initrd/run" "$initrd/tmp" "$initrd/$PWD" "$initrd/usr"
    for folder in bin sbin lib lib64; do        # merged with usr/, as on the host
        [ ! -L "/$folder" ] || { mkdir -p "$initrd/usr/$folder" && cp -P "/$folder" "$initrd/"; }
    done
    for tool in sh mount mkdir cat insmod dmesg sync sleep; do
        qemu_add "$(PATH=$PATH:/usr/sbin:/sbin command -v $tool)"
    done
    qemu_add "$(realpath -s "$(command -v "$2")")"
    printf %s "$files" >"$work/files"
    while read -r path; do
        qemu_add "$path"
    done <"$work/files"
    cp "$here/guest" "$initrd/init"
    # shellcheck disable=SC2086
    job_modules "$module_folder" virtio_pci virtio_console $modules >"$work/job/modules"
    while read -r path _; do
        mkdir -p "$initrd$(dirname "$path")" && cp "$path" "$initrd$path"
    done <"$work/job/modules"
    cp -R "$work/job" "$initrd/job"
    (cd "$initrd" && find . | cpio -o -H newc --quiet | gzip -1) >"$1"
}

machine_boot() {    # COMMAND: ends as the machine
    echo 'out=/dev/vport0p1 err=/dev/vport0p2 status=/dev/vport0p3' >"$work/job/machine"
    qemu_initrd "$work/initrd.gz" "$1"
    set -- -device virtio-serial-pci
    for port in out err status; do
        set -- "$@" -chardev "file,id=$port,path=$work/job/$port" -device "virtserialport,chardev=$port"
    done
    exec timeout "$limit" qemu-system-x86_64 -accel tcg -cpu max -m 1024 -smp 1,maxcpus=4 -display none -no-reboot \
        -nodefaults -monitor none -serial "file:$work/console" "$@" \
        -kernel "$cache/cloud/boot/vmlinuz-$version" -initrd "$work/initrd.gz" \
        -append "console=ttyS0 loglevel=5 panic=-1 rcupdate.rcu_expedited=1 ipv6.disable_ipv6=1 log_buf_len=4M dpsim_job=/job" \
        >"$work/console.qemu" 2>&1
}
