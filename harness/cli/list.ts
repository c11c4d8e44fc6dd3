import { styleText } from 'node:util'
import type { LabHeader } from '../events.ts'
import { coversInWords, documentInWords, needsInWords } from '../reporters/words.ts'

/** The labs for people: name, title, document, what each needs, its steps. */
export function listing(labs: LabHeader[], color: boolean): string {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text
  const entries = labs.map(({ name, title, document, steps, ...needs }) =>
    [
      `${style('bold', name)}  ${title}`,
      style('dim', `  document ${documentInWords(document)}`),
      style('dim', `  needs    ${needsInWords(needs)}`),
      ...steps.map(step => {
        const covers = step.covers.length > 0 ? style('dim', `  ${coversInWords(step.covers)}`) : ''
        return `  ${String(step.number).padStart(2)}. ${step.title}${covers}`
      }),
      '',
    ].join('\n'),
  )
  const [first = 'NAME'] = labs.map(({ name }) => name)
  return [...entries, `Run one: npm run lab ${first}    What else there is: npm run lab -- --help\n`].join('\n')
}
