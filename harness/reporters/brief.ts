import { styleText } from 'node:util'
import type { LabEnded, MachineKept, RunEvent } from '../events.ts'
import { count, duration, entryInWords, whichRun } from './words.ts'

/** A lab's story in a few words, told at its end; and what has to be known to enter a machine that stays. */
export function brief({ color }: { color: boolean }): (event: RunEvent) => string {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text
  let commands = 0
  let held = 0
  let at = ''
  const skipped: string[] = []
  const kept: MachineKept[] = []

  function labEnded({ lab, repetition, cell, status, failure, reason, ms }: LabEnded): string {
    const mark = { passed: style('green', '✓'), failed: style('red', '✗'), skipped: style('dim', '-') }[status]
    const which = whichRun({ cell, repetition })
    const what = {
      passed: `: ${count(lab.steps.length, 'step')}${leftOut()}, ${count(commands, 'command')}, ${count(held, 'expectation')} held`,
      failed: `${at}: ${failure?.message}`,
      skipped: reason === undefined ? '' : `: ${reason}`,
    }[status]
    const stays = kept.map(machine => `   ${machine.machine} stays\n${entryInWords(machine)}`).join('')
    return `${mark} ${style('bold', lab.name)}${which && `${which},`} ${status} in ${duration(ms)}${style('dim', what)}\n${stays}`
  }

  /** ` (3 skipped: the kernel has no ip_vs)`: what the machine lacks is told also where all else is well. */
  function leftOut(): string {
    return skipped.length === 0 ? '' : ` (${skipped.length} skipped: ${[...new Set(skipped)].join('; ')})`
  }

  return event => {
    if (event.type === 'command') commands += 1
    else if (event.type === 'expectation' && event.status === 'passed') held += 1
    else if (event.type === 'step-started') at = `, in step ${event.step.number}`
    else if (event.type === 'step-ended' && event.reason !== undefined) skipped.push(event.reason)
    else if (event.type === 'machine-kept') kept.push(event)
    return event.type === 'lab-ended' ? labEnded(event) : ''
  }
}
