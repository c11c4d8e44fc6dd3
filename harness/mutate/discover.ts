import type { RunEvent } from '../events.ts'
import { normalised } from '../repeat/volatile.ts'
import type { ActingCommand, Intervention } from '../run/intervention.ts'
import type { NamedMachine } from '../run/site.ts'
import { looksOnly } from './looks-only.ts'
import type { Mutation, Spot } from './mutation.ts'
import { claimedRules, whyEitherEnd } from './rules.ts'
import { prepareSnapshots, printSnapshots, readSnapshots, type Snapshot, snap } from './snapshot.ts'
import { mutationsAfter, mutationsAtStart, type StateMutation } from './state.ts'
import { textMutations } from './text.ts'

/** What a run of a lab that nobody disturbs tells of how it can be broken. */
export interface Discovery {
  /** How many commands its steps have, and how many of them only look. */
  commands: number
  looking: number
  /** In the order of the lab. */
  mutations: Discovered[]
  /** How long the lab's slowest expectation at a line took to hold, in ms, by the line. */
  took: ReadonlyMap<string, number>
  /** How long each step took, in ms, by its number. */
  steps: ReadonlyMap<number, number>
}

export interface Discovered {
  mutation: Mutation
  /** Why nothing can depend on what it breaks: it is not applicable. Undefined where it is to be tried. */
  idle: string | undefined
}

/** Stands between a lab and its machines, changes nothing that the lab does, and learns how it can be broken. */
export function discovery(): { intervention: Intervention; on(event: RunEvent): void; found(): Discovery } {
  const spots: { spot: Spot; text: string; looks: boolean }[] = []
  const count = counter()
  const snapshots = new Map<string | null, Map<string, Snapshot>>()
  const expectations: string[] = []
  const took = new Map<string, number>()
  const steps = new Map<number, number>()
  return {
    intervention: {
      async begin(machines) {
        await onEach(machines, `${prepareSnapshots}\n${snap('0.after')}`)
      },
      command(command) {
        const { text } = command
        const spot = count(command)
        const looks = looksOnly(text)
        spots.push({ spot, text, looks })
        if (looks) return text
        const name = `${spot.step}-${spot.command}`
        return `trap '${snap(`${name}.after`)} || :' EXIT\n${snap(`${name}.before`)} || :\n${text}`
      },
      async end(machines) {
        const told = await onEach(machines, `${snap('end.after')}\n${printSnapshots}`)
        for (const [name, text] of told) snapshots.set(name, readSnapshots(text))
      },
    },
    on(event) {
      if (event.type === 'expectation') {
        expectations.push(event.text)
        took.set(event.where, Math.max(event.ms, took.get(event.where) ?? 0))
      } else if (event.type === 'step-ended') steps.set(event.step.number, event.ms)
    },
    found() {
      const claimed = claimedRules(expectations)
      const useOn = (machine: string | null) => {
        const own = spots.filter(({ spot, looks }) => !looks && spot.machine === machine)
        const around = own.flatMap(({ spot: { step, command } }) => [
          `${step}-${command}.before`,
          `${step}-${command}.after`,
        ])
        const taken = snapshots.get(machine)
        return { snapshots: ['0.after', ...around, 'end.after'].flatMap(name => taken?.get(name) ?? []), claimed }
      }
      const atStart = [...snapshots].flatMap(([machine, taken]) => {
        const start = taken.get('0.after')
        const found = start ? mutationsAtStart(machine, start, useOn(machine)) : []
        return numbered('0', found).map(one => discovered(machine === null ? one : on(machine, one), undefined))
      })
      const atCommands = spots.flatMap(({ spot, text, looks }) => {
        if (looks) return []
        const name = `${spot.step}-${spot.command}`
        const taken = snapshots.get(spot.machine)
        const [before, after] = [taken?.get(`${name}.before`), taken?.get(`${name}.after`)]
        const inText = textMutations(text).map(
          ({ operator, act }): StateMutation => ({
            ...{ operator, act },
            idle: operator === 'order' && before ? whyEitherEnd(text, before, useOn(spot.machine)) : undefined,
            change: `${act.from} → ${act.to}${act.nth > 1 ? ` (${act.nth})` : ''} in ${spot.text}`,
          }),
        )
        const inState = before && after ? mutationsAfter(text, before, after, useOn(spot.machine)) : []
        const left: StateMutation = {
          ...{ operator: 'leave-out', act: { kind: 'leave-out' }, idle: undefined },
          change: `without ${spot.text}`,
        }
        const afterIt = inState.map(one => ({ ...one, change: `after ${spot.text}: ${one.change}` }))
        return numbered(`${spot.step}.${spot.command}`, [left, ...inText, ...afterIt]).map(one => discovered(one, spot))
      })
      const looking = spots.filter(({ looks }) => looks).length
      return { commands: spots.length, looking, mutations: [...atStart, ...atCommands], took, steps }
    },
  }
}

/** Tells which command of a lab each is. */
export function counter(): (command: ActingCommand) => Spot {
  const commands = new Map<number, number>()
  const texts = new Map<string, number>()
  const next = <Key>(counts: Map<Key, number>, key: Key) => {
    const number = (counts.get(key) ?? 0) + 1
    counts.set(key, number)
    return number
  }
  return ({ step, machine, text: typed, where }) => {
    const text = normalised(typed)
    const command = next(commands, step)
    return { step, command, machine, text, occurrence: next(texts, `${step} ${machine} ${text}`), where }
  }
}

function discovered({ idle, ...mutation }: StateMutation & { id: string }, at: Spot | undefined): Discovered {
  return { mutation: { ...mutation, change: normalised(mutation.change), at }, idle }
}

function on<T extends { id: string; change: string }>(machine: string, one: T): T {
  return { ...one, id: `${one.id} on ${machine}`, change: `on ${machine}: ${one.change}` }
}

function numbered(place: string, found: StateMutation[]): (StateMutation & { id: string })[] {
  const counts = new Map<string, number>()
  return found.map(one => {
    const n = (counts.get(one.operator) ?? 0) + 1
    counts.set(one.operator, n)
    return { ...one, id: `${place} ${one.operator}${n > 1 ? ` ${n}` : ''}` }
  })
}

async function onEach(machines: readonly NamedMachine[], script: string): Promise<[string | null, string][]> {
  return await Promise.all(
    machines.map(async ({ name, machine }): Promise<[string | null, string]> => {
      const { exitCode, stdout, stderr } = await machine.exec(script)
      if (exitCode !== 0) throw new Error(`${machine.name} can't be looked at: ${stderr.trim()}`)
      return [name, stdout]
    }),
  )
}
