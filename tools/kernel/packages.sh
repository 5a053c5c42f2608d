# packages.sh - Debian packages that kernel-run needs: says what is missing, or fetches it.
# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0

cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/dpsim

package_need() {    # PROGRAM PACKAGE...: one sentence if it is not there
    program=$1
    shift
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null ||
        die "$program is missing: sudo apt-get install $*   (or: tools/kernel-run --$machine --install)"
}

package_unpack() {  # PACKAGE FOLDER: fetches and unpacks it without installing: no root needed
    mkdir -p "$2.new"
    echo "$name: fetching $1 to $2" >&2
    (cd "$2.new" && apt-get -q download "$1" >&2 && dpkg -x ./*.deb . && rm ./*.deb) ||
        die "cannot fetch the package $1 (apt-get update?)"
    rm -rf "$2"
    mv "$2.new" "$2"
}

package_install() { # PACKAGE...
    sudo=
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends "$@" >&2 ||
        die "cannot install $*"
}
