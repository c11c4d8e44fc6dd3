import { RuleError } from '../rule-error.ts'

/**
 * A rate in the unit that iptables-save takes for it: '60/hour' → '1/min', '5/minute' → '5/min', '5' → '5/sec'.
 * The kernel keeps the interval, in ten thousandths of a second. Throws a RuleError.
 */
export function rate(text: string): string {
  const [, count = '', unit = 'second'] = /^(\d+)(?:\/([a-z]+))?$/i.exec(text) ?? []
  const [, seconds] = units.find(([name]) => name.startsWith(unit.toLowerCase())) ?? []
  if (count === '' || Number(count) === 0 || seconds === undefined)
    throw new RuleError(`not a rate: ${text} (as 5/min)`)
  const interval = Math.floor((seconds * scale) / Number(count))
  let [best] = units
  for (const unit of units) {
    const ticks = unit[1] * scale
    // The tool's own way to choose: the shortest unit in which hardly anything is lost.
    if (ticks / interval < ticks % interval) break
    best = unit
  }
  return `${Math.floor((best[1] * scale) / interval)}/${best[2]}`
}

const scale = 10000

const units: [Unit, ...Unit[]] = [
  ['day', 86400, 'day'],
  ['hour', 3600, 'hour'],
  ['minute', 60, 'min'],
  ['second', 1, 'sec'],
]

type Unit = readonly [name: string, seconds: number, printed: string]
