# The words that make container images, all of one layer, out of the machine's tree; what follows them is made from data.
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
  rm -r "$tree"
  mkdir -p "$root/usr/share/vethlab/images"
  tar -C "$work" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$root/usr/share/vethlab/images/$1.tar" .
  rm -r "$work"
}

sum() { sha256sum "$1" | cut -d' ' -f1; } # FILE
