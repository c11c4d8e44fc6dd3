import type { Document, DocumentedClaim } from '../claims/documents.ts'
import type { Judgement, LabHeader } from '../events.ts'
import { normalised } from '../repeat/volatile.ts'
import type { JsonLab, JsonStep } from '../reporters/json-report.ts'
import { cell, table } from '../reporters/markdown.ts'
import { coversInWords, needsInWords, prompt } from '../reporters/words.ts'

/**
 * A lab's page, in Markdown: what it reproduces and needs, its verdicts, and the commands of a run of it, step by step. A step that the
 * run's machine could not do stays as it was in the page `before`: another machine could.
 */
export function labPage(header: LabHeader, run: JsonLab, documents: readonly Document[], before: string): string {
  const { name, title, document, finds, topology, steps } = header
  const about = documents.find(one => one.document === document)?.about
  const claims = new Map(documents.flatMap(({ claims }) => claims.map(claim => [claim.id, claim])))
  const verdicts = [
    ...steps.flatMap(({ number, covers }) => covers.map(on => ({ step: number, ...on }))),
    ...header.untestable,
  ]
  const parts = [
    `<!-- Made by \`npm run lab docs\` of a run: change the lab instead. -->`,
    `# ${title}`,
    finds ? `Finds: ${finds}.` : '',
    [
      `    npm run lab ${name}`,
      '',
      `- reproduces: ${about ? `${about} (\`${document}\`)` : 'no document; the lab is our own'}`,
      `- needs: ${needsInWords(header)}`,
      `- source: [labs/${name}.ts](../../labs/${name}.ts)`,
    ].join('\n'),
    code(topology.replace(/^\n+|\s+$/g, '')),
    ...(verdicts.length > 0 ? ['## Verdicts', verdictTable(verdicts, claims)] : []),
    '## Steps',
    ...run.steps.map(step => (step.status === 'skipped' ? sectionIn(before, step) : undefined) ?? stepSection(step)),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

/** One row for each thing that the lab says of a claim, with the steps that say it; what the document says stands in the first. */
function verdictTable(verdicts: (Judgement & { step?: number })[], claims: Map<string, DocumentedClaim>): string {
  const byId = [...Map.groupBy(verdicts, ({ id }) => id)].toSorted(([one], [other]) => one.localeCompare(other))
  const rows = byId.flatMap(([id, its]) => {
    const alike = Map.groupBy(its, ({ verdict, because, on }) => JSON.stringify([verdict, because, on]))
    return [...alike.values()].flatMap((group, i) => {
      const [first] = group
      if (!first) return []
      const where = Object.entries(first.on).map(([name, value]) => `${name} ${value}`)
      const verdict = [`**${first.verdict}**`, ...where].join(' ')
      const steps = group.flatMap(({ step }) => step ?? []).join(', ')
      return [[i === 0 ? id : '', i === 0 ? (claims.get(id)?.says ?? '') : '', verdict, first.because ?? '', steps]]
    })
  })
  return table(['claim', 'the document', 'verdict', 'because', 'steps'], rows)
}

function stepSection({ number, title, judgements, status, commands }: JsonStep): string {
  const lines = commands.map(command => `${prompt(command)} ${normalised(command.command)}`)
  return [
    heading({ number, title }),
    ...(judgements.length > 0 ? [`Claims: ${cell(coversInWords(judgements))}`] : []),
    ...(status === 'skipped' ? ['Not run yet: the machine that this page was made on lacks what it needs.'] : []),
    ...(lines.length > 0 ? [code(lines.join('\n'))] : []),
  ].join('\n\n')
}

function heading({ number, title }: Pick<JsonStep, 'number' | 'title'>): string {
  return `### ${number}. ${title}`
}

/** The section of a step in a page; undefined where the page has none. */
function sectionIn(page: string, step: JsonStep): string | undefined {
  const sections = page.trimEnd().split(/\n\n(?=### \d+\. )/)
  return sections.find(section => section.startsWith(`${heading(step)}\n`) || section === heading(step))
}

function code(text: string): string {
  // A fence must be longer than any in the text.
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text}\n${fence}`
}
