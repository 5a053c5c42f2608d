#!/bin/sh
# switch.sh BUILD SESSION MACHINE - a session of ovs-vswitchd says on the real kernel what was recorded of it.
switch=$(cd "$(dirname "$0")/../switch" && pwd)
"$switch/record" "$@" | diff -u "$switch/expected/$2.txt" -
