import { MachineError } from '../../errors.ts'
import { silentIntervals } from '../../transport/pulse.ts'
import type { Qmp } from './qmp.ts'

/** QEMU does not answer any more: it was stopped, or it hangs. */
export class QemuFrozen extends MachineError {}

/** A watch over QEMU, until it is disposed. */
export interface Watch extends Disposable {
  /** Aborts, with a QemuFrozen as its reason, when QEMU has not answered for three intervals in a row. */
  readonly frozen: AbortSignal
}

/**
 * Asks QEMU for a sign of life in each interval, in milliseconds, while a guest starts that can't be asked itself.
 * Intervals are counted, not the clock read: while this process is stopped, none passes (as in transport/pulse.ts).
 */
export function watchQemu(qmp: Qmp, { name, intervalMs }: { name: string; intervalMs: number }): Watch {
  const controller = new AbortController()
  let silent = 0
  let waiting = false
  const timer = setInterval(() => {
    silent = waiting ? silent + 1 : 0
    if (silent >= silentIntervals) {
      stop()
      const mend = 'look whether this host is out of memory, or what has stopped it; then run it again'
      controller.abort(new QemuFrozen(`${name}: QEMU has not answered for ${(silent * intervalMs) / 1000} s`, { mend }))
    }
    if (waiting) return
    waiting = true
    const answered = () => {
      waiting = false
    }
    // One that has ended is told of by its end.
    qmp.execute('query-status').then(answered, answered)
  }, intervalMs)
  const stop = () => clearInterval(timer)
  return { frozen: controller.signal, [Symbol.dispose]: stop }
}
