import { styleText } from 'node:util'
import type {
  CommandEnded,
  ExpectationEnded,
  Failure,
  LabEnded,
  LabRepeated,
  LabStarted,
  MachineKept,
  ResidueTaken,
  RunEnded,
  RunEvent,
  RunStarted,
  StepEnded,
  StepStarted,
} from '../events.ts'
import {
  cellInWords,
  count,
  coversInWords,
  differencesInWords,
  documentInWords,
  duration,
  entryInWords,
  factsInWords,
  failureInWords,
  needsInWords,
  printable,
  prompt,
  totalsInWords,
  whichRun,
} from './words.ts'

/** How the story is told. */
export interface StoryOptions {
  color: boolean
  /** Long output of a command is cut in the middle. */
  shorten: boolean
  /** Why labs have had no machine of this host, shared by stories of one run: that is told once. */
  refused?: Set<string>
}

/** Each event's part of the story, in order: lines that end in a newline, or ''. */
export function story({ color, shorten, refused }: StoryOptions): (event: RunEvent) => string {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    color && text !== '' ? styleText(format, text, { validateStream: false }) : text
  let section = ''
  let several = false
  let skipped: StepEnded[] = []
  let runs = 1
  const told = new Set<string>()
  const failed: LabEnded[] = []
  const refusals = refused ?? new Set<string>()
  let heldBack: RunEvent[] = []

  return event => {
    // Who has told of a refusal waits whether the next lab has more to tell. Stories that share theirs are told as a whole.
    if (event.type === 'lab-started' && (refused || refusals.size > 0)) {
      heldBack = [event]
      return ''
    }
    if (heldBack.length > 0 && (event.type === 'progress' || event.type === 'step-ended')) {
      heldBack.push(event)
      return ''
    }
    const events = [...heldBack, event]
    heldBack = []
    if (event.type === 'lab-ended' && event.failure?.kind === 'host') {
      if (events.length > 1 && refusals.has(event.failure.message)) return refusedAgain(event)
      refusals.add(event.failure.message)
    }
    return events.map(next).join('')
  }

  function next(event: RunEvent): string {
    if (event.type === 'step-ended' && event.status === 'skipped') {
      // What is skipped for another reason is told apart.
      const before = skipped.at(-1)?.reason === event.reason ? '' : skippedSteps()
      if (skipped.at(-1)?.reason !== event.reason) skipped = []
      skipped.push(event)
      return before
    }
    const before = skippedSteps()
    skipped = []
    return before + tell(event)
  }

  function tell(event: RunEvent): string {
    switch (event.type) {
      case 'run-started':
        return runStarted(event)
      case 'progress':
        return `${style('dim', `  … ${printable(event.line)}`)}\n`
      case 'lab-started':
        return labStarted(event)
      case 'machine-started':
        return `${style('dim', `  ${factsInWords(event.facts)}; up in ${duration(event.ms)}`)}\n`
      case 'step-started':
        return stepStarted(event)
      case 'command':
        return command(event)
      case 'expectation':
        return expectation(event)
      case 'step-ended':
        return stepEnded(event)
      case 'residue':
        return residue(event)
      case 'machine-kept':
        return machineKept(event)
      case 'segment-kept':
        return `   segment ${event.segment}: ${event.says}\n`
      case 'lab-ended':
        return labEnded(event)
      case 'lab-repeated':
        return labRepeated(event)
      case 'run-ended':
        return runEnded(event)
    }
  }

  function runStarted({ why, provider, labs, cells, jobs, repeat, shard, ...event }: RunStarted): string {
    runs = event.runs.length
    const what = [
      ...(runs > 1 ? [count(labs.length, 'lab')] : []),
      ...(repeat > 1 ? [`${repeat} times`] : []),
      ...(shard ? [`shard ${shard.index} of ${shard.of}`] : []),
      ...(runs > 1 && jobs.number > 1 ? [`${jobs.number} side by side (${jobs.why})`] : []),
    ]
    const many = what.length > 0 ? `${what.join(', ')}, ` : ''
    // Somebody's own host is of no suite of ours.
    const kinds = `; ${cells.length > 1 ? 'each in' : 'suite'} ${cells.map(cellInWords).join(', ')}`
    return `${style('dim', `${many}on ${why}${provider === 'ssh' ? '' : kinds}`)}\n`
  }

  function labStarted({ lab, repetition, cell }: LabStarted): string {
    section = ''
    told.clear()
    several = lab.machines.length > 0
    const run = whichRun({ cell, repetition })
    return [
      '',
      style('bold', lab.title),
      style(
        'dim',
        `lab ${lab.name}${run}, document ${documentInWords(lab.document)}, ${count(lab.steps.length, 'step')}, on ${needsInWords(lab)}`,
      ),
      '',
      ...(lab.topology.trim() === '' ? [] : [indent(lab.topology.replace(/^\n+|\s+$/g, ''), 4), '']),
      '',
    ].join('\n')
  }

  function stepStarted({ step }: StepStarted): string {
    section = 'step'
    const covers = step.covers.length > 0 ? style('dim', `  ${coversInWords(step.covers)}`) : ''
    return `\n${style('bold', `${step.number}. ${step.title}`)}${covers}\n`
  }

  function command(event: CommandEnded): string {
    const heading = event.phase === 'undo' && section !== 'undo' ? `\n${style('bold', 'Clean-up')}\n` : ''
    if (event.phase === 'undo') section = 'undo'
    const ended = [
      ...(event.signal === null ? [] : [`ended by ${event.signal}`]),
      ...(event.exitCode === null || event.exitCode === 0 ? [] : [`exit code ${event.exitCode}`]),
      ...(event.ms < 1000 ? [] : [duration(event.ms)]),
    ].join(', ')
    return [
      `${heading}   ${style('cyan', prompt(event))} ${indent(printable(event.command), 5).trimStart()}\n`,
      printed(event.stdout),
      printed(event.stderr),
      ended === '' ? '' : `     ${style(event.exitCode === 0 ? 'dim' : 'yellow', `(${ended})`)}\n`,
    ].join('')
  }

  function printed(text: string): string {
    const clean = printable(text).replace(/\n+$/, '')
    if (clean === '') return ''
    const lines = clean.split('\n')
    const kept = shorten ? cutMiddle(lines) : lines
    return kept.map(line => (line === '' ? '\n' : `     ${style('dim', line)}\n`)).join('')
  }

  function expectation({ text, status, saw, looks, ms }: ExpectationEnded): string {
    const patience = looks > 1 || ms >= 1000 ? ` (${count(looks, 'look')}, ${duration(ms)})` : ''
    const mark = status === 'passed' ? style('green', '✓') : style('red', '✗')
    const seen = indent(`saw ${printable(saw)}${patience}`, 5)
    return `   ${mark} ${indent(printable(text), 5).trimStart()}\n${style('dim', seen)}\n`
  }

  function stepEnded({ status, ms, failure }: StepEnded): string {
    const took =
      status === 'passed' ? style('dim', `   passed in ${duration(ms)}`) : style('red', `   failed in ${duration(ms)}`)
    return `${took}\n${failure ? shown(failure, 3) : ''}`
  }

  /** Steps that were not run for one reason are told together: after a failure they are many. */
  function skippedSteps(): string {
    const [first, ...more] = skipped
    const last = more.at(-1)
    if (!first) return ''
    const { number, title } = first.step
    const which = last ? `Steps ${number} to ${last.step.number}, from "${title}" on,` : `Step ${number}, "${title}",`
    return `\n${style('dim', `${which} skipped${because(first.reason)}`)}\n`
  }

  /** A failure is told once, though its step and its lab both name it. */
  function shown(failure: Failure, columns: number): string {
    const text = printable(failureInWords(failure))
    if (told.has(text)) return ''
    told.add(text)
    const [first = '', ...rest] = indent(text, columns).split('\n')
    return `\n${[style('red', first), ...rest].join('\n')}\n`
  }

  function residue({ differences, ms }: ResidueTaken): string {
    const took = style('dim', ` (${duration(ms)})`)
    section = 'residue'
    if (differences.length === 0)
      return `\n${style('green', '✓')} ${several ? 'the machines are as they were' : 'the machine is as it was'} before the lab${took}\n`
    const lines = differences.map(line => `     ${style(line.startsWith('+') ? 'green' : 'red', printable(line))}\n`)
    return `\n${style('red', '✗')} ${several ? 'the machines are not as they were' : 'the machine is not as it was'} before the lab${took}\n${lines.join('')}`
  }

  function machineKept({ machine, name, enter, remove }: MachineKept): string {
    const heading = `\n${style('bold', `The machine ${machine} stays, as asked`)}\n`
    const byHand = name === undefined ? '' : `   ${style('dim', `by hand: ${enter}; ${remove}`)}\n`
    return `${heading}${entryInWords({ name, enter, remove })}${byHand}`
  }

  function labEnded(event: LabEnded): string {
    const { lab, status, ms, failure, reason } = event
    if (failure && failure.kind !== 'interrupted') failed.push(event)
    const mark = { passed: style('green', '✓'), failed: style('red', '✗'), skipped: style('dim', '-') }[status]
    const which = whichRun(event)
    return `${failure ? shown(failure, 0) : ''}\n${mark} ${style('bold', lab.name)}${which && `${which},`} ${status} in ${duration(ms)}${because(reason)}\n`
  }

  function refusedAgain(event: LabEnded): string {
    failed.push(event)
    return `\n${style('red', '✗')} ${style('bold', nameOf(event))}: no machine, as above\n`
  }

  function labRepeated({ lab, cell, runs, passed, differences }: LabRepeated): string {
    const alike = differences.length === 0
    const mark = alike && passed === runs ? style('green', '✓') : style('red', '✗')
    const verdict = alike ? (runs > 1 ? ', each time alike' : '') : ', and its runs differ'
    const how = alike ? '' : `${indent(printable(differencesInWords(differences)), 3)}\n`
    return `\n${mark} ${style('bold', lab)}${whichRun({ cell })} passed ${passed} of ${count(runs, 'time')}${verdict}\n${how}`
  }

  function runEnded({ exitCode, totals, ms, failure }: RunEnded): string {
    const sum = `${totalsInWords(totals)}; ${duration(ms)}`
    // What this host refuses to one lab, provider or suite it may give to the next.
    const refused = exitCode === 2 && totals.labs.passed > 0
    const partly = exitCode === 0 && totals.steps.skipped > 0
    const outcome = refused
      ? 'Every claim that was tried held, but this host could not try all.'
      : partly
        ? 'Every claim that was tried held.'
        : (outcomes[exitCode] ?? `exit code ${exitCode}`)
    const counts = totals.steps.passed + totals.steps.failed + totals.steps.skipped > 0 ? `${style('bold', sum)}\n` : ''
    const why = failure ? shown(failure, 0) : ''
    return `${why}${failures()}${counts}${style(exitCode === 0 ? 'green' : 'red', outcome)}\n`
  }

  /** Where there are many stories, those to be looked for. */
  function failures(): string {
    if (runs < 2) return ''
    const reasons = Map.groupBy(failed, ({ failure }) =>
      failure ? printable(failureInWords(failure)).split('\n')[0] : '',
    )
    const lines = [...reasons].map(
      ([what, labs]) => `${style('red', '✗')} ${style('bold', labs.map(nameOf).join(', '))}: ${what}\n`,
    )
    return lines.length > 0 ? `\n${lines.join('')}` : ''
  }
}

/** `: the kernel has no ip_vs`; '' where nothing is said. */
function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${printable(reason)}`
}

function nameOf({ lab, repetition, cell }: LabEnded): string {
  const which = whichRun({ cell, repetition }).slice(2)
  return which === '' ? lab.name : `${lab.name} (${which})`
}

const outcomes: Record<number, string> = {
  0: 'Every claim held.',
  1: 'A claim or a command failed.',
  2: 'Nothing was tested.',
  3: 'A machine died: nothing can be said.',
  130: 'Interrupted.',
}

const longOutput = 24
const shownAtEachEnd = 9

function cutMiddle(lines: string[]): string[] {
  if (lines.length <= longOutput) return lines
  const left = lines.length - 2 * shownAtEachEnd
  const gap = `… ${left} more lines; a log has them all: -- --reporter line=FILE`
  return [...lines.slice(0, shownAtEachEnd), gap, ...lines.slice(-shownAtEachEnd)]
}

function indent(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(columns))
}
