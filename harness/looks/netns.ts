import { parseRows } from './iproute.ts'
import type { Probe } from './probe.ts'
import { LookError } from './probe.ts'

/** A network namespace that has a name (`ip netns add`). */
export interface Netns {
  name: string
  /** What tells netns apart: `stat -L -c %i`. Absent when the file is there but no netns is bound to it. */
  inode?: number
  /** The id that the looking netns has for it, where the two have met. */
  id?: number
}

/** The named netns, by name. */
export function netns(): Probe<Netns[]> {
  return {
    title: 'netns',
    // A file that no netns is bound to (left by hand, or by a deletion cut short) has an inode of another file system.
    script: `cd /run/netns 2>/dev/null || exit 0
for n in *; do [ -e "$n" ] || continue; printf '%s %s %s\\n' "$(stat -L -f -c %T "$n")" "$(stat -L -c %i "$n")" "$n"; done
echo; ip -j netns list`,
    parse: output => {
      if (output.exitCode !== 0) throw new LookError(`netns: ${output.stderr.trim()}`)
      if (output.stdout === '') return []
      const [files = '', json = ''] = output.stdout.split(/^$/m)
      const ids = new Map(parseRows('netns', json).map(row => [row.name, row.id]))
      return files
        .split('\n')
        .filter(Boolean)
        .map(line => {
          const [type, inode, ...name] = line.split(' ')
          const found: Netns = { name: name.join(' ') }
          if (type === 'nsfs') found.inode = Number(inode)
          const id = ids.get(found.name)
          if (typeof id === 'number') found.id = id
          return found
        })
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    },
  }
}
