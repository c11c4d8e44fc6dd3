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
})
