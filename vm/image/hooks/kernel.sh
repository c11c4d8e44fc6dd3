# Unpacks the kernel that the package $KERNEL stands for, without the drivers $DROPPED; /vmlinuz is taken out later.
set -eu
root=$1
PATH=$PATH:/usr/sbin:/sbin
export PATH APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"

# Newer suites split a kernel into image, binary and modules; whatever else it depends on is for hosts with a boot loader.
packages=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
  --no-enhances "$KERNEL" | grep -E '^linux-(image|binary|modules)-[0-9]' | sort -u)

mkdir -p "$root/tmp/kernel" "$root/usr/share/vethlab"
cd "$root/tmp/kernel"
# shellcheck disable=SC2086 # several packages
apt-get -qq -o APT::Sandbox::User=root download $packages
for deb in *.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --exclude='./usr/share'
  dpkg-deb --show --showformat='${Package} ${Version}\n' "$deb" >> "$root/usr/share/vethlab/packages"
done
cd /
rm -r "$root/tmp/kernel"

release=$(ls "$root/usr/lib/modules")
printf %s "$release" > "$root/usr/share/vethlab/release"
for drivers in $DROPPED; do rm -rf "$root/usr/lib/modules/$release/kernel/drivers/$drivers"; done
chroot "$root" depmod "$release"

if [ -e "$root/boot/vmlinuz-$release" ]; then
  mv "$root/boot/vmlinuz-$release" "$root/vmlinuz"
else
  mv "$root/usr/lib/modules/$release/vmlinuz" "$root/vmlinuz"
fi
rm -f "$root"/boot/* "$root/initrd.img" "$root"/*.old
