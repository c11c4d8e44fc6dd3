import { styleText } from 'node:util'
import { HostError } from '../../vm/errors.ts'
import { readEvidence, readLedger } from '../ledger/files.ts'
import { story } from '../ledger/story.ts'
import { wantsColor } from '../reporters/output.ts'
import { nearest } from './known.ts'

/** Prints one claim's story out of the committed ledger; resolves to 0. @throws HostError for an id that no document has */
export async function why(id: string): Promise<number> {
  const ledger = await readLedger()
  if (!ledger) {
    throw new HostError('there is no ledger yet', {
      mend: 'make it: npm run lab -- --all --reporter json=report.json && npm run lab ledger report.json -- --update',
    })
  }
  const { claims } = ledger
  const claim = claims.find(claim => claim.id === id.toUpperCase())
  if (!claim) {
    const near = nearest(
      id,
      claims.map(({ id }) => id),
    )
    throw new HostError(`no document has a claim "${id}"`, {
      mend: `${near === undefined ? '' : `did you mean ${near}? `}all of them: npm run lab coverage`,
    })
  }
  const labs = new Set(claim.cells.flatMap(({ proofs }) => proofs.map(({ lab }) => lab)))
  const evidence = await Promise.all([...labs].map(readEvidence))
  const color = wantsColor(process.stdout.isTTY === true, process.env)
  const style = (format: 'bold' | 'dim') => (text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text
  const known = evidence.filter(one => one !== undefined)
  process.stdout.write(story(claim, known, { bold: style('bold'), dim: style('dim') }))
  return 0
}
