import { expect } from 'chai'
import { asked } from './arguments.ts'

describe('the arguments of npm test', () => {
  it('are all of the tier, unless files are named', () => {
    expect(asked([])).to.deep.equal({ all: false, record: false, files: undefined, mocha: [] })
    expect(asked(['test/vm/pcap.test.ts', 'test/vm/seed.test.ts']).files).to.have.length(2)
    expect(asked(['--all', '--record'])).to.deep.equal({ all: true, record: true, files: undefined, mocha: [] })
  })

  it('are mocha’s where they are not ours', () => {
    expect(asked(['test/a.test.ts', '--grep', 'bridge', '--bail']).mocha).to.deep.equal(['--grep', 'bridge', '--bail'])
  })
})
