import { setTimeout } from 'node:timers/promises'

/** How long something is looked at again and again. */
export interface Patience {
  /** Pauses before the next look; resolves to false, at once, when patience is over. */
  again(): Promise<boolean>
}

/** What tells the time, and lets it pass. */
export interface Clock {
  now(): number
  pause(ms: number): Promise<unknown>
}

const clock: Clock = { now: () => performance.now(), pause: ms => setTimeout(ms) }

// Looking is cheap but not free: quick at first, as most facts hold at once, then calmer.
const firstPauseMs = 25
const longestPauseMs = 200

/** What a look counts for at most, with the pause behind it. */
const longestLookMs = 250

/** Patience lasts at most so many times as long as it says. */
const mostTimes = 3

/**
 * Patience of `ms`, beginning now. Where a look takes long, what is looked for takes long as well, as on a machine whose
 * processors are busy: then it counts for less than it takes, and patience lasts longer, three times as long at most. That a look takes long by
 * nature, as a ping that stays unanswered, can't be told from that.
 */
export function patience(ms: number, { now: time, pause }: Clock = clock): Patience {
  const started = time()
  let spent = 0
  let since = started
  let wait = firstPauseMs
  return {
    async again() {
      const now = time()
      spent += Math.min(now - since, longestLookMs)
      since = now
      if (spent + wait > ms || now + wait > started + mostTimes * ms) return false
      await pause(wait)
      wait = Math.min(wait * 2, longestPauseMs)
      return true
    },
  }
}
