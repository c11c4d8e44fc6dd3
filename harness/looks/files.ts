import { LookError, type Probe } from './probe.ts'
import { quote } from './quote.ts'

/** The names in a directory of the guest, in the order of their bytes; undefined where there is none. */
export function files(directory: string): Probe<string[] | undefined> {
  const title = `files in ${directory}`
  return {
    title,
    script: `[ -e ${quote(directory)} ] || exit 44; LC_ALL=C ls -A ${quote(directory)}/`,
    parse({ exitCode, stdout, stderr }) {
      if (exitCode === 44) return undefined
      if (exitCode !== 0) throw new LookError(`${title}: ${stderr.trim()}`)
      return stdout.split('\n').filter(Boolean)
    },
  }
}
