/** One entry of an archive. `path` is relative (`bin/busybox`); `mode` holds the permission bits only. */
export type CpioEntry =
  | { path: string; kind: 'file'; mode: number; content: Buffer | string }
  | { path: string; kind: 'directory'; mode: number }
  | { path: string; kind: 'symlink'; target: string }

const typeBits = { file: 0o100000, directory: 0o040000, symlink: 0o120000 }

/**
 * Writes a cpio archive in the `newc` format, the one that the kernel unpacks as an initramfs.
 *
 * Parent directories that are not entries themselves are added (mode 0755), since the kernel creates none and skips
 * their files silently. Everything belongs to root, at time 0: the same entries give the same bytes. The length is
 * a multiple of 4, so that archives can be joined with Buffer.concat: the kernel unpacks one after the other.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const records = withParents(entries).map((entry, index) => record(entry, index + 1))
  return Buffer.concat([...records, record({ path: 'TRAILER!!!', kind: 'file', mode: 0, content: '' }, 0)])
}

function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const given = new Set(entries.map(entry => entry.path))
  const seen = new Set<string>()
  return entries.flatMap(entry => {
    const names = entry.path.split('/')
    if (names.some(name => name === '' || name === '.' || name === '..')) {
      throw new TypeError(`not a plain relative path: ${entry.path}`)
    }
    const missing = names
      .map((_, depth) => names.slice(0, depth).join('/'))
      .filter(path => path !== '' && !given.has(path) && !seen.has(path))
    for (const path of missing) seen.add(path)
    return [...missing.map(path => ({ path, kind: 'directory' as const, mode: 0o755 })), entry]
  })
}

function record(entry: CpioEntry, inode: number): Buffer {
  const name = Buffer.from(`${entry.path}\0`)
  const data = Buffer.from(entry.kind === 'file' ? entry.content : entry.kind === 'symlink' ? entry.target : '')
  // The trailer is the one record without a type.
  const mode = inode === 0 ? 0 : typeBits[entry.kind] | (entry.kind === 'symlink' ? 0o777 : entry.mode)
  // inode, mode, uid, gid, links, time, size, device and device of a node (major, minor each), length of the name, check
  const numbers = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0]
  const header = Buffer.from(`070701${numbers.map(hex8).join('')}`)
  return Buffer.concat([pad4(Buffer.concat([header, name])), pad4(data)])
}

function hex8(number: number): string {
  return number.toString(16).toUpperCase().padStart(8, '0')
}

function pad4(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}
