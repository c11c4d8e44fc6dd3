# The words that make container images, all of one layer, out of the machine's tree; what follows them is made from data.
set -eu
root=$1
PATH=$PATH:/usr/sbin:/sbin
export PATH
work=$root/tmp/container
tree=$work/tree
unpacked=/tmp/container/unpacked # as the machine sees it

begin() {
  mkdir -p "$tree/etc" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/usr/bin" "$tree/usr/sbin" "$tree/usr/lib" "$tree/usr/lib64"
  for merged in bin sbin lib lib64; do ln -s "usr/$merged" "$tree/$merged"; done
  mkdir -m 1777 "$tree/tmp"
}

unpack() { # PACKAGE...
  for merged in bin sbin lib lib64; do
    mkdir -p "$root$unpacked/usr/$merged"
    ln -s "usr/$merged" "$root$unpacked/$merged"
  done
  # mmdebstrap's apt is the host's, with settings that make it look at the machine.
  [ -z "${MMDEBSTRAP_APT_CONFIG-}" ] || export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
  missing=$(apt-get -s --no-install-recommends install "$@" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
  # shellcheck disable=SC2086 # several packages
  [ -z "$missing" ] || (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download $missing)
  for deb in "$work"/*.deb; do
    [ ! -e "$deb" ] || dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root$unpacked" --keep-directory-symlink --exclude='./usr/share'
  done
  rm -f "$work"/*.deb
  libraries=$(cd "$root$unpacked" && find usr -name 'lib*.so*' -printf "$unpacked/%h\n" | sort -u | tr '\n' ':')
}

# Where the machine sees what has this path in a package.
place() { # PATH
  if chroot "$root" test -e "$1"; then echo "$1"; else echo "$unpacked$1"; fi
}

copy() { # PATH
  mkdir -p "$tree${1%/*}"
  # A library is found by its soname, which is a link in the machine and becomes the file itself here.
  [ -e "$tree$1" ] || cp "$root$(chroot "$root" realpath "$(place "$1")")" "$tree$1"
}

program() { # PATH
  copy "$1"
  needed=$(chroot "$root" env LD_LIBRARY_PATH="${libraries-}" ldd "$(place "$1")")
  case $needed in *'not found'*) echo "$1 lacks libraries: $needed" >&2; exit 1 ;; esac
  for library in $(echo "$needed" | grep -o '/[^ ]*'); do copy "${library#"$unpacked"}"; done
}

folder() { mkdir -p "$tree$1"; } # PATH

file() { # PATH CONTENT
  mkdir -p "$tree${1%/*}"
  printf %s "$2" > "$tree$1"
}

script() { # PATH CONTENT
  file "$1" "$2"
  chmod 755 "$tree$1"
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

# Nothing is added to the tree after this.
layer() {
  tar -C "$tree" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
  images=
}

image() { # CONFIG TAGS
  printf %s "$1" | sed "s/@LAYER@/$(sum "$work/layer.tar")/" > "$work/config.json"
  id=$(sum "$work/config.json")
  mv "$work/config.json" "$work/$id.json"
  images="$images${images:+,}{\"Config\":\"$id.json\",\"RepoTags\":$2,\"Layers\":[\"layer.tar\"]}"
}

finish() { # NAME
  printf '[%s]' "$images" > "$work/manifest.json"
  rm -rf "$tree" "$root$unpacked"
  mkdir -p "$root/usr/share/vethlab/images"
  tar -C "$work" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$root/usr/share/vethlab/images/$1.tar" .
  rm -r "$work"
}

sum() { sha256sum "$1" | cut -d' ' -f1; } # FILE
