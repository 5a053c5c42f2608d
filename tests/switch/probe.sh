# shellcheck shell=sh disable=SC1091
# probe.sh - a session: what ovs-vswitchd finds out about the datapath by trying.
set -eu
. ./world.sh
. ./ovs.sh

switch_start run
vsctl add-br br0 -- set bridge br0 datapath_type=system
ovs-appctl dpif/show-dp-features br0
ofctl meter-features br0 | sed 1d
echo "== as told in the log"
logged run/ovs-vswitchd.log
sed -n 's/^[^|]*|[^|]*|\(\(ofproto_dpif\|dpif_netlink\)|INFO|.*\)/\1/p' run/ovs-vswitchd.log
echo "== complaints"
complaints
switch_end
