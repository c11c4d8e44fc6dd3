import { expect } from 'chai'
import { coverageOf } from '../../../harness/claims/coverage.ts'
import { readDocuments } from '../../../harness/claims/documents.ts'
import { differs, holds } from '../../../harness/claims/verdict.ts'
import { lab } from '../../../harness/index.ts'
import { headerOf } from '../../../harness/run/register.ts'
import { findLabs } from '../../../harness/run/registry.ts'

const claim = (id: string) => ({ id, kind: 'claim' as const, section: 'All', says: 'So it is.' })
const documents = [{ document: '001', about: 'A page', claims: ['S001-01', 'S001-02', 'S001-03'].map(claim) }]
const definition = { title: 'A lab', document: '001', topology: '', engine: false }

describe('coverage', () => {
  it('lays the verdicts of steps beside the claims, and finds claims that none judges', () => {
    const header = headerOf(
      'a-lab',
      lab({ ...definition, untestable: { 'S001-03': 'it asks a registry' } }, ({ step }) => {
        step('one', { covers: ['S001-01'] }, async () => {})
        step('two', { covers: [differs('S001-01', 'in part')] }, async () => {})
      }),
    )
    const { claims, unknown } = coverageOf(documents, [header])
    expect(claims.map(({ id, verdict }) => [id, verdict])).to.deep.equal([
      ['S001-01', 'differs'],
      ['S001-02', undefined],
      ['S001-03', 'untestable'],
    ])
    expect(claims[0]?.proofs).to.deep.equal([
      { lab: 'a-lab', step: { number: 1, title: 'one' }, judgement: holds('S001-01') },
      { lab: 'a-lab', step: { number: 2, title: 'two' }, judgement: differs('S001-01', 'in part') },
    ])
    expect(unknown).to.deep.equal([])
  })

  it('finds an id that no document has', () => {
    const header = headerOf(
      'a-lab',
      lab(definition, ({ step }) => step('one', { covers: ['S009-01'] }, async () => {})),
    )
    const { unknown } = coverageOf(documents, [header])
    expect(unknown.map(({ lab, judgement }) => [lab, judgement.id])).to.deep.equal([['a-lab', 'S009-01']])
  })
})

describe("the documents' inventories", () => {
  it('name each claim once, under the number of its document', async () => {
    const all = await readDocuments()
    const ids = all.flatMap(({ claims }) => claims.map(({ id }) => id))
    expect(ids).to.have.lengthOf(242)
    expect(new Set(ids).size).to.equal(ids.length)
    for (const { document, claims } of all) {
      for (const { id } of claims) expect(id).to.match(new RegExp(`^S${document.slice(0, 3)}-\\d\\d$`))
    }
  })

  it('have every claim that a lab names, and the labs give a reason where one does not hold', async () => {
    const headers = (await findLabs()).map(({ header }) => header)
    expect(coverageOf(await readDocuments(), headers).unknown).to.deep.equal([])
    const judgements = headers.flatMap(({ steps, untestable }) => [
      ...steps.flatMap(step => step.covers),
      ...untestable,
    ])
    for (const { id, verdict, because } of judgements) {
      if (verdict !== 'holds') expect(because, id).to.match(/\w/)
    }
  })
})
