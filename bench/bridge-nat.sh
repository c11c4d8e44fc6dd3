#!/bin/sh
# The procedure of lab bridge-nat as somebody would script it who wants no harness: the same commands, the same probes
# (what they print goes to /dev/null, nobody judges it), the same captures, in an equal sandbox.
#   bench/bridge-nat.sh ROOTFS    path of an image's root.sqfs; needs root
set -eu

[ $# -ge 1 ] && [ -f "$1" ] || { echo "usage: $0 ROOTFS" >&2; exit 2; }
case ${2-} in
'') exec unshare --net --mount --pid --uts --ipc --cgroup --fork --kill-child --propagation private sh "$0" "$1" inside ;;
inside)
  stage=$(mktemp -d)
  mount -t tmpfs -o mode=755 tmpfs "$stage"
  mkdir "$stage/image" "$stage/upper" "$stage/work" "$stage/root"
  mount -o loop,ro "$1" "$stage/image"
  mount -t overlay -o "lowerdir=$stage/image,upperdir=$stage/upper,workdir=$stage/work" overlay "$stage/root"
  cp "$0" "$stage/root/lab.sh"
  cd "$stage/root"
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  mount --rbind /dev dev
  mount -t tmpfs tmpfs run
  mount -t tmpfs tmpfs tmp
  mkdir run/lock
  # The folder goes when the mount is hidden: only the namespace holds what lies on it.
  pivot_root . mnt
  umount -l "/mnt$stage"
  rmdir "/mnt$stage"
  umount -l /mnt
  exec sh /lab.sh /lab.sh lab
  ;;
lab) ;;
# Never in the host's own netns.
*) echo "usage: $0 ROOTFS" >&2; exit 2 ;;
esac

exec >/dev/null

# --- The machine: loopback, outside ---
sysctl -wq net.ipv4.ip_forward=0
ip netns add outside
ip link set lo up
ip link add eth0 type veth peer name lan0 netns outside
ip address add 203.0.113.2/24 dev eth0
ip -n outside link set lo up
ip -n outside address add 114.114.114.114/32 dev lo
ip -n outside address add 203.0.113.1/24 dev lan0
ip -n outside link set lan0 up
ip link set eth0 up
ip route add default via 203.0.113.1
printf 'nameserver 203.0.113.1\noptions timeout:1 attempts:1\n' >/etc/resolv.conf

links() { ip -d -j addr; }
links_in() { ip -n "$1" -d -j addr; }
rules() { iptables --version; iptables-save -c; }
residue() {
  for netns in '' outside; do
    run=${netns:+ip netns exec $netns}
    for what in 'ip -d -j addr' 'ip -4 -j route show table all' 'ip -6 -j route show table all' 'ip -j rule' \
      'iptables-save' 'ip6tables-save' 'grep -rs . /proc/sys/net'; do $run $what || true; done
  done
}
# capture FILTER INTERFACE… -- COMMAND…: runs the command while all interfaces are captured.
capture() {
  filter=$1 pids='' files='' && shift
  while [ "$1" != -- ]; do
    tcpdump -i "$1" -U -n --immediate-mode -w "/tmp/$1.pcap" "$filter" 2>"/tmp/$1.log" &
    pids="$pids $!" files="$files /tmp/$1.log" && shift
  done
  shift
  for file in $files; do until grep -qs listening "$file"; do sleep 0.01; done; done
  "$@" || true
  [ -z "${late-}" ] || sleep "$late"
  sleep 0.1
  kill -INT $pids
  for pid in $pids; do wait "$pid" || true; done
  for file in $files; do tcpdump -r "${file%.log}.pcap" -nn -vv 2>&1; done
}
ping_outside() { ip netns exec ns02 ping 114.114.114.114 -c 1 -W 1; }

residue

brctl addbr br01; links
ip link set dev br01 up; links
ip link set dev br01 down; links
ifconfig br01 up; links
ifconfig br01 192.168.88.1/24 up; links; ip -j route
ip netns add ns01; ip netns add ns02; ip netns list; ip -j netns; ip -j netns
ip link add veth01 type veth peer name br-veth01
ip link add veth02 type veth peer name br-veth02
links; links; links
brctl addif br01 br-veth01; brctl addif br01 br-veth02; brctl show br01; links; links
ip link set dev br-veth01 up; ip link set dev br-veth02 up
ip link set veth01 netns ns01; ip link set veth02 netns ns02
links; links; links; links_in ns01; links; links_in ns02; links_in ns02
ip netns ns01 ip link 2>/dev/null || true
ip netns exec ns01 ip link
ip netns exec ns01 ip addr; links_in ns01; links_in ns01
ip netns exec ns01 ip link set dev veth01 up
ip netns exec ns01 ifconfig veth01 192.168.88.11/24 up
ip netns exec ns01 ip route add default via 192.168.88.1
ip netns exec ns02 ip link set dev veth02 up
ip netns exec ns02 ifconfig veth02 192.168.88.12/24 up
ip netns exec ns02 ip route add default via 192.168.88.1
links_in ns01; links_in ns01; links_in ns02; links_in ns02; ip -n ns01 -j route; ip -n ns02 -j route
ip netns exec ns01 ifconfig veth01; ip netns exec ns02 ifconfig veth02
# The second ARP exchange comes five seconds after the first.
late=5.2 capture '' br01 -- ip netns exec ns01 ping 192.168.88.12 -c 1
ip netns exec ns02 ping 192.168.88.11 -c 1; ip netns exec ns02 ping 192.168.88.11 -c 1
capture '' br-veth01 -- ip netns exec ns01 ping 192.168.88.12 -c 1
links_in ns01; links_in ns02; bridge -j fdb show; bridge -j fdb show
capture '' br-veth02 -- ip netns exec ns01 ping 192.168.88.1 -c 1
ip netns exec ns01 arp; links_in ns02; ip -n ns01 -j neigh; ip -n ns01 -j neigh
ip link; links; ip -n ns01 -j neigh
sysctl net.ipv4.ip_forward
capture 'host 114.114.114.114' br01 eth0 -- ping_outside
sysctl -w net.ipv4.conf.all.forwarding=1; sysctl net.ipv4.ip_forward; sysctl net.ipv4.conf.br01.forwarding
capture 'host 114.114.114.114' br01 eth0 -- ping_outside
capture '' eth0 -- ping_outside
ip netns exec outside ip route get 192.168.88.12 2>/dev/null || true
ip -n outside -j route
iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE
iptables -t nat -nL --line-number; rules
capture 'host 114.114.114.114' br01 eth0 -- ping_outside
capture 'host 114.114.114.114' br01 eth0 -- ping_outside
rules; ip netns exec ns02 ping 114.114.114.114 -c 3 -i 0.2; rules
ip addr add 203.0.113.9/25 dev eth0; ip addr del 203.0.113.2/24 dev eth0
capture '' eth0 -- ping_outside
iptables -t nat -I POSTROUTING -s 192.168.88.0/24 -j SNAT --to-source 203.0.113.2
ip -n outside neigh flush all
capture '' eth0 -- ping_outside
iptables -t nat -D POSTROUTING -s 192.168.88.0/24 -j SNAT --to-source 203.0.113.2
ip netns del ns01; ip netns del ns02
ifconfig br01 down; brctl delbr br01
iptables -t nat -D POSTROUTING -s 192.168.88.0/24 -j MASQUERADE
ip -j netns; links; links; links; rules; sysctl net.ipv4.ip_forward
ip addr add 203.0.113.2/24 dev eth0; ip addr del 203.0.113.9/25 dev eth0
sysctl -w net.ipv4.conf.all.forwarding=0

residue
