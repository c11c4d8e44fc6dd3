import { expect } from 'chai'
import { type Asked, asked } from './arguments.ts'

const none: Asked = { all: false, changed: undefined, files: undefined, mocha: [], record: false }

describe('the arguments of npm test', () => {
  it('are all of the tier, unless files are named', () => {
    expect(asked([])).to.deep.equal(none)
    const files = ['test/vm/pcap.test.ts', 'test/vm/seed.test.ts']
    expect(asked(files)).to.deep.equal({ ...none, files })
    expect(asked(['--all', '--record'])).to.deep.equal({ ...none, all: true, record: true })
  })

  it('are what has changed since a commit, or since the last one', () => {
    expect(asked(['--changed'])).to.deep.equal({ ...none, changed: 'HEAD' })
    expect(asked(['--changed', 'main'])).to.deep.equal({ ...none, changed: 'main' })
    expect(asked(['--changed', '--bail'])).to.deep.equal({ ...none, changed: 'HEAD', mocha: ['--bail'] })
  })

  it('are mocha’s where they are not ours', () => {
    const mocha = ['--grep', 'bridge', '--bail']
    expect(asked(['test/a.test.ts', ...mocha])).to.deep.equal({ ...none, files: ['test/a.test.ts'], mocha })
  })
})
