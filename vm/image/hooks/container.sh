# The words that make a container image out of the machine's tree; what follows them is made from data.
set -eu
root=$1
PATH=$PATH:/usr/sbin:/sbin
export PATH
work=$root/tmp/container
tree=$work/tree

begin() {
  mkdir -p "$tree/etc" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/lib" "$tree/usr/lib64"
  for merged in bin sbin lib lib64; do ln -s "usr/$merged" "$tree/$merged"; done
  mkdir -m 1777 "$tree/tmp"
}

copy() { # PATH
  mkdir -p "$tree${1%/*}"
  # A library is found by its soname, which is a link in the machine and becomes the file itself here.
  [ -e "$tree$1" ] || cp "$(chroot "$root" realpath "$1" | sed "s|^|$root|")" "$tree$1"
}

program() { # PATH
  copy "$1"
  for library in $(chroot "$root" ldd "$1" | grep -o '/[^ ]*'); do copy "$library"; done
}

folder() { mkdir -p "$tree$1"; } # PATH

file() { # PATH CONTENT
  mkdir -p "$tree${1%/*}"
  printf %s "$2" > "$tree$1"
}

link() { # PATH TARGET
  mkdir -p "$tree${1%/*}"
  ln -s "$2" "$tree$1"
}

# Whatever no program above is there for.
applets() {
  copy /usr/bin/busybox
  for applet in $(chroot "$root" busybox --list); do
    [ -e "$tree/usr/bin/$applet" ] || [ -e "$tree/usr/sbin/$applet" ] || ln -s busybox "$tree/usr/bin/$applet"
  done
}

finish() { # NAME CONFIG MANIFEST
  tar -C "$tree" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
  printf %s "$2" | sed "s/@LAYER@/$(sum "$work/layer.tar")/" > "$work/config.json"
  id=$(sum "$work/config.json")
  mv "$work/config.json" "$work/$id.json"
  printf %s "$3" | sed "s/@CONFIG@/$id.json/" > "$work/manifest.json"
  mkdir -p "$root/usr/share/vethlab/images"
  tar -C "$work" --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$root/usr/share/vethlab/images/$1.tar" \
    manifest.json "$id.json" layer.tar
  rm -r "$work"
}

sum() { sha256sum "$1" | cut -d' ' -f1; } # FILE
