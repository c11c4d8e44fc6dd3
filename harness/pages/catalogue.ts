import type { LabHeader } from '../events.ts'
import { table } from '../reporters/markdown.ts'

const start = '<!-- catalogue: made by `npm run lab docs` -->'
const end = '<!-- end of the catalogue -->'

/** The catalogue of all labs: a table for a page that stands in the project's top folder. */
export function catalogue(labs: readonly LabHeader[]): string {
  const rows = labs.map(({ name, title, finds, steps, untestable }) => {
    const ids = new Set([...steps.flatMap(({ covers }) => covers), ...untestable].map(({ id }) => id))
    return [`[\`${name}\`](docs/labs/${name}.md)`, title, finds ?? '', ids.size === 0 ? 'ours' : String(ids.size)]
  })
  return table(['lab', 'reproduces', 'finds', 'claims'], rows)
}

/** A page with the catalogue in the place that is marked for it; undefined where the page has no such place. */
export function withCatalogue(page: string, labs: readonly LabHeader[]): string | undefined {
  const [from, to] = [page.indexOf(start), page.indexOf(end)]
  if (from < 0 || to < from) return undefined
  return `${page.slice(0, from)}${start}\n\n${catalogue(labs)}\n\n${page.slice(to)}`
}
