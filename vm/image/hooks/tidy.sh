# Leaves nothing in the image that belongs to one machine, or that a running engine would have left.
set -eu
root=$1
rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"
# The container image has its own; in the machine nginx is only a program.
rm -f "$root"/etc/nginx/sites-enabled/*
for folder in docker containerd; do
  rm -rf "$root/var/lib/$folder"
  mkdir -m 711 "$root/var/lib/$folder"
done
find "$root/var/log" "$root/var/cache" -type f -delete
# mmdebstrap copies these from the host that it runs on.
rm -f "$root/etc/resolv.conf" "$root/etc/hostname" "$root/etc/hosts"
: > "$root/etc/resolv.conf"
dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat='${Package} ${Version}\n' >> "$root/usr/share/vethlab/packages"
