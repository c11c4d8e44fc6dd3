import { createHash } from 'node:crypto'
import type { Finished } from '../../vm/machine.ts'
import { LookError, type Probe } from './probe.ts'
import { quote } from './quote.ts'

/** What each probe of a set sees, under the same keys. */
export type Seen<Probes extends Record<string, Probe<unknown>>> = {
  [Key in keyof Probes]: Probes[Key] extends Probe<infer T> ? T : never
}

/**
 * One probe that takes several in one round trip, one after the other. Each gets its own output, stderr and exit code,
 * whatever the others did; the first that can't be read throws.
 */
export function together<Probes extends Record<string, Probe<unknown>>>(probes: Probes): Probe<Seen<Probes>> {
  const entries = Object.entries(probes)
  const title = entries.map(([, probe]) => probe.title).join(', ')
  // The mark follows from the scripts, so the probe stays data; it's put together by the guest's printf, so that not even a
  // probe that shows this very script can print it.
  const mark = createHash('sha256')
    .update(entries.map(([, probe]) => probe.script).join('\0'))
    .digest('hex')
    .slice(0, 16)
  const end = `s=$?; printf '\\n%s %s\\n' '--${mark}' "$s"; printf '\\n%s\\n' '--${mark}' >&2`
  return {
    title,
    // eval in a subshell: neither an exit nor a syntax error of one probe reaches the next.
    script: entries.map(([, probe]) => `( eval ${quote(probe.script)} ) </dev/null; ${end}`).join('\n'),
    parse: output => {
      const stdout = output.stdout.split(new RegExp(`\\n--${mark} (\\d+)\\n`))
      const stderr = output.stderr.split(`\n--${mark}\n`)
      if (stdout.length !== 2 * entries.length + 1) {
        throw new LookError(
          `${title}: cut off after ${(stdout.length - 1) / 2} of ${entries.length} looks: ${output.stderr.trim()}`,
        )
      }
      const seen = entries.map(([key, probe], index) => {
        const own: Finished = {
          exitCode: Number(stdout[2 * index + 1]),
          signal: null,
          stdout: stdout[2 * index] ?? '',
          stderr: stderr[index] ?? '',
        }
        return [key, probe.parse(own)]
      })
      return Object.fromEntries(seen) as Seen<Probes>
    },
  }
}
