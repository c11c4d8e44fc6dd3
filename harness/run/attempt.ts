import { setTimeout as pause } from 'node:timers/promises'
import { MachineError } from '../../vm/errors.ts'
import { unlessAborted } from './abort.ts'
import type { Acts } from './acts.ts'
import { LimitError } from './failure.ts'
import type { Site } from './site.ts'

/** How long a piece of work may take. */
export interface Limit {
  /** Seconds, multiplied by the machine's slowness. */
  limitS: number
  /** What takes so long, for people. */
  what: string
}

/** The pieces of work of one lab on its machines, one after the other: the steps, and each thing to undo. */
export interface Attempts {
  /**
   * Does one; rejects with why it failed, once the commands that it had started have ended: with the run's reason when that is
   * stopped, with a machine's when that is lost, whatever else broke for it.
   */
  make<T>(work: () => Promise<T>, limit: Limit): Promise<T>
  /** Ends the one that is being made, with this reason. */
  stop(reason: unknown): void
  /** What stops the commands of the one that is being made. */
  readonly signal: AbortSignal
}

// A machine that is frozen or gone is noticed within this time.
const aliveLimitMs = 5000
// How it ended may be told a moment after that it ended: two seconds later on a busy host.
const lastWordsMs = 2500

/** `stopped`: what stops the run, while that is to end what is done. `unlimited`: who walks step by step may think as long as he likes. */
export function attempts(
  site: Site,
  { acts, stopped, unlimited }: { acts: Acts; stopped: () => AbortSignal; unlimited: boolean },
): Attempts {
  let current = new AbortController()
  const ends = () => [stopped(), ...site.lost()]

  // What breaks because the machine is gone says less than that it is gone, and may be told first: so the machines are asked.
  async function rootOf(error: unknown): Promise<unknown> {
    const signal = stopped()
    const limit = AbortSignal.any([signal, AbortSignal.timeout(aliveLimitMs)])
    const answers = Promise.all(site.machines.map(({ machine }) => machine.exec('true', { signal: limit })))
    const silence: unknown = await unlessAborted(answers, ends()).then(
      () => undefined,
      reason => reason,
    )
    if (silence !== undefined && !signal.aborted) await unlessAborted(pause(lastWordsMs), ends()).catch(() => {})
    if (signal.aborted) return signal.reason
    const gone = site.lost().find(({ aborted }) => aborted)
    if (gone) return gone.reason
    return silence instanceof MachineError ? silence : error
  }

  return {
    get signal() {
      return current.signal
    },
    stop: reason => current.abort(reason),
    async make(work, { limitS, what }) {
      for (const end of ends()) end.throwIfAborted()
      const attempt = new AbortController()
      current = attempt
      const limitMs = limitS * 1000 * site.slowness
      const over = () => {
        const seen = acts.running(attempt.signal).map(command => `still running: ${command}`)
        const saw = seen.join('\n') || 'no command was running: the lab itself waited'
        attempt.abort(new LimitError(`${what} took longer than its limit of ${limitMs / 1000} s`, saw))
      }
      const timer = unlimited ? undefined : setTimeout(over, limitMs)
      try {
        // A promise may never settle (a lab that hangs): the signal ends the commands that it waits for.
        return await unlessAborted((async () => await work())(), [...ends(), attempt.signal])
      } catch (error) {
        const reason = await rootOf(error)
        attempt.abort(reason)
        await acts.silence(attempt.signal)
        throw reason
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
