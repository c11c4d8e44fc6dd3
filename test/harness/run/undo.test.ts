import { expect } from 'chai'
import { undoStack } from '../../../harness/run/undo.ts'

describe('what was deferred', () => {
  it('runs last first, all of it even when one fails', async () => {
    const ran: string[] = []
    const undos = undoStack()
    for (const name of ['first', 'second', 'third']) {
      undos.push({
        command: name,
        run: async () => {
          ran.push(name)
          if (name === 'second') throw new Error('second failed')
        },
      })
    }
    const errors = await undos.unwind()
    expect(ran).to.deep.equal(['third', 'second', 'first'])
    expect(errors.map(String)).to.deep.equal(['Error: second failed'])
    expect(await undos.unwind()).to.deep.equal([])
    expect(ran).to.have.lengthOf(3)
  })

  it('is not run when a step has run the same command, or says that it is done', async () => {
    const ran: string[] = []
    const undos = undoStack()
    const add = (command: string) => undos.push({ command, run: async () => ran.push(command) })
    add('ip netns del ns01')
    add('ip netns del ns02')
    const wire = add('ip link delete br-veth01')
    undos.settle('ip netns del ns01')
    wire.done()
    await undos.unwind()
    expect(ran).to.deep.equal(['ip netns del ns02'])
  })

  it('is told as it changes: what would be run, last first, and what failed', async () => {
    const told: string[] = []
    const undos = undoStack(open => told.push(open.map(({ command }) => command).join(' ')))
    const add = (command: string, fails = false) =>
      undos.push({ command, run: async () => (fails ? Promise.reject(new Error(command)) : undefined) })
    add('one')
    add('two', true)
    add('three').done()
    await undos.unwind()
    expect(told).to.deep.equal(['one', 'two one', 'three two one', 'two one', 'one two', 'two'])
  })
})
