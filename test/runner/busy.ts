import { cpus } from 'node:os'

/** What the processors have done since they were started, in ms. */
export interface Core {
  busy: number
  idle: number
}

/** How busy this host's processors were, whoever kept them so. */
export interface Busyness {
  /** The part of the time in which every core was busy, from 0 to 1. */
  all: number
  /** The part of the processors' time that was used, from 0 to 1. */
  used: number
}

/** A core counts as busy in a second of which it idles no more than this part. */
const idles = 0.1
const periodMs = 1000

/** Watches the processors from now on; `ended` says how busy they were. */
export function watchCores(): { ended(): Busyness } {
  const samples = [cores()]
  const timer = setInterval(() => samples.push(cores()), periodMs)
  timer.unref()
  return {
    ended() {
      clearInterval(timer)
      return busynessOf([...samples, cores()])
    },
  }
}

/** How busy they were between the first and the last of these readings. */
export function busynessOf(samples: readonly Core[][]): Busyness {
  const periods = samples.slice(1).map((after, i) => {
    const each = after.map((core, nth) => {
      const before = samples[i]?.[nth] ?? core
      return { busy: core.busy - before.busy, idle: core.idle - before.idle }
    })
    const busy = each.reduce((sum, core) => sum + core.busy, 0)
    const time = each.reduce((sum, core) => sum + core.busy + core.idle, 0)
    return { time, busy, all: each.every(core => core.idle <= idles * (core.busy + core.idle)) }
  })
  const sum = (those: typeof periods, of: 'time' | 'busy') => those.reduce((total, period) => total + period[of], 0)
  const time = sum(periods, 'time')
  if (time === 0) return { all: 0, used: 0 }
  return {
    all:
      sum(
        periods.filter(({ all }) => all),
        'time',
      ) / time,
    used: sum(periods, 'busy') / time,
  }
}

function cores(): Core[] {
  return cpus().map(({ times: { idle, ...busy } }) => ({
    idle,
    busy: Object.values(busy).reduce((sum, ms) => sum + ms, 0),
  }))
}
