import { expect } from 'chai'
import type { RunEvent } from '../../../harness/events.ts'
import { lab } from '../../../harness/index.ts'
import { InterruptedError } from '../../../harness/run/failure.ts'
import { headerOf } from '../../../harness/run/register.ts'
import type { LabFile } from '../../../harness/run/registry.ts'
import { HostError, MachineError } from '../../../vm/errors.ts'
import type { Machine, MachineRequest, Provider } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import type { Joiner, Segment } from '../../../vm/segment.ts'
import { holderOf } from '../../vm/providers/segment/holder.ts'
import { killed, outcomeOf } from './outcome.ts'

const definition = { title: 'several', document: null, topology: '', engine: false }
const fileOf = (made: ReturnType<typeof lab>): LabFile => {
  return { name: 'several', path: import.meta.filename, lab: made, header: headerOf('several', made) }
}
const commandsOf = (events: RunEvent[]) =>
  events.flatMap(event =>
    event.type === 'command' ? [`${event.segment ?? event.machine}: ${event.phase} ${event.command}`] : [],
  )

describe('a lab of several machines', () => {
  it('says beforehand which they are, and what joins them', () => {
    const made = lab(
      { ...definition, machines: ['alpha', 'beta', 'gamma'], segments: { west: ['alpha', 'beta'] } },
      ({ alpha, west, step }) => {
        // Looks may be named outside steps, as ever.
        const red = alpha.look.in({ netns: 'red' })
        step('one', async () => {
          await red.links()
          // @ts-expect-error: gamma is not on this segment
          await west.cut('gamma')
        })
      },
    )
    const { machines, segments } = headerOf('several', made)
    expect(machines).to.deep.equal(['alpha', 'beta', 'gamma'])
    expect(segments).to.deep.equal([{ name: 'west', machines: ['alpha', 'beta'] }])
  })

  it('is refused when it acts outside a step', () => {
    const outside = lab({ ...definition, machines: ['alpha', 'beta'] }, ({ segment }) => void segment.cut('alpha'))
    expect(() => headerOf('several', outside)).to.throw('acts outside a step')
  })

  it('gets them by their names, each with its link, its peers, and what it must undo', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const made = lab(
      {
        ...definition,
        machines: ['alpha', 'beta', 'gamma'],
        segments: { west: ['alpha', 'beta'], east: ['beta', 'gamma'] },
      },
      ({ alpha, beta, gamma, east, west, expect, step, defer }) => {
        step('one', async () => {
          await expect((await gamma.$`hostname`).stdout).to.print('gamma')
          await expect(beta.look.link('eth1')).to.show({
            mtu: 1500,
            state: 'UP',
            addresses: ['172.16.1.2/24', /^fe80/],
          })
          await expect(beta.look.link('eth2')).to.have.address('172.16.2.2/24')
          await expect(gamma.look.links()).not.to.show({ name: 'eth2' })
          await expect((await alpha.$`getent hosts beta gamma`.nothrow()).stdout).to.print(/^172\.16\.1\.2 +beta\n$/)
          for (const { $, defer } of [alpha, beta]) {
            await $`ip link add br01 type bridge`
            defer`ip link delete br01`
          }
          // Done here on one of them: so it is not undone there again, but on the other.
          await alpha.$`ip link delete br01`
          const seen = await alpha.look.together({
            here: alpha.look.link('br01'),
            there: beta.look.link('br01'),
            own: beta.look.link('eth2'),
          })
          expect([seen.here, seen.there?.name, seen.own?.name]).to.deep.equal([undefined, 'br01', 'eth2'])
        })
        step('two', async () => {
          const here = await west.capture({
            while: async () => {
              await alpha.$`ping -c 1 beta`
              await gamma.$`ping -c 1 beta`
            },
          })
          await expect(here).to.have.frame({ at: 'west', from: 'beta', icmp: { type: 'echo-reply' } })
          await expect(here).not.to.have.frame({ ip: { source: '172.16.2.3' } }, { witness: { from: 'alpha' } })
          const frames = await beta.look.capture(['eth1', 'eth2'], { while: () => gamma.$`ping -c 1 beta` })
          await expect(frames).to.have.frame({ at: 'eth2 on beta', icmp: { type: 'echo-request' } })
          await east.cut('gamma')
          defer(() => east.restore('gamma'))
          await expect(gamma.look.ping('beta')).not.to.answer({
            capture: act => west.capture({ while: () => Promise.all([act(), alpha.$`ping -c 1 beta`]) }),
            frame: { from: 'beta', icmp: { type: 'echo-reply' } },
          })
          await expect(gamma.look.link('eth1')).to.show({ state: 'DOWN' })
        })
      },
    )
    const { exitCode, failures, events } = await outcomeOf([fileOf(made)])
    expect(failures).to.deep.equal([undefined])
    expect(exitCode).to.equal(0)
    const started = events.filter(event => event.type === 'machine-started')
    expect(started.map(({ machine }) => machine)).to.deep.equal(['alpha', 'beta', 'gamma'])
    expect(started.map(({ facts }) => facts.machine)).to.include('sandbox:trixie/gamma')
    expect(commandsOf(events).filter(text => !/: act (ping|host|getent)/.test(text))).to.deep.equal([
      'alpha: act ip link add br01 type bridge',
      'beta: act ip link add br01 type bridge',
      'alpha: act ip link delete br01',
      'east: act cut gamma',
      'east: undo restore gamma',
      'beta: undo ip link delete br01',
    ])
    const texts = events.flatMap(event => (event.type === 'expectation' ? [event.text] : []))
    expect(texts).to.include('link eth2 on beta should have address 172.16.2.2/24')
  })

  it('fails when one of them is left changed, or cut off', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const made = lab({ ...definition, machines: ['alpha', 'beta'] }, ({ beta, segment, step }) => {
      step('one', async () => {
        await beta.$`ip route add 192.0.2.0/24 via 172.16.1.1`
        await segment.cut('alpha')
      })
    })
    const { exitCode, events } = await outcomeOf([fileOf(made)])
    expect(exitCode).to.equal(1)
    const residue = events.find(event => event.type === 'residue')
    expect(residue?.differences).to.deep.equal([
      '+ route 192.0.2.0/24 via 172.16.1.1 dev eth1 proto boot on beta',
      '+ alpha is cut off segment',
    ])
  })

  it('fails when one of them is lost, and the other goes', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const up: Machine[] = []
    const noted: Joiner = {
      ...sandbox,
      async start(request) {
        const machine = await sandbox.start(request)
        up.push(machine)
        return machine
      },
    }
    const made = lab({ ...definition, machines: ['alpha', 'beta'] }, ({ beta, step }) => {
      step('one', async () => {
        const alpha = up.find(({ name }) => name.endsWith('/alpha'))
        if (alpha) killed(alpha)
        await beta.$`sleep 1000`
      })
    })
    const { exitCode, failures } = await outcomeOf([fileOf(made)], { provider: noted })
    expect(exitCode).to.equal(3)
    expect(failures[0]).to.include({
      kind: 'machine',
      message: 'sandbox:trixie/alpha ended by itself: killed by SIGKILL',
    })
    for (const { entry } of up) expect(() => process.kill(Number(/\d+/.exec(entry.remove)?.[0]), 0)).to.throw('ESRCH')
  })

  it('in which nothing can be said once the segment is lost', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const made = lab({ ...definition, machines: ['rho', 'sigma'] }, ({ rho, step }) => {
      step('one', async () => {
        process.kill(holderOf('rho'), 'SIGKILL')
        await rho.$`until ! ping -c 1 -W 1 sigma; do sleep 0.1; done; false`
      })
    })
    const { exitCode, failures } = await outcomeOf([fileOf(made)])
    expect(failures[0]?.message).to.equal('the segment segment is gone: what held it ended with SIGKILL')
    expect(exitCode).to.equal(3)
  })

  it('whose one machine does not come up waits for no other, and what came up goes', async () => {
    let gone = 0
    const aborted: unknown[] = []
    const provider: Joiner = {
      ...sandbox,
      async start({ hostname, signal }: MachineRequest): Promise<Machine> {
        if (hostname === 'alpha') return { ...fakeMachine, [Symbol.asyncDispose]: async () => void gone++ }
        if (hostname === 'beta') {
          await new Promise(resolve => setTimeout(resolve, 20))
          throw new MachineError('beta did not come up', { mend: '' })
        }
        return await new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push(signal.reason)
            reject(signal.reason)
          })
        })
      },
    }
    const made = lab({ ...definition, machines: ['alpha', 'beta', 'gamma'] }, ({ step }) => step('one', async () => {}))
    const { exitCode, failures } = await outcomeOf([fileOf(made)], { provider })
    expect(failures[0]?.message).to.equal('beta did not come up')
    expect(exitCode).to.equal(3)
    expect(gone).to.equal(1)
    expect(aborted.map(String)).to.deep.equal(['MachineError: beta did not come up'])
  })

  it('that is called off while it is joined leaves no segment behind', async () => {
    const called = new AbortController()
    let ended = 0
    const segment = { kept: '', lost: new AbortController().signal, [Symbol.asyncDispose]: async () => void ended++ }
    const provider: Joiner = {
      ...sandbox,
      start: async () => ({ ...fakeMachine, [Symbol.asyncDispose]: async () => {} }),
      async join() {
        called.abort(new InterruptedError('enough'))
        await new Promise(resolve => setTimeout(resolve, 20))
        return segment as unknown as Segment
      },
    }
    const made = lab({ ...definition, machines: ['alpha', 'beta'] }, ({ step }) => step('one', async () => {}))
    const { exitCode } = await outcomeOf([fileOf(made)], { provider, signal: called.signal })
    expect(exitCode).to.equal(130)
    expect(ended).to.equal(1)
  })

  it('is skipped with a provider that joins no machines, before any is started', async () => {
    let started = 0
    const provider: Provider = {
      name: 'ssh',
      check: async () => [],
      start: async () => {
        started++
        throw new HostError('never', { mend: '' })
      },
    }
    const made = lab({ ...definition, machines: ['alpha', 'beta'] }, ({ step }) => step('one', async () => {}))
    const { exitCode, events } = await outcomeOf([fileOf(made)], { provider })
    expect(exitCode).to.equal(2)
    const ended = events.find(event => event.type === 'lab-ended')
    const reason = "ssh can't join machines by a wire, and the lab needs 2: qemu and sandbox can"
    expect(ended).to.deep.include({ status: 'skipped', reason })
    expect(started).to.equal(0)
  })
})

const fakeMachine = { name: 'sandbox:trixie/alpha', lost: new AbortController().signal, slowness: 1 } as Machine
