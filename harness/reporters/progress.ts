import { keyOf, labOf, type RunEvent } from '../events.ts'
import { count, duration, printable, whichRun } from './words.ts'

/** How far the labs of a run are, as lines for people. */
export interface Overview {
  /** Told each event with the time at which it came, in milliseconds of a clock that only goes on. */
  on(event: RunEvent, now: number): void
  /** A line for each lab that goes on, and one for the others. */
  lines(now: number): string[]
}

interface Going {
  name: string
  since: number
  steps: number
  step: number
  doing: string
}

/** Follows a run. */
export function overview(): Overview {
  const going = new Map<string, Going>()
  const ended = { passed: 0, failed: 0, skipped: 0 }
  let all = 0

  function note(lab: Going, event: RunEvent): void {
    if (event.type === 'progress') lab.doing = event.line
    else if (event.type === 'machine-started') lab.doing = 'the machine is up'
    else if (event.type === 'step-started') {
      lab.step = event.step.number
      lab.doing = event.step.title
    } else if (event.type === 'command' && event.phase === 'undo') lab.doing = 'clean-up'
    else if (event.type === 'residue') lab.doing = 'the machine goes'
  }

  return {
    on(event, now) {
      if (event.type === 'run-started') all = event.runs.length
      const of = labOf(event)
      if (!of) return
      const key = keyOf(of)
      if (event.type === 'lab-started') {
        const { name, steps } = event.lab
        const doing = 'a machine is started'
        going.set(key, { name: `${name}${whichRun(event)}`, since: now, steps: steps.length, step: 0, doing })
      } else if (event.type === 'lab-ended') {
        going.delete(key)
        ended[event.status] += 1
      } else {
        const lab = going.get(key)
        if (lab) note(lab, event)
      }
    },
    lines(now) {
      const labs = [...going.values()]
      const rows = labs.map(({ name, since, step, steps, doing }) => [
        name,
        // Whole seconds: a line is worth rewriting once a second.
        duration(Math.max(1, Math.floor((now - since) / 1000)) * 1000).replace('.0 s', ' s'),
        `${step}/${steps}`,
        printable(doing).replaceAll('\n', ' '),
      ])
      const widths = [0, 1, 2].map(column => Math.max(0, ...rows.map(row => row[column]?.length ?? 0)))
      const lines = rows.map(([name = '', time = '', step = '', doing = '']) =>
        `  ${name.padEnd(widths[0] ?? 0)}  ${time.padStart(widths[1] ?? 0)}  ${step.padStart(widths[2] ?? 0)}  ${doing}`.trimEnd(),
      )
      const waiting = all - labs.length - ended.passed - ended.failed - ended.skipped
      const others = [
        ...(waiting > 0 ? [`${waiting} waiting`] : []),
        ...(ended.passed > 0 ? [`${ended.passed} passed`] : []),
        ...(ended.failed > 0 ? [`${ended.failed} failed`] : []),
        ...(ended.skipped > 0 ? [`${ended.skipped} skipped`] : []),
      ]
      return [...lines, ...(others.length > 0 ? [`  ${count(all, 'lab')}: ${others.join(', ')}`] : [])]
    },
  }
}
