#!/bin/sh
# Builds a sandbox around itself and becomes its init. It starts as PID 1 of new namespaces, still in the host's tree.
#   enter.sh RUN, a folder with: seed (the tree that is laid over the image), mounts (an fstab), cgroups (lines of type,
#   options, place, leaf), stage (empty); it gets: machine (this process, as its number and its start time)
set -eu
umask 022
run=$1 stage=$1/stage root=$1/stage/root

if [ "${2-}" != inside ]; then
  # The host's /proc is still mounted, so `self` is our number on the host; $$ would be 1.
  read -r stat </proc/self/stat
  # shellcheck disable=SC2086 # its fields
  set -- $stat
  echo "$1-${22}" >"$run/machine"
  # Only this process: the one that waits for it outside must not be in a cgroup that is to have children.
  while read -r type options place leaf; do echo 0 >"$leaf/cgroup.procs"; done <"$run/cgroups"
  # A cgroup namespace takes the cgroups in which it is made as its roots.
  exec unshare --cgroup sh "$0" "$run" inside
fi

mount -t tmpfs -o mode=755 tmpfs "$stage"
cd "$stage"
mkdir image engine proc root work
cp -R --preserve=mode "$run/seed" upper
mount --all --fstab "$run/mounts"

# The devices that every program expects, and none of the host's disks.
cd /dev
cp -a null zero full random urandom tty "$root/dev/"
[ ! -e net/tun ] || cp -a net "$root/dev/"
ln -s pts/ptmx "$root/dev/ptmx"

while read -r type options place leaf; do
  [ "$type" = cgroup2 ] || continue
  # A cgroup that hands controllers to its children can't hold processes itself.
  mkdir "$root$place/init"
  echo 0 >"$root$place/init/cgroup.procs"
  read -r controllers <"$root$place/cgroup.controllers" || true
  for controller in $controllers; do echo "+$controller" >"$root$place/cgroup.subtree_control"; done
done <"$run/cgroups"

# Not chroot: under chroot a process that enters the mount namespace (`docker exec`) lands in the host's tree.
cd "$root"
pivot_root . mnt
cd /
umount -l /mnt
exec /usr/sbin/vethlab-init
