#!/bin/sh
# Makes a segment in the netns that it is started in, in a mount namespace of its own with the image's programs: a bridge that forwards everything everywhere, and for each machine a
# wire to it. It then holds the netns, with all that is in it, until it ends.
#   segment.sh HOLD, then for each machine: NAME LINK MAC PID (the number of a process in the machine's netns)
#   HOLD: until-killed, or until-left (by all the machines)
set -eu
hold=$1
shift
pids=

# Of the PID namespace that we are in, the host's: the numbers below are from there.
mount -t proc proc /proc

# Nothing of this netns' own is to be heard on the wire, and nothing that passes is to be filtered.
for file in /proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv6/conf/default/disable_ipv6; do
  [ ! -e $file ] || echo 1 >$file
done
for file in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e "$file" ] || echo 0 >"$file"; done

# Without ageing time nothing is learned, so everything is flooded: a segment is one wire. The mask: also what a bridge keeps for
# itself by default (LLDP and the like), but for what no bridge may forward.
ip link add segment type bridge ageing_time 0 mcast_snooping 0 stp_state 0 group_fwd_mask 0xfff8
index=100
while [ $# -gt 0 ]; do
  # A link whose ifindex is its peer's is taken for one without a peer. gso_max_segs: a veth would carry what no wire does, TCP's data
  # in frames of 64 KiB.
  index=$((index + 1))
  ip link add "$1" index $index type veth peer name "$2" address "$3" gso_max_segs 1 netns "$4"
  ip link set "$1" master segment up
  pids="$pids $4"
  shift 4
done
ip link set segment up
echo ready

case $hold in
until-killed) exec sleep infinity ;;
until-left) for pid in $pids; do tail --pid="$pid" -f /dev/null; done ;;
esac
