import { LookError, type Probe } from './probe.ts'
import { quote } from './quote.ts'

/** A process of the guest, those in containers too. */
export interface Process {
  /** As the guest counts, whatever the place that is looked from. */
  pid: number
  /** Its arguments from the 0th on, a space between each two, as /proc/PID/cmdline has them; `[name]` for a thread of the kernel. */
  command: string
}

/** The processes of a name (/proc/PID/comm, the first 15 characters of a program's file name), by pid; [] where none runs. */
export function processes(name: string): Probe<Process[]> {
  const title = `processes ${name}`
  const pattern = name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return {
    title,
    script: `pgrep -a -x ${quote(pattern)}`,
    parse({ exitCode, stdout, stderr }) {
      if (exitCode === 1) return []
      if (exitCode !== 0) throw new LookError(`${title}: exit code ${exitCode}: ${stderr.trim()}`)
      return stdout
        .trimEnd()
        .split('\n')
        .map(line => {
          const { pid, command } = /^(?<pid>\d+) (?<command>.*)$/.exec(line)?.groups ?? {}
          if (pid === undefined || command === undefined) throw new LookError(`${title}: not a line of pgrep: ${line}`)
          return { pid: Number(pid), command }
        })
    },
  }
}
