import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { readDocuments } from '../../../harness/claims/documents.ts'
import { readAllEvidence, readLedger } from '../../../harness/ledger/files.ts'
import { ledgerPage } from '../../../harness/ledger/page.ts'
import { upgradesOf } from '../../../harness/ledger/upgrades.ts'
import { normalised } from '../../../harness/repeat/volatile.ts'
import { findLabs } from '../../../harness/run/registry.ts'

describe('the committed ledger', () => {
  it('is on its page, with the rules of what is left out', async () => {
    const [ledger, documents, evidence] = await Promise.all([readLedger(), readDocuments(), readAllEvidence()])
    const page = await readFile(new URL('../../../docs/LEDGER.md', import.meta.url), 'utf8')
    expect(ledger && ledgerPage(ledger, documents, evidence)).to.equal(page)
  })

  it('has nothing in its evidence that differs from run to run by nature', async () => {
    for (const { lab, steps } of await readAllEvidence()) {
      for (const { number, seen } of steps) {
        const told = seen.flatMap(({ commands, expectations }) => [
          ...commands,
          ...expectations.flatMap(({ text, saw }) => [text, saw]),
        ])
        // What was cut off may end in the midst of a name.
        for (const text of told)
          expect(normalised(text), `${lab}, step ${number}`).to.satisfy(
            (left: string) => left === text || text.endsWith('…'),
          )
      }
    }
  })

  it('shows both sides of all that labs say newer engines do otherwise', async () => {
    const upgrades = upgradesOf(await readAllEvidence())
    for (const { name, header } of await findLabs()) {
      for (const { number, changed } of header.steps) {
        for (const { since, says } of changed) {
          const shown = upgrades.find(one => one.lab === name && one.step === number && one.says === says)
          expect(shown, `${name}, step ${number}: ${says}`).to.include({ since })
          expect([...(shown?.before.shows ?? []), ...(shown?.after.shows ?? [])], says).not.to.be.empty
        }
      }
    }
  })

  it('is told, wherever a verdict depends on the engine, what changed', async () => {
    for (const { name, header } of await findLabs()) {
      for (const { number, covers, changed } of header.steps) {
        const versions = covers.flatMap(({ on }) =>
          on.engine === undefined ? [] : [Number(/[\d.]+/.exec(on.engine)?.[0])],
        )
        for (const version of versions)
          expect(
            changed.map(({ since }) => since),
            `${name}, step ${number}`,
          ).to.include(version)
      }
    }
  })
})
