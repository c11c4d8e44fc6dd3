import { HostError } from '../../vm/errors.ts'
import type { Reporter } from '../events.ts'
import { loadReporter } from '../reporters/load.ts'
import { type MochaReport, mochaReport } from '../reporters/mocha.ts'
import { fileOutput, type Output, standardError, standardOutput } from '../reporters/output.ts'

/** The reports that were asked for, ready to be told. */
export interface Reports {
  reporters: Reporter[]
  mocha: MochaReport[]
}

/** What `--reporter` names: `junit=out.xml` goes to a file, `line` to standard output. */
export interface ReporterChoice {
  name: string
  path: string | undefined
}

/** Reads one `--reporter`. */
export function reporterChoice(text: string): ReporterChoice {
  const at = text.indexOf('=')
  const [name, path] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
  if (name === '' || path === '') {
    throw new HostError(`--reporter ${text} names no ${name === '' ? 'reporter' : 'file'}`, {
      mend: '--reporter junit=out.xml',
    })
  }
  return { name, path }
}

/**
 * Loads the reporters and opens their files: what can't be written is better known before the run. At most one goes to
 * standard output: two would write into each other. One that fails later is told to `onFailure`, once, and to nobody else.
 */
export async function openReports(choices: ReporterChoice[], onFailure: (error: HostError) => void): Promise<Reports> {
  const chosen = choices.length > 0 ? choices : [{ name: 'line', path: undefined }]
  const [first, second] = chosen.filter(({ path }) => path === undefined)
  if (first && second) {
    throw new HostError(`the reporters ${first.name} and ${second.name} would both write to standard output`, {
      mend: `give one of them a file: --reporter ${second.name}=FILE`,
    })
  }
  const reports: Reports = { reporters: [], mocha: [] }
  for (const { name, path } of chosen) {
    const loaded = await loadReporter(name)
    const output = path === undefined ? undefined : opened(path)
    const failed = (error: unknown) => onFailure(reportFailure(name, error))
    if ('factory' in loaded) reports.reporters.push(guarded(loaded.factory(output ?? standardOutput()), failed))
    else reports.mocha.push(mochaReport(loaded.mocha, output, failed))
  }
  if (!first && process.stderr.isTTY) reports.reporters.push(progressOnly())
  return reports
}

/** Where no report is on the terminal, what takes time is still told there. */
function progressOnly(): Reporter {
  return {
    on(event) {
      if (event.type === 'progress') process.stderr.write(`  … ${event.line}\n`)
    },
  }
}

function opened(path: string): Output {
  if (path === '/dev/stderr') return standardError()
  const output = fileOutput(path)
  output.write('')
  return output
}

/** A reporter that nobody has to fear: it doesn't throw, is told nothing more once it has, and is ended once, whoever asks first. */
function guarded(reporter: Reporter, onFailure: (error: unknown) => void): Reporter {
  let broken = false
  let ended: Promise<void> | undefined
  const fail = (error: unknown) => {
    broken = true
    onFailure(error)
  }
  const end = async () => {
    if (broken) return
    try {
      await reporter.end?.()
    } catch (error) {
      fail(error)
    }
  }
  return {
    on(event) {
      if (broken) return
      try {
        reporter.on(event)
      } catch (error) {
        fail(error)
      }
    },
    end: () => (ended ??= end()),
    aside(write) {
      if (broken || !reporter.aside) write()
      else reporter.aside(write)
    },
  }
}

function reportFailure(name: string, cause: unknown): HostError {
  if (cause instanceof HostError) return cause
  const { message, stack = '' } = cause instanceof Error ? cause : new Error(String(cause))
  const line = /^ +at (.*)$/m.exec(stack)?.[1] ?? name
  return new HostError(`the reporter ${name} failed: ${message}`, { mend: `mend it: ${line}`, cause })
}
