import { expect } from 'chai'
import { appliesTo, differs, gravest, holds, isFalse, untestable } from '../../../harness/claims/verdict.ts'

describe('a verdict', () => {
  it('is the gravest of what the labs prove of a claim', () => {
    expect(gravest([holds('S001-01'), isFalse('S001-01', 'it is not'), differs('S001-01', 'a bit')])).to.equal('false')
    expect(gravest([holds('S001-01'), differs('S001-01', 'a bit')])).to.equal('differs')
    expect(gravest([untestable('S001-01', 'no Internet'), holds('S001-01')])).to.equal('holds')
    expect(gravest([])).to.equal(undefined)
  })

  it('is meant for the engines and the backend that it names', () => {
    const old = holds('S000-25', { engine: '<28' })
    const recent = differs('S000-25', 'gone', { engine: '>=28' })
    const on = (engine: string | null) => ({ engine, backend: 'nft' })
    for (const engine of ['20.10.24+dfsg1', '26.1.5+dfsg1']) {
      expect([appliesTo(old, on(engine)), appliesTo(recent, on(engine))]).to.deep.equal([true, false])
    }
    for (const engine of ['28.0.0', '28.5.2+dfsg4']) {
      expect([appliesTo(old, on(engine)), appliesTo(recent, on(engine))]).to.deep.equal([false, true])
    }
    expect(appliesTo(holds('S000-25', { engine: '<28.5' }), on('28.5.2+dfsg4'))).to.equal(false)
    expect(appliesTo(holds('S000-25', { backend: 'legacy' }), on(null))).to.equal(false)
    expect(appliesTo(old, on(null))).to.equal(true)
  })
})
