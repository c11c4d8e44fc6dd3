#!/bin/sh
# Builds a sandbox around itself and becomes its init. It starts as PID 1 of new namespaces, still in the host's tree.
#   enter.sh RUN ROOTFS: RUN holds `seed` (a tree) and `cgroups` (type, options, place, leaf of each), and gets `pid`
set -eu
umask 022
run=$1 rootfs=$2

if [ "${3-}" != inside ]; then
  # The host's /proc is still mounted, so `self` is our number on the host; $$ would be 1.
  read -r pid rest </proc/self/stat
  echo "$pid" >"$run/pid"
  # Only this process: the one that waits for it outside must not be in a cgroup that is to have children.
  while read -r type options place leaf; do echo 0 >"$leaf/cgroup.procs"; done <"$run/cgroups"
  # A cgroup namespace takes the cgroups in which it is made as its roots.
  exec unshare --cgroup sh "$0" "$run" "$rootfs" inside
fi

# --- The tree: the image, what the machine writes on top of it in memory ----------------------------------------------

stage=$run/stage root=$run/stage/root
mount -t tmpfs -o mode=755 tmpfs "$stage"
mkdir "$stage/image" "$stage/work" "$root"
# Mounted here and nowhere else, the loop device goes with the namespace.
mount -t squashfs -o ro,loop "$rootfs" "$stage/image"
cp -R --preserve=mode "$run/seed" "$stage/upper"
# Relative names, as the guest can read them in its list of mounts.
cd "$stage"
mount -t overlay -o lowerdir=image,upperdir=upper,workdir=work overlay root

# --- /proc: the sandbox's processes; of the settings, only those that belong to a netns can be changed -----------------

mount -t proc proc "$root/proc"
mkdir "$stage/net"
mount --bind "$root/proc/sys/net" "$stage/net"
mount -o bind,ro "$root/proc/sys" "$root/proc/sys"
mount --move "$stage/net" "$root/proc/sys/net"
[ ! -e "$root/proc/sysrq-trigger" ] || mount -o bind,ro "$root/proc/sysrq-trigger" "$root/proc/sysrq-trigger"

# --- /dev: what every program expects, and none of the host's disks ----------------------------------------------------

mount -t tmpfs -o mode=755 dev "$root/dev"
(cd /dev && cp -a null zero full random urandom tty fd stdin stdout stderr "$root/dev/")
ln -s pts/ptmx "$root/dev/ptmx"
[ ! -e /dev/net/tun ] || cp -a /dev/net "$root/dev/"

# --- /sys: mounted anew, it shows the links of our netns; and our part of each cgroup tree -----------------------------

mount -t sysfs sysfs "$root/sys"
# Only where version 2 is alone it is mounted at the very place.
grep -q ' /sys/fs/cgroup ' "$run/cgroups" || mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
while read -r type options place leaf; do
  mkdir -p "$root$place"
  if [ "$type" = cgroup ]; then
    mount -t cgroup -o "$options" cgroup "$root$place"
  else
    mount -t cgroup2 cgroup2 "$root$place"
    # A cgroup that hands controllers to its children can't hold processes itself.
    mkdir "$root$place/init"
    echo 0 >"$root$place/init/cgroup.procs"
    for controller in $(cat "$root$place/cgroup.controllers"); do
      echo "+$controller" >"$root$place/cgroup.subtree_control"
    done
  fi
done <"$run/cgroups"

# --- Leave the host's tree ---------------------------------------------------------------------------------------------

# Not chroot: under chroot a process that enters the mount namespace (`docker exec`) lands in the host's tree.
cd "$root"
pivot_root . mnt
cd /
umount -l /mnt
exec /usr/sbin/vethlab-init
