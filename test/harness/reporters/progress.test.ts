import { expect } from 'chai'
import type { RunEvent } from '../../../harness/events.ts'
import { overview } from '../../../harness/reporters/progress.ts'
import { begun, eventsOf } from './several-labs.ts'

describe('how far the labs are', () => {
  const follow = (events: RunEvent[], from = overview()) => {
    for (const event of events) from.on(event, 1000)
    return from
  }
  const begin = begun(['a', 'long-name', 'c', 'd'])
  const [a = [], long = []] = ['a', 'long-name'].map(name => eventsOf(name))

  it('is a line for each that goes on: since when, which step of how many, what it does', () => {
    const labs = follow([begin, ...a.slice(0, 2), ...long.slice(0, 1)])
    expect(labs.lines(4700)).to.deep.equal([
      '  a          3 s  1/1  a does its step',
      '  long-name  3 s  0/1  a machine is started',
      '  4 labs: 2 waiting',
    ])
    expect(labs.lines(126_000)[0]).to.equal('  a          2 min 05 s  1/1  a does its step')
  })

  it('says what takes time before the first step, and what comes after the last', () => {
    const labs = follow([begin, ...a.slice(0, 1), { type: 'progress', lab: 'a', line: 'the kernel boots' }])
    expect(labs.lines(1000)[0]).to.match(/0\/1 {2}the kernel boots$/)
    const undo = a.find(event => event.type === 'command')
    if (undo?.type !== 'command') throw new Error('a lab acts')
    follow([{ ...undo, phase: 'undo', step: null }], labs)
    expect(labs.lines(1000)[0]).to.match(/clean-up$/)
  })

  it('counts the others: those that wait, and those that are over', () => {
    expect(follow([begin]).lines(0)).to.deep.equal(['  4 labs: 4 waiting'])
    const ended = [...a, ...eventsOf('c', { status: 'failed' })]
    expect(follow([begin, ...ended]).lines(0)).to.deep.equal(['  4 labs: 2 waiting, 1 passed, 1 failed'])
  })

  it('names which run of a lab it is', () => {
    const labs = follow([begun(['a'], { repeat: 9 }), ...eventsOf('a', { repetition: 7 }).slice(0, 2)])
    expect(labs.lines(2000)).to.deep.equal(['  a, run 7  1 s  1/1  a does its step', '  9 labs: 8 waiting'])
  })
})
