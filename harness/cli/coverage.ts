import { styleText } from 'node:util'
import { type Coverage, type CoveredClaim, coverageOf, type Proof } from '../claims/coverage.ts'
import { readDocuments } from '../claims/documents.ts'
import { type Unproved, unprovedIn } from '../claims/proved.ts'
import { verdicts } from '../claims/verdict.ts'
import { wantsColor } from '../reporters/output.ts'
import { count } from '../reporters/words.ts'
import { findLabs } from '../run/registry.ts'
import { readReport } from './read-report.ts'

/**
 * Prints which lab and step judges each documented claim, and its verdict; starts no machine. With reports of runs also which of
 * these proofs were given in none of them. 0 when every claim of every document is judged, nothing else is, and nothing is
 * unproved; else 1.
 */
export async function coverage(reports: readonly string[]): Promise<number> {
  const [documents, labs, runs] = await Promise.all([readDocuments(), findLabs(), Promise.all(reports.map(readReport))])
  const found = coverageOf(
    documents,
    labs.map(({ header }) => header),
  )
  const unproved = runs.length > 0 ? unprovedIn(found, runs) : []
  process.stdout.write(inWords(found, unproved, wantsColor(process.stdout.isTTY === true, process.env)))
  return isComplete(found) && unproved.length === 0 ? 0 : 1
}

function isComplete({ claims, unknown }: Coverage): boolean {
  return unknown.length === 0 && claims.every(({ verdict }) => verdict !== undefined)
}

const said = { holds: 'holds', differs: 'differs', false: 'is false', untestable: 'can’t be tested' }

/** The coverage for people: each document's claims in order, what is wrong with the proofs, how many there are of each verdict. */
export function inWords(coverage: Coverage, unproved: readonly Unproved[], color: boolean): string {
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
  const missing = unproved.map(({ proof, why }) => {
    const { lab, step, judgement } = proof
    return `${style('red', '✗')} ${judgement.id}: ${lab} ${step?.number} says that it ${said[judgement.verdict]}, but did not prove it: ${why}\n`
  })
  const sums = verdicts.map(name => `${name} ${claims.filter(({ verdict }) => verdict === name).length}`)
  const open = claims.filter(({ verdict }) => verdict === undefined).length
  const sum = `${count(claims.length, 'claim')}: ${sums.join(', ')}, not yet judged ${open}`
  return `${sections.join('')}${strangers.join('')}${missing.join('')}${style('bold', sum)}\n`

  function judgement({ lab, step, judgement: { verdict, because, on } }: Proof): string {
    const where = step ? `${lab} ${step.number}` : lab
    const circumstances = Object.entries(on).map(([name, value]) => ` ${name} ${value}`)
    return `${verdict}${circumstances.join('')}  ${style('dim', where)}${because === null ? '' : `: ${because}`}`
  }
}
