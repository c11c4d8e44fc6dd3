import { type Failure, labOf, type Reporter, type RunEvent } from '../events.ts'
import type { Output } from './output.ts'
import { failureInWords, printable, whichRun } from './words.ts'

/** Annotations for GitHub Actions: each failure as an error at the lab's line, as soon as it happens. */
export function reporter(output: Output): Reporter {
  const told = new Set<string>()
  return {
    on(event: RunEvent) {
      const failure = failureIn(event)
      if (!failure) return
      const line = annotation(titleOf(event), failure)
      // A lab ends with the failure of its step.
      if (told.has(line)) return
      told.add(line)
      output.write(line)
    },
    end: () => output.close(),
  }
}

function failureIn(event: RunEvent): Failure | undefined {
  return event.type === 'step-ended' || event.type === 'lab-ended' || event.type === 'run-ended'
    ? event.failure
    : undefined
}

function titleOf(event: RunEvent): string {
  const of = labOf(event)
  return of ? `${of.lab}${whichRun(of)}` : 'the run'
}

/** One workflow command: `::error file=labs/docker0.ts,line=32,title=docker0, forky::…`. */
export function annotation(title: string, failure: Failure): string {
  const [, file, line] = /^([^\s:]+):(\d+)/.exec(failure.where ?? '') ?? []
  const place = file === undefined ? [] : [`file=${property(file)}`, `line=${line}`]
  return `::error ${[...place, `title=${property(title)}`].join(',')}::${data(printable(failureInWords(failure)))}\n`
}

// As the runner reads its commands (actions/toolkit, packages/core/src/command.ts).
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
