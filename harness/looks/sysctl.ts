import type { Probe } from './probe.ts'
import { LookError } from './probe.ts'
import { quote } from './quote.ts'

/** A kernel setting as text, white space single: '1', '32768 60999'. undefined when this kernel has none of that name. */
export function sysctl(key: string): Probe<string | undefined> {
  const title = `sysctl ${key}`
  const path = sysctlPath(key)
  return {
    title,
    script: `[ -e ${quote(path)} ] || exit 44; cat ${quote(path)}`,
    parse: output => {
      if (output.exitCode === 44) return undefined
      if (output.exitCode !== 0) throw new LookError(`${title}: ${output.stderr.trim()}`)
      return output.stdout.trim().replace(/\s+/g, ' ')
    },
  }
}

/** Where a key is: as sysctl(8) has it, the first separator decides, so that eth0.50 can be written `net/ipv4/conf/eth0.50/…`. */
export function sysctlPath(key: string): string {
  const separator = /[./]/.exec(key)?.[0]
  const path = separator === '.' ? key.replace(/[./]/g, found => (found === '.' ? '/' : '.')) : key
  return `/proc/sys/${path}`
}
