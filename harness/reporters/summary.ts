import type { Cell, Reporter, RunEvent } from '../events.ts'
import { jsonReport } from './json.ts'
import type { JsonLab, JsonReport } from './json-report.ts'
import { table } from './markdown.ts'
import type { Output } from './output.ts'
import { cellInWords, duration, factsInWords, failureInWords, printable, totalsInWords, whichRun } from './words.ts'

/** A page in Markdown at the end of the run: labs by kinds of machine, then what failed. For `$GITHUB_STEP_SUMMARY`. */
export function reporter(output: Output): Reporter {
  const events: RunEvent[] = []
  return {
    on: event => void events.push(event),
    end() {
      output.write(summaryOf(jsonReport(events)))
      output.close()
    },
  }
}

/** The page of a run's report. */
export function summaryOf(report: JsonReport): string {
  const { labs, cells, totals, failures, ms } = report
  const names = [...new Set(labs.map(({ name }) => name))]
  const places: (Cell | null)[] = cells.length > 1 ? cells : [null]
  const at = (name: string, place: Cell | null) =>
    labs.filter(lab => lab.name === name && (place === null || isSame(lab.cell, place)))
  const head = places.map(place => (place ? cellInWords(place) : (report.suite ?? 'result')))
  const rows = names.map(name => [name, ...places.map(place => outcome(at(name, place)))])
  const machines = new Map(labs.flatMap(({ machine }) => (machine ? [[factsInWords(machine), machine]] : [])))
  const parts = [
    `## ${report.exitCode === 0 ? '✅' : '❌'} ${totalsInWords(totals)}; ${duration(ms)}`,
    ...(rows.length > 0 ? [table(['lab', ...head], rows)] : []),
    ...(machines.size > 0 ? [`Machines: ${[...machines.keys()].toSorted().join('; ')}`] : []),
    ...failures.map(({ lab, cell, repetition, step, ...failure }) => {
      const where =
        lab === null ? 'The run' : `${lab}${whichRun({ cell, repetition })}${step === null ? '' : `, step ${step}`}`
      return `### ${where}\n\n\`\`\`\n${printable(failureInWords(failure)).replaceAll('```', '` ` `')}\n\`\`\``
    }),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Of several runs in one place: how many passed. */
function outcome(runs: readonly JsonLab[]): string {
  const [one] = runs
  if (!one) return ''
  const passed = runs.filter(({ status }) => status === 'passed').length
  if (runs.length > 1) return `${passed === runs.length ? '✅' : '❌'} ${passed} of ${runs.length}`
  if (one.status === 'skipped') return one.reason === null ? '–' : `– ${one.reason}`
  const skipped = one.steps.filter(({ status, reason }) => status === 'skipped' && reason !== null).length
  return `${one.status === 'passed' ? '✅' : '❌'} ${duration(one.ms)}${skipped > 0 ? `, ${skipped} steps skipped` : ''}`
}

function isSame(one: Cell | null, other: Cell): boolean {
  return one?.suite === other.suite && one.backend === other.backend && one.provider === other.provider
}
