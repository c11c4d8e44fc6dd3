import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import type { Failure, LabEvent, StepHeader } from '../../../harness/events.ts'
import type { Mutation } from '../../../harness/mutate/mutation.ts'
import { trial } from '../../../harness/mutate/trial.ts'
import type { NamedMachine } from '../../../harness/run/site.ts'

const atStart: Mutation = {
  ...{ id: '0 flip-sysctl', operator: 'flip-sysctl', at: undefined, change: 'net.ipv4.ip_forward is set to 0' },
  act: { kind: 'at-start', machine: null, script: 'sysctl -qw net.ipv4.ip_forward=0' },
}
const known = { took: new Map<string, number>(), steps: new Map<number, number>() }
const machine = (exitCode: number) =>
  ({
    name: null,
    machine: { exec: async () => ({ exitCode, stdout: '', stderr: 'no such key' }) },
  }) as unknown as NamedMachine
const step = (number: number) => ({ number, title: `step ${number}` }) as StepHeader
const failed = (kind: Failure['kind']): LabEvent => {
  const failure = { kind, message: 'it should' }
  return { type: 'step-ended', lab: 'a', step: step(2), status: 'failed', ms: 1, failure }
}

describe('a mutation that is tried', () => {
  it('as the machine comes up counts from the step that turns red, not from the first', async () => {
    const { intervention, on, outcome } = trial(atStart, known)
    await intervention.begin?.([machine(0)])
    on({ type: 'step-started', lab: 'a', step: step(1) })
    await pause(300)
    const since = performance.now()
    on({ type: 'step-started', lab: 'a', step: step(2) })
    on(failed('claim'))
    const took = performance.now() - since
    const came = outcome()
    expect(came).to.deep.include({ result: 'killed' })
    expect(came.result === 'killed' && came.by).to.deep.include({ step: 2, kind: 'claim', message: 'it should' })
    // Rounded, it may be half a millisecond more.
    expect(came.result === 'killed' && came.by.ms).to.be.at.most(took + 1)
  })

  it('says so where it could not be done, or the machine was lost', async () => {
    const undone = await trial(atStart, known)
      .intervention.begin?.([machine(1)])
      .catch((error: Error) => error.message)
    expect(undone).to.equal("0 flip-sysctl can't be done: no such key")
    const lost = trial(atStart, known)
    await lost.intervention.begin?.([machine(0)])
    lost.on(failed('machine'))
    expect(lost.outcome()).to.deep.equal({ result: 'untried', because: 'it should' })
  })

  it('says so where its command was not come to', () => {
    const spot = { step: 1, command: 1, machine: null, text: 'ip link add br01', occurrence: 1, where: '' }
    const { intervention, outcome } = trial({ ...atStart, at: spot, act: { kind: 'leave-out' } }, known)
    expect(intervention.command?.({ step: 1, machine: null, text: 'ip link add br02', where: '' })).to.equal(
      'ip link add br02',
    )
    expect(outcome()).to.deep.equal({ result: 'untried', because: 'the command was not come to' })
    expect(intervention.command?.({ step: 1, machine: null, text: 'ip link add br01', where: '' })).to.equal(':')
  })
})
