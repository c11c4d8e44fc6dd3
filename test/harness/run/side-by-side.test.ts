import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import Mocha from 'mocha'
import { labOf as labOfEvent, type RunEvent } from '../../../harness/events.ts'
import type { Words } from '../../../harness/index.ts'
import { InterruptedError } from '../../../harness/run/failure.ts'
import { sideBySide, type Together } from '../../../harness/run/side-by-side.ts'
import type { Machine } from '../../../vm/machine.ts'
import { changed, killed, labOf, outcomeOf } from './outcome.ts'

describe('side by side', () => {
  it('are as many as asked for, begun in their order', async () => {
    const { begun, most } = await observed([5, 1, 1, 1], { jobs: 2 })
    expect(begun).to.deep.equal([5, 1, 1, 1])
    expect(most).to.equal(2)
    expect(await observed([], { jobs: 3 })).to.deep.equal({ begun: [], most: 0, mostTaken: 0 })
  })

  it('take no more room than there is, and what needs more goes on alone', async () => {
    const takes = (item: number) => item
    expect(await observed([1, 2, 1, 3, 1], { jobs: 5, room: 3, takes })).to.include({ most: 2, mostTaken: 3 })
    expect(await observed([1, 9, 1], { jobs: 5, room: 3, takes })).to.include({ most: 1, mostTaken: 9 })
  })

  /** What was begun in which order, how many at a time, and how much they took together. */
  async function observed(items: number[], together: Together<number>) {
    const begun: number[] = []
    const going: number[] = []
    let [most, mostTaken] = [0, 0]
    await sideBySide(items, together, async item => {
      begun.push(item)
      going.push(item)
      most = Math.max(most, going.length)
      mostTaken = Math.max(
        mostTaken,
        going.reduce((sum, one) => sum + one, 0),
      )
      await pause(item * 10)
      going.splice(going.indexOf(item), 1)
    })
    return { begun, most, mostTaken }
  }
})

describe('labs side by side', () => {
  /** Labs each of which waits, in its first step, until all have come there. */
  function together(names: string[], then: (name: string, words: Words) => Promise<unknown> = async () => {}) {
    const all = Promise.withResolvers<void>()
    let there = 0
    return names.map(name =>
      labOf(name, words => {
        words.step('all are there', async () => {
          if (++there === names.length) all.resolve()
          await all.promise
        })
        words.step('it goes on', async () => await then(name, words))
      }),
    )
  }

  /** Resolves when labs of these names have ended, which it must be told of. */
  function endOf(...names: string[]) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const open = new Set(names)
    return {
      ended: promise,
      on(event: RunEvent) {
        if (event.type === 'lab-ended' && open.delete(event.lab.name) && open.size === 0) resolve()
      },
    }
  }

  const failuresOf = (events: RunEvent[]) =>
    Object.fromEntries(
      events.flatMap(event => (event.type === 'lab-ended' ? [[event.lab.name, event.failure?.message]] : [])),
    )

  it('have each a machine of its own, and each event says whose it is', async () => {
    const labs = together(['a', 'b'], async (name, { $, defer }) => {
      await $`ip link add only-${name} type bridge`
      defer`ip link delete only-${name}`
      await $`ip -br link show type bridge`
    })
    const { exitCode, events } = await outcomeOf(labs, { jobs: 2 })
    expect(exitCode).to.equal(0)
    for (const name of ['a', 'b']) {
      const shown = events.find(
        event => event.type === 'command' && event.lab === name && event.command.includes('show'),
      )
      expect(shown)
        .to.have.property('stdout')
        .that.matches(new RegExp(`^only-${name} +\\S+ +\\S+ \\S+ *\\n$`))
    }
    const ofNone = events.filter(event => labOfEvent(event) === undefined)
    expect(ofNone.map(({ type }) => type)).to.deep.equal(['run-started', 'run-ended'])
  })

  // The tests' own mocha takes every such error for one of the test that is going on.
  const events = ['uncaughtException', 'unhandledRejection'] as const
  let mochas: NodeJS.UncaughtExceptionListener[][] = []
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
    mochas = events.map(event => process.listeners(event as 'uncaughtException'))
    for (const [i, event] of events.entries()) for (const listener of mochas[i] ?? []) process.off(event, listener)
  })
  after(() => {
    for (const [i, event] of events.entries()) for (const listener of mochas[i] ?? []) process.on(event, listener)
  })

  const strays: [what: string, letGo: (name: string, words: Words) => void][] = [
    ['a promise', name => void Promise.reject(new Error(`nobody awaits ${name}`))],
    [
      'a timer',
      name =>
        setTimeout(() => {
          throw new Error(`nobody awaits ${name}`)
        }, 20),
    ],
    ['a command', (name, { $ }) => void $`echo ${`nobody awaits ${name}`}; false`],
    [
      'a function that a command calls back',
      (name, { $ }) => {
        $`true`.then(() => {
          throw new Error(`nobody awaits ${name}`)
        })
      },
    ],
    ['a promise of a promise', name => void pause(20).then(() => Promise.reject(new Error(`nobody awaits ${name}`)))],
  ]
  for (const [what, letGo] of strays) {
    it(`an error that nobody waits for, of ${what}, is told as that of the lab which brought it about`, async () => {
      const all = endOf('guilty', 'guilty too')
      const labs = together(['innocent', 'guilty', 'guilty too'], async (name, words) => {
        if (name === 'innocent') return await all.ended
        letGo(name, words)
        await words.$`sleep 1000`
      })
      const { exitCode, events } = await outcomeOf(labs, { jobs: 3, on: all.on })
      const failures = failuresOf(events)
      expect(failures.innocent).to.equal(undefined)
      expect(failures.guilty).to.match(/nobody awaits guilty\b(?! too)/)
      expect(failures['guilty too']).to.match(/nobody awaits guilty too/)
      expect(exitCode).to.equal(1)
    })
  }

  it('an error of another run of this process is none of theirs', async () => {
    const all = endOf('guilty')
    const [one] = together(['guilty'], async (name, words) => {
      strays[0]?.[1](name, words)
      await words.$`sleep 1000`
    })
    const [other] = together(['innocent'], () => all.ended)
    if (!one || !other) throw new Error('there are two')
    const outcomes = await Promise.all([outcomeOf([one], { on: all.on }), outcomeOf([other])])
    expect(outcomes.map(({ exitCode }) => exitCode)).to.deep.equal([1, 0])
  })

  it('an error whose origin is lost is told, and as nobody’s', async () => {
    const elsewhere = Promise.withResolvers<void>()
    void elsewhere.promise.then(() => {
      throw new Error('from nowhere')
    })
    const told = once(process, 'unhandledRejection')
    const labs = together(['a', 'b'], async name => {
      if (name === 'a') elsewhere.resolve()
      await told
    })
    const { exitCode, events } = await outcomeOf(labs, { jobs: 2 })
    expect(failuresOf(events)).to.deep.equal({ a: undefined, b: undefined })
    expect(events.at(-1)).to.have.nested.property('failure.message', 'Error: from nowhere')
    expect(exitCode).to.equal(3)
  })

  it('a machine that dies fails its lab alone', async () => {
    const machines: Machine[] = []
    const provider = changed(async start => {
      const machine = await start
      machines.push(machine)
      return machine
    })
    const dies = endOf('dies')
    const labs = together(['dies', 'lives'], async (name, { $ }) => {
      if (name === 'dies') {
        const { stdout } = await $`cat /proc/sys/kernel/random/boot_id; hostname`.nothrow()
        expect(stdout).not.to.equal('')
        const inode = (await $`readlink /proc/self/ns/net`).stdout
        for (const machine of machines) {
          if ((await machine.exec('readlink /proc/self/ns/net')).stdout === inode) killed(machine)
        }
        await $`sleep 1000`
      }
      await dies.ended
      await $`true`
    })
    const { exitCode, events } = await outcomeOf(labs, { provider, jobs: 2, on: dies.on })
    expect(failuresOf(events)).to.deep.equal({
      dies: 'sandbox:trixie ended by itself: killed by SIGKILL',
      lives: undefined,
    })
    expect(exitCode).to.equal(3)
  })

  it('have fixtures, each on its own machine, at the same time', async () => {
    const all = Promise.withResolvers<void>()
    const up: string[] = []
    const labs = ['a', 'b'].map(name =>
      labOf(
        name,
        ({ $, fixture, step, defer }) => {
          step('its web servers are there, and no other', async () => {
            up.push(name)
            if (up.length === 2) all.resolve()
            await all.promise
            const [one, two] = await Promise.all([1, 2].map(i => fixture.webServer(`${name}-${i}`)))
            defer`docker rm -f ${name}-1 ${name}-2`
            const { stdout } =
              await $`docker ps --format '{{.Names}}' | sort; curl -s ${one?.addresses.bridge}/whoami ${two?.addresses.bridge}/whoami`
            if (!new RegExp(`^${name}-1\n${name}-2\n172.17.0.1:\\d+\\s*172.17.0.1:`).test(stdout))
              throw new Error(stdout)
          })
        },
        { engine: true },
      ),
    )
    const { events } = await outcomeOf(labs, { jobs: 2 })
    expect(failuresOf(events)).to.deep.equal({ a: undefined, b: undefined })
  })

  it('called off, all end and their machines go; those that had not begun are skipped', async () => {
    const controller = new AbortController()
    const machines: Machine[] = []
    const provider = changed(async start => {
      const machine = await start
      machines.push(machine)
      return machine
    })
    const labs = together(['a', 'b'], (_, { $ }) => $`sleep 1000`)
    const late = labOf('late', ({ step }) => step('one', async () => {}))
    const on = (event: RunEvent) => {
      if (event.type === 'step-started' && event.step.number === 2 && event.lab === 'b')
        setTimeout(() => controller.abort(new InterruptedError('enough')), 100)
    }
    const { exitCode, totals, failures } = await outcomeOf([...labs, late], {
      ...{ provider, jobs: 2, on, signal: controller.signal },
    })
    expect(exitCode).to.equal(130)
    expect(totals?.labs).to.deep.equal({ passed: 0, failed: 2, skipped: 1 })
    expect(failures.map(failure => failure?.kind)).to.deep.equal(['interrupted', 'interrupted'])
    for (const machine of machines) expect(machine.lost.aborted || (await gone(machine))).to.equal(true)
  })

  it('are one report in one order for a reporter made for mocha, with the time that each step took', async () => {
    const quick = endOf('quick')
    const labs = [
      labOf('slow', ({ $, step }) => {
        step('it waits', async () => {
          await quick.ended
          await $`sleep 0.2`
        })
        step('it is over', async () => {})
      }),
      labOf('quick', ({ $, step }) => {
        step('it waits less', () => $`sleep 0.2`)
        step('it fails', async () => {
          throw new Error('as it should')
        })
        step('nothing comes after it', async () => {})
      }),
    ]
    const told: string[] = []
    class Told {
      constructor(runner: Mocha.Runner) {
        for (const event of ['start', 'suite', 'pass', 'fail', 'pending', 'suite end', 'end']) {
          runner.on(event, (of?: Mocha.Suite | Mocha.Test) => {
            const waited = of instanceof Mocha.Test && of.title.includes('waits') && (of.duration ?? 0) >= 200
            told.push(`${event}${of?.title ? ` ${of.title}` : ''}${waited ? ', in its own time' : ''}`)
          })
        }
      }
    }
    const { exitCode, events } = await outcomeOf(labs, { jobs: 2, on: quick.on, mochaReporters: [Told] })
    const ended = events.flatMap(event => (event.type === 'lab-ended' ? [event.lab.name] : []))
    expect(ended).to.deep.equal(['quick', 'slow'])
    expect(exitCode).to.equal(1)
    expect(told).to.deep.equal([
      ...['start', 'suite'],
      ...['suite slow', 'pass it waits, in its own time', 'pass it is over', 'suite end slow'],
      ...['suite quick', 'pass it waits less, in its own time', 'fail it fails', 'pending nothing comes after it'],
      ...['suite end quick', 'suite end', 'end'],
    ])
  })
})

async function gone(machine: Machine): Promise<boolean> {
  return await machine.exec('true').then(
    () => false,
    () => true,
  )
}
