import { HostError } from '../../vm/errors.ts'
import type { Reporter } from '../events.ts'
import { loadReporter } from '../reporters/load.ts'
import { type MochaReport, mochaReport } from '../reporters/mocha.ts'
import { fileOutput, standardOutput } from '../reporters/output.ts'

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

/** Loads the reporters. At most one goes to standard output: two would write into each other. */
export async function openReports(choices: ReporterChoice[]): Promise<Reports> {
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
    if ('factory' in loaded)
      reports.reporters.push(loaded.factory(path === undefined ? standardOutput() : fileOutput(path)))
    else reports.mocha.push(mochaReport(loaded.mocha, path === undefined ? undefined : fileOutput(path)))
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
