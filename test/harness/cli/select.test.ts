import { expect } from 'chai'
import { labsNamed, stepMeant } from '../../../harness/cli/select.ts'
import { HostError } from '../../../vm/errors.ts'

describe('what a command line means', () => {
  const labs = [{ name: 'a-lab' }, { name: 'b-lab' }]
  const steps = ['br01 is a bridge', 'br01 is up', 'ns01 is a netns'].map((title, i) => ({
    number: i + 1,
    title,
    covers: [],
    changed: [],
    needs: {},
  }))
  const lab = { name: 'a-lab', steps }

  it('labs run in the order in which they are named, each once', () => {
    expect(labsNamed(['b-lab', 'a-lab', 'b-lab'], labs)).to.deep.equal([{ name: 'b-lab' }, { name: 'a-lab' }])
  })

  it('an unknown lab lists the labs, and the commands that it might have meant', () => {
    expect(() => labsNamed(['docter'], labs, ['doctor']))
      .to.throw(HostError)
      .with.property('mend', 'did you mean doctor? known: a-lab, b-lab, doctor')
  })

  it('a step is meant by its number, or by a part of its title', () => {
    expect(stepMeant('2', lab).title).to.equal('br01 is up')
    expect(stepMeant('NETNS', lab).number).to.equal(3)
  })

  it('a step that is none, or several, lists those it could be', () => {
    for (const none of ['0', '4', 'tunnel']) {
      expect(() => stepMeant(none, lab))
        .to.throw(HostError, `a-lab has no step "${none}"`)
        .with.property('mend')
        .which.includes('3. ns01')
    }
    expect(() => stepMeant('br01', lab))
      .to.throw(HostError, 'several steps')
      .with.property('mend', 'name one by its number or a part of its title:\n1. br01 is a bridge\n2. br01 is up')
  })
})
