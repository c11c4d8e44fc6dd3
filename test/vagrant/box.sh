#!/bin/sh
# Makes the inside of a libvirt box: a Debian machine as its makers ship one (systemd, ifupdown, a link eth0, sudo, the
# user vagrant with Vagrant's well-known key), out of an image of ours. Runs as root in a mount namespace of its own.
#
#   box.sh IMAGE KEY LATER OUT   IMAGE: folder of root.sqfs and vmlinuz. KEY: Vagrant's public key. LATER: packages that are
#                                not installed but can be, from a mirror in the box, as the machine will have no network.
#                                OUT: gets disk.raw, vmlinuz and initrd.
set -eu
image=$1 key=$2 later=$3 out=$4
tree=$out/tree

unsquashfs -quiet -no-progress -dest "$tree" "$image/root.sqfs" >/dev/null
release=$(cat "$tree/usr/share/vethlab/release")

mount --bind /proc "$tree/proc"
mount -t tmpfs tmpfs "$tree/tmp"

# --- What is installed later ------------------------------------------------------------------------------------------

mkdir -p "$tree/srv/mirror"
cp /etc/resolv.conf "$tree/etc/resolv.conf"
# shellcheck disable=SC2086 # several packages
chroot "$tree" sh -eu -s $later <<'LATER'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt-get -qq update
apt-get -qq install --no-install-recommends --download-only "$@"
cd /srv/mirror
mv /var/cache/apt/archives/*.deb .
for deb in *.deb; do
  dpkg-deb --field "$deb"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat --format=%s "$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
done >Packages
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*_*
echo 'deb [trusted=yes] file:/srv/mirror ./' >/etc/apt/sources.list
LATER
: >"$tree/etc/resolv.conf"

# --- As a box's makers ship it ----------------------------------------------------------------------------------------

echo '/dev/vda / ext4 defaults 0 1' >"$tree/etc/fstab"
echo debian >"$tree/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 debian\n::1 localhost\n' >"$tree/etc/hosts"
printf 'auto lo\niface lo inet loopback\n\nallow-hotplug eth0\niface eth0 inet dhcp\n' >"$tree/etc/network/interfaces"
chroot "$tree" useradd --create-home --shell /bin/bash vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$tree/etc/sudoers.d/vagrant"
mkdir -m 700 "$tree/home/vagrant/.ssh"
cp "$key" "$tree/home/vagrant/.ssh/authorized_keys"
chroot "$tree" chown -R vagrant:vagrant /home/vagrant/.ssh
chroot "$tree" ssh-keygen -A
chroot "$tree" systemctl enable ssh.service
chroot "$tree" update-initramfs -c -k "$release"

umount "$tree/proc" "$tree/tmp"
mv "$tree/boot/initrd.img-$release" "$out/initrd"
cp "$image/vmlinuz" "$out/vmlinuz"
mke2fs -q -t ext4 -d "$tree" "$out/disk.raw" 4G
rm -rf "$tree"
