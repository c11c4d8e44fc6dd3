import { expect } from 'chai'
import { netns } from '../../../harness/looks/netns.ts'
import { suites } from '../../../vm/suite.ts'
import { recording, seen } from './recorded.ts'

describe('netns', () => {
  for (const suite of suites) {
    it(`are told by name, with what tells them apart, on ${suite}`, () => {
      const all = seen(suite, 'netns', netns())
      expect(all.map(({ name }) => name)).to.deep.equal(['ns01', 'ns02', 'outside'])
      expect(new Set(all.map(({ inode }) => inode)).size).to.equal(3)
      expect(all.map(({ id }) => id)).to.have.members([0, 1, 2])
    })
  }

  it('have no inode where nothing is bound to the name', () => {
    const output = recording('trixie', 'netns')
    const stdout = output.stdout.replace(/^nsfs (\d+ ns01)$/m, 'tmpfs $1')
    expect(netns().parse({ ...output, stdout })[0]).to.deep.equal({ name: 'ns01', id: 1 })
  })

  it('are none where none was ever made', () => {
    expect(netns().parse({ exitCode: 0, signal: null, stdout: '', stderr: '' })).to.deep.equal([])
  })
})
