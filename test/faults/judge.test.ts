import { expect } from 'chai'
import type { Failure } from '../../harness/events.ts'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import { killed, machineDied, type Outcome, verdict } from './fault.ts'
import { problemsOf } from './judge.ts'
import type { Ended } from './private-host.ts'

const lastLook = '✓ the machine is as it was before the lab (98 ms)\n'
const died = machineDied(/MachineError/)

function ended(
  exitCode: number | undefined,
  stdout: string,
  kind?: Failure['kind'],
  residue: string[] | null = [],
): Ended {
  const failures = kind ? [{ kind, message: 'what was said' }] : []
  const labs = [{ name: 'holds', status: kind ? 'failed' : 'passed', residue, steps: [{ status: 'passed' }] }]
  const report = { exitCode, labs, failures } as unknown as JsonReport
  return { exitCode, stdout, stderr: '', ms: 1, report: exitCode === undefined ? undefined : report }
}
const judged = (may: Outcome[], end: Ended, saidWhenStruck?: string, noticedMs?: number, slowness = 1) =>
  problemsOf({ fault: { may, noticedMs: 3000 }, ended: end, saidWhenStruck, noticedMs, slowness })

describe('how a disturbed run ended', () => {
  it('is right where the machine is blamed for its death, in time', () => {
    expect(judged([died], ended(3, 'MachineError: gone', 'machine', null), '', 200)).to.deep.equal([])
    expect(judged([died], ended(3, 'MachineError: gone', 'machine', null), '', 3200)).to.deep.equal([
      'it was noticed after 3200 ms, and 3000 are right',
    ])
    // On a host that was busy with other things, too.
    expect(judged([died], ended(3, 'MachineError: gone', 'machine', null), '', 3200, 1.5)).to.deep.equal([])
    expect(judged([died], ended(3, 'nothing', 'machine', null), '', 200)).to.deep.equal([
      'it does not say /MachineError/',
    ])
  })

  it('is wrong where a claim or a command is blamed', () => {
    expect(judged([died], ended(1, 'CommandError: …', 'command'), '')).to.deep.equal([
      'it ended with 1, where 3 would be right',
      'a command is blamed: what was said',
    ])
    expect(judged([died], ended(3, 'MachineError: gone', 'claim'), '')).to.deep.equal([
      'a claim is blamed: what was said',
    ])
  })

  it('is right with every claim held only where the last look was over', () => {
    const held = ended(0, `${lastLook}Every claim held.`)
    expect(judged([died], held, lastLook)).to.deep.equal([])
    expect(judged([died], held, 'step 1')).to.deep.equal(['it ended with 0, where 3 would be right'])
    expect(judged([died], held)).to.deep.equal([])
  })

  it('is wrong with every claim held where the machine was not looked at in the end', () => {
    expect(judged([verdict], ended(0, 'Every claim held.', undefined, null))).to.deep.equal([
      'exit code 0, and holds is not proved',
    ])
  })

  it('is wrong where its report says another exit code, or it calls itself at fault', () => {
    const end = ended(3, 'MachineError: this is a fault of vethlab itself', 'machine', null)
    if (end.report) end.report.exitCode = 0
    expect(judged([died], end, '')).to.deep.equal([
      'its report says exit code 0, and it ended with 3',
      'it tells of a fault of its own',
    ])
  })

  it('is right without a word where the run itself was killed', () => {
    expect(judged([killed], ended(undefined, ''), '')).to.deep.equal([])
    expect(judged([died], ended(undefined, ''), '')).to.deep.equal(['it ended with a signal, where 3 would be right'])
  })
})
