#!/bin/sh
# Runs a command on a Debian host with Vagrant and libvirt that lives only as long as the command: namespaces of its own
# (so libvirtd's bridges, dnsmasq and rules are in a network that nobody else has), a root file system of its own.
#
#   enter.sh ROOTFS WORK TOP COMMAND...   ROOTFS: a squashfs. WORK: an empty folder, for the disks, which memory is too
#                                         dear for. TOP: the project, which is seen at the same path, read-only.
set -eu
if [ "${1-}" != inside ]; then
  exec setpriv --pdeathsig KILL unshare --net --mount --pid --uts --ipc --cgroup --fork --kill-child=KILL sh "$0" inside "$@"
fi
shift
rootfs=$1 work=$2 top=$3
shift 3

mount --make-rprivate /
stage=$work/stage
mkdir "$stage"
mount -t tmpfs -o mode=755 tmpfs "$stage"
cd "$stage"
mkdir image upper work root
mount -t squashfs -o loop,ro "$rootfs" image
mount -t overlay -o lowerdir=image,upperdir=upper,workdir=work overlay root

cd root
mount -t proc proc proc
mount -t sysfs sysfs sys
# No /dev/kvm: here libvirt is to find plain QEMU.
mount -t tmpfs -o mode=755 tmpfs dev
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev/
mkdir dev/net dev/pts dev/shm
cp -a /dev/net/tun dev/net/
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p "./$top" "./$work" "$work/images" "$work/home" var/lib/libvirt/images
mount --bind -o ro "$top" "./$top"
mount --bind "$work" "./$work"
mount --bind "$work/images" var/lib/libvirt/images
pivot_root . mnt
cd /
umount -l /mnt
hostname host
printf '127.0.0.1 localhost\n127.0.1.1 host\n' >/etc/hosts
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$work/home" LC_ALL=C.UTF-8
unset XDG_RUNTIME_DIR XDG_CACHE_HOME
ip link set lo up

# As root, without the daemons that a booted host would have around it.
cat >>/etc/libvirt/qemu.conf <<'QEMU'
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
remember_owner = 0
QEMU
cat >>/etc/libvirt/libvirtd.conf <<'LIBVIRTD'
auth_unix_ro = "none"
auth_unix_rw = "none"
LIBVIRTD
libvirtd --daemon
until virsh --quiet --connect qemu:///system list >/dev/null 2>&1; do sleep 0.1; done
cd "$top"
exec "$@"
