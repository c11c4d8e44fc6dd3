import { styleText } from 'node:util'
import { type Coverage, type CoveredClaim, coverageOf, type Proof } from '../claims/coverage.ts'
import { readDocuments } from '../claims/documents.ts'
import { verdicts } from '../claims/verdict.ts'
import { wantsColor } from '../reporters/output.ts'
import { count } from '../reporters/words.ts'
import { findLabs } from '../run/registry.ts'

/**
 * Prints which lab and step judges each documented claim, and its verdict; starts no machine. 0 when every claim of every
 * document is judged and nothing else is, else 1.
 */
export async function coverage(): Promise<number> {
  const [documents, labs] = await Promise.all([readDocuments(), findLabs()])
  const found = coverageOf(
    documents,
    labs.map(({ header }) => header),
  )
  process.stdout.write(inWords(found, wantsColor(process.stdout.isTTY === true, process.env)))
  return isComplete(found) ? 0 : 1
}

function isComplete({ claims, unknown }: Coverage): boolean {
  return unknown.length === 0 && claims.every(({ verdict }) => verdict !== undefined)
}

/** The coverage for people: each document's claims in order, then how many there are of each verdict. */
export function inWords(coverage: Coverage, color: boolean): string {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text
  const { claims, unknown } = coverage
  const line = ({ id, verdict, proofs }: CoveredClaim) =>
    verdict === undefined
      ? `  ${id}  ${style('red', 'no lab')}\n`
      : proofs.map(proof => `  ${id}  ${judgement(proof)}\n`).join('')
  const sections = [...Map.groupBy(claims, ({ document }) => document)].map(([document, its]) => {
    const judged = its.filter(({ verdict }) => verdict !== undefined).length
    return `${style('bold', document)}  ${judged} of ${count(its.length, 'claim')} judged\n${its.map(line).join('')}\n`
  })
  const strangers = unknown.map(({ lab, step, judgement: { id } }) => {
    const where = step ? `${lab}, step ${step.number} "${step.title}"` : lab
    return `${style('red', '✗')} ${id}: no document has it, and ${where} names it\n`
  })
  const sums = verdicts.map(name => `${name} ${claims.filter(({ verdict }) => verdict === name).length}`)
  const open = claims.filter(({ verdict }) => verdict === undefined).length
  const sum = `${count(claims.length, 'claim')}: ${sums.join(', ')}, not yet judged ${open}`
  return `${sections.join('')}${strangers.join('')}${style('bold', sum)}\n`

  function judgement({ lab, step, judgement: { verdict, because, on } }: Proof): string {
    const where = step ? `${lab} ${step.number}` : lab
    const circumstances = Object.entries(on).map(([name, value]) => ` ${name} ${value}`)
    return `${verdict}${circumstances.join('')}  ${style('dim', where)}${because === null ? '' : `: ${because}`}`
  }
}
