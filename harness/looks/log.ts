import { LookError, type Probe } from './probe.ts'
import { quote } from './quote.ts'

/**
 * What a service has logged, oldest first: the journal of its unit where systemd runs the guest, else /var/log/NAME.log, where
 * Debian's init scripts write it. undefined where there is no such file: that of a machine's first engine, which no script
 * started, is elsewhere.
 */
export function log(service: string): Probe<string | undefined> {
  const title = `log of ${service}`
  const file = quote(`/var/log/${service}.log`)
  return {
    title,
    script: `if [ -d /run/systemd/system ]; then journalctl --no-pager -o cat -u ${quote(service)}; exit; fi
[ -e ${file} ] || exit 44; cat ${file}`,
    parse({ exitCode, stdout, stderr }) {
      if (exitCode === 44) return undefined
      if (exitCode !== 0) throw new LookError(`${title}: ${stderr.trim()}`)
      return stdout
    },
  }
}
