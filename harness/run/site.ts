import { MachineError } from '../../vm/errors.ts'
import type { Machine, MachineRequest, Provider } from '../../vm/machine.ts'
import { canJoin, type Joiner, linkName, type Plug, type Segment } from '../../vm/segment.ts'
import { residueDifference, residueProbe } from '../looks/residue.ts'
import { unlessAborted } from './abort.ts'
import { peersInHosts, type WiredSegment, type Wiring } from './wiring.ts'

/** A machine of a lab, with the name that the lab gives it; null where there is only one. */
export interface NamedMachine {
  name: string | null
  machine: Machine
}

/** Where a lab takes place: its machines, and the segments between them. What has come up is there even if the rest fails. */
export interface Site {
  /** Those that are up, in the lab's order. */
  readonly machines: readonly NamedMachine[]
  readonly segments: ReadonlyMap<string, Segment>
  /** A machine by its name. Throws an Error while it is not up: a lab acts in steps only. */
  machine(name: string | null): Machine
  /** A segment by its name. Throws an Error while it is not there. */
  segment(name: string): Segment
  /** Each of these aborts when a machine or a segment is lost. */
  lost(): AbortSignal[]
  /** That of the slowest machine; 1 while none is up. */
  readonly slowness: number
  /** Starts all machines side by side, and joins them. Rejects with the first failure, for which the others are given up. */
  start(): Promise<void>
  /** The state of each machine, as lines. */
  state(): Promise<string[][]>
  /** Ends segments and machines, all of them, whatever fails; throws the first error. */
  end(): Promise<void>
}

export interface SiteRequest extends MachineRequest {
  wiring: Wiring
  provider: Provider
  /** What ends a look at the machines' state; `signal`, unless somebody's own machine is to be cleaned up behind it. */
  stopped(): AbortSignal
}

/** A lab's site, on which nothing is up yet. */
export function siteOf({ wiring, provider, stopped, ...request }: SiteRequest): Site {
  const { label, keep, signal } = request
  const machines = new Map<string | null, Machine>()
  const segments = new Map<string, Segment>()
  let joining: Promise<unknown> = Promise.resolve()

  const lost = () => [...machines.values(), ...segments.values()].map(one => one.lost)
  const stops = () => [stopped(), ...lost()]
  const found = <T>(one: T | undefined): T => {
    if (one === undefined) throw new Error(`lab ${label} acts outside a step: only step() may stand in a lab's body`)
    return one
  }
  const machine = (name: string | null) => found(machines.get(name))

  async function startMachines(): Promise<void> {
    const failed = new AbortController()
    const starting = AbortSignal.any([signal, failed.signal])
    const start = async (name: string | null) => {
      const own = name === null ? request : { ...request, hostname: name, label: `${label}/${name}` }
      try {
        machines.set(name, await provider.start({ ...own, signal: starting }))
      } catch (error) {
        failed.abort(error)
      }
    }
    await Promise.all(wiring.machines.map(start))
    failed.signal.throwIfAborted()
  }

  async function join(joiner: Joiner, { name, ends }: WiredSegment): Promise<void> {
    const plugs = ends.map((end): Plug => ({ ...end, name: end.machine, machine: machine(end.machine) }))
    segments.set(name, await joiner.join({ name, plugs, keep }))
  }

  async function settle(name: string): Promise<void> {
    const ends = wiring.segments.flatMap(({ ends }) => ends).filter(end => end.machine === name)
    const links = ends.map(end => ({ name: linkName(end), address: end.address }))
    const script = settleScript(links, peersInHosts(name, wiring.segments))
    const { exitCode, stderr } = await unlessAborted(machine(name).exec(script), stops())
    if (exitCode === 0) return
    throw new MachineError(`${machine(name).name} could not be joined: ${stderr.trim()}`, { mend: 'run it again' })
  }

  async function endSegments(): Promise<MachineError[]> {
    const those = [...segments].map(([name, one]) => ({ name: `the segment ${name}`, one }))
    segments.clear()
    return await endAll(those)
  }

  return {
    get machines() {
      return wiring.machines.flatMap(name => {
        const up = machines.get(name)
        return up ? [{ name, machine: up }] : []
      })
    },
    segments,
    machine,
    segment: name => found(segments.get(name)),
    lost,
    get slowness() {
      return machines.size === 0 ? 1 : Math.max(...[...machines.values()].map(({ slowness }) => slowness))
    },
    async start() {
      const joiner = wiring.segments.length > 0 ? joinerOf(provider) : undefined
      await startMachines()
      if (!joiner) return
      const joins = wiring.segments.map(segment => join(joiner, segment))
      joining = Promise.allSettled(joins)
      await unlessAborted(Promise.all(joins), stops())
      await Promise.all(wiring.machines.map(name => name !== null && settle(name)))
    },
    async state() {
      const probe = residueProbe()
      const take = async (name: string | null) =>
        probe.parse(await unlessAborted(machine(name).exec(probe.script), stops()))
      return await Promise.all(wiring.machines.map(take))
    },
    async end() {
      // A segment ends while its machines are there to be told; one that was given up half made, when they are gone.
      const errors = await endSegments()
      errors.push(...(await endAll([...machines.values()].map(one => ({ name: one.name, one })))))
      await joining
      errors.push(...(await endSegments()))
      if (errors.length > 0) throw errors[0]
    },
  }
}

/** What changed from one state of the machines to another, in lines that name the machine where there are several. */
export function changes(wiring: Wiring, before: string[][], after: string[][]): string[] {
  return wiring.machines.flatMap((name, i) => {
    const lines = residueDifference(before[i] ?? [], after[i] ?? [])
    return name === null ? lines : lines.map(line => `${line} on ${name}`)
  })
}

function joinerOf(provider: Provider): Joiner {
  if (canJoin(provider)) return provider
  throw new Error(`${provider.name} joins no machines, and was asked to`)
}

/** Gives a machine's new links their addresses, makes its peers known by name, and waits for the links to carry. */
function settleScript(links: { name: string; address: string }[], peers: string): string {
  const batch = links.map(({ name, address }) => `address add ${address} dev ${name}\nlink set ${name} mtu 1500 up\n`)
  return `set -e
ip -batch - <<'END'
${batch.join('')}END
cat >>/etc/hosts <<'END'
${peers}END
for link in ${links.map(({ name }) => name).join(' ')}; do
  tries=0
  until read -r state <"/sys/class/net/$link/operstate" && [ "$state" = up ]; do
    [ $((tries += 1)) -lt 500 ] || { echo "$link carries nothing" >&2; exit 1; }
    sleep 0.02
  done
done`
}

async function endAll(those: { name: string; one: AsyncDisposable }[]): Promise<MachineError[]> {
  const outcomes = await Promise.all(
    those.map(async ({ name, one }) => {
      try {
        await one[Symbol.asyncDispose]()
        return []
      } catch (cause) {
        const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
        const mend = 'look what is left; the next run removes it if it can'
        return [new MachineError(`${name} did not go as it should: ${reason}`, { mend, cause })]
      }
    }),
  )
  return outcomes.flat()
}
