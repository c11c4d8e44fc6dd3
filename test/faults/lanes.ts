import { expect } from 'chai'
import { faults } from './faults.ts'
import { hostState } from './host-state.ts'
import { faultyLab, privateHost } from './private-host.ts'
import { type Trial, trial } from './trial.ts'

const seed = '1'

/** Trials of these faults, those of one seed, so that what is red once is red again. Lanes go side by side, as a run mostly waits. */
export function describeTrials(lanes: string[][]): void {
  describe('at a random moment', function () {
    this.timeout(600_000)
    const outcomes = new Map<string, Promise<Trial>>()
    before(async function () {
      this.timeout(0) // An image may have to be built.
      if (process.getuid?.() !== 0) this.skip()
      const before = await hostState()
      for (const lane of lanes) {
        const host = await privateHost({ copied: true })
        // What is prepared once, the engine's data, has an engine of its own, which nobody means to strike.
        let last: Promise<unknown> = host.lab([faultyLab('holds'), '--on', 'sandbox'], { env: { ENGINE: '1' } }).ended
        for (const fault of lane.map(faultOf)) {
          const outcome = last.then(() => trial(fault, 0, { host, seed, realLabs: false, hostState: before }))
          outcome.catch(() => {})
          outcomes.set(fault.name, outcome)
          last = outcome.catch(() => {})
        }
        hosts.push(last.then(() => host[Symbol.asyncDispose]()))
      }
    })
    const hosts: Promise<void>[] = []
    after(() => Promise.all(hosts))

    for (const name of lanes.flat()) {
      const { what } = faultOf(name)
      it(`${what}: nothing is left, no verdict is wrong, the next run works`, async () => {
        const { problems, said } = (await outcomes.get(name)) as Trial
        expect(problems, said).to.deep.equal([])
      })
    }
  })
}

function faultOf(name: string) {
  const fault = faults.find(one => one.name === name)
  if (!fault) throw new Error(`no fault is called ${name}`)
  return fault
}
