import { expect } from 'chai'
import { holds, lab } from '../../../harness/index.ts'
import { headerOf } from '../../../harness/run/register.ts'

const definition = { title: 'A lab', document: '001', topology: '', engine: false }

describe('a lab', () => {
  it('tells its steps before anything runs', () => {
    const changed = [{ since: 28, of: 'names' as const, says: 'It is so' }]
    const header = headerOf(
      'a-lab',
      lab(definition, ({ step }) => {
        step('one', { covers: ['S001-01'] }, async () => {})
        step('two', { changed }, async () => {})
      }),
    )
    expect(header.steps).to.deep.equal([
      { number: 1, title: 'one', covers: [holds('S001-01')], changed: [], needs: {} },
      { number: 2, title: 'two', covers: [], changed, needs: {} },
    ])
  })

  it('is refused when it acts outside a step', () => {
    expect(() =>
      headerOf(
        'a-lab',
        lab(definition, ({ $ }) => void $`ip link`),
      ),
    ).to.throw('acts outside a step')
    expect(() =>
      headerOf(
        'a-lab',
        lab(definition, ({ defer }) => void defer`true`),
      ),
    ).to.throw('acts outside a step')
  })

  it('is refused when two steps have one title', () => {
    const twice = lab(definition, ({ step }) => {
      step('one', async () => {})
      step('one', async () => {})
    })
    expect(() => headerOf('a-lab', twice)).to.throw('two steps "one"')
  })
})
