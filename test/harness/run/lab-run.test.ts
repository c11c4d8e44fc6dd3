import { expect } from 'chai'
import { holds } from '../../../harness/claims/verdict.ts'
import type { RunEvent } from '../../../harness/events.ts'
import { InterruptedError } from '../../../harness/run/failure.ts'
import { HostError, MachineError } from '../../../vm/errors.ts'
import type { Machine, MachineRequest, Provider } from '../../../vm/machine.ts'
import { changed, killed, labOf, outcomeOf } from './outcome.ts'

const simple = (name = 'simple', options = {}) =>
  labOf(
    name,
    ({ $, step, defer }) => {
      step('one', async () => {
        await $`ip link add br01 type bridge`
        defer`ip link delete br01`
      })
      step('two', async () => {})
    },
    options,
  )

const refusing = (error: unknown, asked: MachineRequest[] = []): Provider => ({
  name: 'sandbox',
  check: async () => [],
  async start(request) {
    asked.push(request)
    throw error
  },
})
describe('a lab’s run', () => {
  it('in which nothing is wrong has nothing to tell of it', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const { exitCode, failures, steps } = await outcomeOf([simple(), simple('again')])
    expect({ exitCode, failures, steps }).to.deep.equal({
      exitCode: 0,
      failures: [undefined, undefined],
      steps: ['passed', 'passed', 'passed', 'passed'],
    })
  })

  it('fails in a step that gives a verdict without an expectation, on the machines for which the verdict is meant', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const { steps, failures } = await outcomeOf([
      labOf('says-so', ({ expect, step }) => {
        step('one', { covers: [holds('S001-01')] }, async () => expect('a bridge').to.match(/bridge/))
        step('two', { covers: [holds('S001-02', { engine: '<1' })] }, async () => {})
        step('three', { covers: [holds('S001-03'), holds('S001-04', { engine: '<1' })] }, async () => {})
      }),
    ])
    expect(steps).to.deep.equal(['passed', 'passed', 'failed'])
    expect(failures[0]).to.deep.include({ kind: 'lab' })
    expect(failures[0]?.message).to.equal('the step gives a verdict on S001-03 without an expectation')
  })

  it('that gets no machine from this host fails for it, and the host is not asked again for the same kind', async () => {
    const asked: MachineRequest[] = []
    const provider = refusing(new HostError('no room', { mend: 'make some' }), asked)
    const labs = [simple('a'), simple('b'), simple('c', { engine: true })]
    const { exitCode, failures, steps, totals } = await outcomeOf(labs, { provider })
    expect(exitCode).to.equal(2)
    expect(totals?.labs).to.deep.equal({ passed: 0, failed: 3, skipped: 0 })
    expect(totals?.steps).to.deep.equal({ passed: 0, failed: 0, skipped: 6 })
    expect(failures).to.deep.equal(Array(3).fill({ kind: 'host', message: 'no room', mend: 'make some' }))
    expect(steps).to.deep.equal(Array(6).fill('skipped'))
    expect(asked.map(({ engine }) => engine)).to.deep.equal([false, true])
  })

  it('whose machine does not come up says so; the next lab’s may', async () => {
    const asked: MachineRequest[] = []
    const provider = refusing(new MachineError('not in time', { mend: 'wait' }), asked)
    const { exitCode, failures } = await outcomeOf([simple('a'), simple('b')], { provider })
    expect(exitCode).to.equal(3)
    expect(failures.map(failure => failure?.kind)).to.deep.equal(['machine', 'machine'])
    expect(asked).to.have.length(2)
  })

  it('for which starting a machine goes wrong as nobody foresaw asks to have it reported', async () => {
    const { exitCode, failures } = await outcomeOf([simple()], { provider: refusing(new TypeError('x is undefined')) })
    expect(exitCode).to.equal(3)
    expect(failures[0]?.message).to.equal('sandbox gave no machine: TypeError: x is undefined')
    expect(failures[0]?.mend).to.include('a fault of vethlab itself')
  })

  it('that is called off before it begins starts nothing', async () => {
    const asked: MachineRequest[] = []
    const signal = AbortSignal.abort(new InterruptedError('no'))
    const { exitCode, events, totals } = await outcomeOf([simple()], { provider: refusing(new Error(), asked), signal })
    expect(exitCode).to.equal(130)
    expect(totals?.labs).to.deep.equal({ passed: 0, failed: 0, skipped: 1 })
    expect(events.map(({ type }) => type)).to.deep.equal(['run-started', 'run-ended'])
    expect(asked).to.deep.equal([])
  })

  describe('on a real machine', () => {
    let machine: Machine
    const observed = changed(async start => {
      machine = await start
      return machine
    })
    before(function () {
      if (process.getuid?.() !== 0) this.skip()
    })

    it('that is lost between two steps: the lab fails for it, with how', async () => {
      const on = (event: RunEvent) => {
        if (event.type === 'step-ended' && event.step.number === 1) killed(machine)
      }
      const { exitCode, failures, steps } = await outcomeOf([simple()], { provider: observed, on })
      // Quicker than the machine's end is a step that does nothing; then it is the clean-up that hears of it.
      expect(steps[0]).to.equal('passed')
      expect(exitCode).to.equal(3)
      expect(failures[0]).to.include({ kind: 'machine', message: 'sandbox:trixie ended by itself: killed by SIGKILL' })
    })

    it('that is lost after the last step: nothing can be said, though all passed', async () => {
      const on = (event: RunEvent) => {
        if (event.type === 'step-ended' && event.step.number === 2) killed(machine)
      }
      const { exitCode, failures, steps, events } = await outcomeOf([simple()], { provider: observed, on })
      expect(steps).to.deep.equal(['passed', 'passed'])
      expect(exitCode).to.equal(3)
      expect(failures[0]?.kind).to.equal('machine')
      expect(events.map(({ type }) => type)).not.to.include('residue')
    })

    it('that is lost as soon as it is up: no residue is made up', async () => {
      const provider = changed(async start => {
        machine = await start
        killed(machine)
        return machine
      })
      const { exitCode, events } = await outcomeOf([simple()], { provider })
      expect(exitCode).to.equal(3)
      expect(events.map(({ type }) => type))
        .to.include('lab-ended')
        .and.not.to.include('residue')
    })

    it('that is lost although it was to be kept is not told as one that stays', async () => {
      const late = labOf('late', ({ $, step }) => {
        step('one', async () => {})
        step('two', async () => {
          killed(machine)
          await $`sleep 1000`
        })
      })
      const { exitCode, events } = await outcomeOf([late], { provider: observed, keep: true })
      expect(exitCode).to.equal(3)
      expect(events.map(({ type }) => type)).not.to.include('machine-kept')
    })

    it('that can’t be looked at is never compared with nothing', async () => {
      const provider = changed(async start => {
        const made = await start
        let calls = 0
        const exec: Machine['exec'] = async (...args) => {
          // The first reads what the machine is, the second its state.
          if (++calls === 2) throw new TypeError('no such state')
          return await made.exec(...args)
        }
        return { ...made, exec }
      })
      const { exitCode, events, failures } = await outcomeOf([simple()], { provider })
      expect(exitCode).to.equal(3)
      expect(failures[0]?.message).to.include('no such state')
      expect(events.map(({ type }) => type)).not.to.include('residue')
    })

    it('that does not go as it should is told, and the next lab still runs', async () => {
      const provider = changed(async start => {
        const made = await start
        const dispose = async () => {
          await made[Symbol.asyncDispose]()
          throw new Error('EBUSY')
        }
        return { ...made, [Symbol.asyncDispose]: dispose }
      })
      const { exitCode, failures, steps } = await outcomeOf([simple('a'), simple('b')], { provider })
      expect(steps).to.deep.equal(Array(4).fill('passed'))
      expect(exitCode).to.equal(3)
      expect(failures[1]?.message).to.equal('sandbox:trixie did not go as it should: Error: EBUSY')
    })

    it('each thing to undo has a limit of its own', async () => {
      // The limit is 60 s times this: ample for the other.
      const provider = changed(async start => ({ ...(await start), slowness: 0.1 }))
      const hangs = labOf('hangs', ({ $, step, defer }) => {
        step('one', { limitS: 1000 }, async () => {
          await $`ip link add br01 type bridge`
          defer`ip link delete br01`
          defer`sleep 1000`
        })
      })
      const { exitCode, events, failures } = await outcomeOf([hangs], { provider })
      expect(exitCode).to.equal(1)
      expect(failures[0]).to.include({ kind: 'limit', saw: 'still running: sleep 1000' })
      expect(failures[0]?.message).to.equal('the clean-up "sleep 1000" took longer than its limit of 6 s')
      expect(events.find(event => event.type === 'residue')).to.deep.include({ differences: [] })
    })

    it('the limit of a step grows with the slowness of its machine, and is told', async () => {
      const provider = changed(async start => ({ ...(await start), slowness: 3 }))
      const waits = labOf('waits', ({ step }) => {
        step('one', { limitS: 0.1 }, () => new Promise(() => {}))
      })
      const { failures } = await outcomeOf([waits], { provider })
      expect(failures[0]?.message).to.match(/^step 1 "one" took longer than its limit of 0\.3\d* s$/)
      expect(failures[0]?.saw).to.equal('no command was running: the lab itself waited')
    })

    it('a step may throw whatever it likes, and be no promise', async () => {
      const odd = (name: string, act: () => unknown) =>
        labOf(name, ({ step }) => step('one', act as () => Promise<unknown>))
      const labs = [
        odd('returns', () => 1),
        odd('undefined', () => {
          throw undefined
        }),
        odd('rejects', () => Promise.reject()),
        odd('object', async () => {
          throw { code: 7 }
        }),
      ]
      const { exitCode, failures } = await outcomeOf(labs)
      expect(exitCode).to.equal(1)
      expect(failures.map(failure => failure?.message)).to.deep.equal([
        undefined,
        'undefined was thrown, which is no Error',
        'undefined was thrown, which is no Error',
        '{ code: 7 } was thrown, which is no Error',
      ])
    })

    it('a command that fails in a parallel one’s shadow is told as itself, with its line', async () => {
      const parallel = labOf('parallel', ({ $, step }) => {
        step('one', async () => {
          const first = $`sleep 0.1; echo first >&2; exit 1`
          const second = $`sleep 0.4; echo second >&2; exit 1`
          await Promise.allSettled([first, second])
          await first
        })
      })
      const { failures } = await outcomeOf([parallel])
      expect(failures[0]?.message).to.equal('command failed (exit code 1): sleep 0.1; echo first >&2; exit 1')
      expect(failures[0]?.saw).to.equal('first')
      expect(failures[0]?.where).to.match(/lab-run\.test\.ts:\d+, step "one", sandbox:trixie$/)
    })
  })
})
