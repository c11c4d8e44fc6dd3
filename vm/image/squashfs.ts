/** The command that packs the tar on its stdin into a squashfs at `out`. */
export function squashfsCommand(out: string): string[] {
  return ['sh', '-c', packThenDrain, 'sh', '-', out, ...flags]
}

// mksquashfs stops reading at the tar's end mark. What follows is only padding, but who writes it into a pipe that
// nobody reads any more is killed for it.
const packThenDrain = 'mksquashfs "$@" && cat > /dev/null'

const flags = [
  ...['-tar', '-noappend'],
  ...['-comp', 'lz4'], // the quickest to write; a machine boots no slower than from any other
  ...['-root-mode', '755', '-root-uid', '0', '-root-gid', '0'], // of /, which mmdebstrap's tar doesn't list
  ...['-no-progress', '-quiet'],
]
