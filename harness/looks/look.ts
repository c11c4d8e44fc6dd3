import type { ContainerInspectInfo, NetworkInspectInfo } from 'dockerode'
import type { Machine } from '../../vm/machine.ts'
import { type CaptureOptions, type CapturePoint, capture } from '../capture/capture.ts'
import type { Frame } from '../capture/frame.ts'
import { dockerOn } from '../docker.ts'
import type { Ruleset } from '../iptables/model.ts'
import { type Address, addresses } from './address.ts'
import { bridgeOf } from './bridge.ts'
import { conntrack, type FlowsAsked } from './conntrack.ts'
import type { ConntrackEntry } from './conntrack-entry.ts'
import { containerPid, inspectContainer } from './container.ts'
import { type Engine, inspectEngine } from './engine.ts'
import { type FdbEntry, fdb } from './fdb.ts'
import { files } from './files.ts'
import { inspected } from './inspected.ts'
import { iptables, type RulesAsked } from './iptables.ts'
import { type Link, link, links } from './link.ts'
import { log } from './log.ts'
import { type Neighbour, neighbours } from './neighbour.ts'
import { type Netns, netns } from './netns.ts'
import { type LinkEnd, peer } from './peer.ts'
import { inPlace, inWords, type ResolvedPlace } from './place.ts'
import { type Port, ports } from './port.ts'
import type { Place, Probe } from './probe.ts'
import { type Process, processes } from './processes.ts'
import {
  type HttpAnswer,
  type HttpOptions,
  http,
  type Ping,
  type PingOptions,
  ping,
  type TcpConnect,
  tcp,
} from './reach.ts'
import { type Route, type RoutesAsked, routes } from './route.ts'
import { type ListeningSocket, sockets } from './sockets.ts'
import { sysctl } from './sysctl.ts'
import { together } from './together.ts'

/** Something that can be looked at, again and again. `await` on it takes it once. */
export interface Look<T> extends PromiseLike<T> {
  /** For people: 'link veth01 in netns ns01'. */
  readonly title: string
  /** Where it looks from. */
  readonly place: Place
  /** The machine that it looks at, where a lab has several. */
  readonly machine: string | undefined
  /** Looks once, now. Rejects with a LookError when what is seen can't be read, with a MachineError when the machine is lost. */
  take(options?: { signal?: AbortSignal }): Promise<T>
  /** The probe ready to be sent by the guest's root; undefined for what isn't seen by a script (the engine's API). */
  readonly aim: (() => Promise<Probe<T>>) | undefined
}

/** What each look of a set sees, under the same keys. */
export type SeenBy<Set extends Record<string, Look<unknown>>> = {
  [Key in keyof Set]: Set[Key] extends Look<infer T> ? T : never
}

/** The word `look`: observes, changes nothing. All is seen from one place; `in` gives the same word for another. */
export interface Looks {
  /** The place that these look from. */
  readonly place: Place
  /** The same looks from elsewhere: `look.in({ netns: 'ns01' })`, `look.in({ container: 'web' })`, `look.in('guest')`. */
  in(place: Place): Looks
  link(name: string): Look<Link | undefined>
  links(): Look<Link[]>
  /** One end of a veth pair and where the other end is; compare two with `paired`. */
  peer(name: string): Look<LinkEnd | undefined>
  addresses(link?: string): Look<Address[]>
  routes(asked?: RoutesAsked): Look<Route[]>
  neighbours(link?: string): Look<Neighbour[]>
  ports(bridge: string): Look<Port[]>
  fdb(link?: string): Look<FdbEntry[]>
  netns(): Look<Netns[]>
  sysctl(key: string): Look<string | undefined>
  /** The rules of one table or of all, with their counters. */
  iptables(asked?: RulesAsked): Look<Ruleset>
  /** Listening TCP and UDP sockets. */
  sockets(): Look<ListeningSocket[]>
  /** The processes of a name, of the whole guest: `look.processes('dockerd')`; [] where none runs. */
  processes(name: string): Look<Process[]>
  /** What a service of the guest has logged since it was started as one: `look.log('docker')` after `service docker start`. */
  log(service: string): Look<string | undefined>
  /** The names in a directory of the guest; undefined where there is none. */
  files(directory: string): Look<string[] | undefined>
  /** The flows that connection tracking knows. */
  conntrack(asked?: FlowsAsked): Look<ConntrackEntry[]>
  ping(target: string, options?: PingOptions): Look<Ping>
  tcp(host: string, port: number, options?: { timeoutS?: number }): Look<TcpConnect>
  http(url: string, options?: HttpOptions): Look<HttpAnswer>
  /** `docker inspect`, typed; undefined when the engine knows none of that name. The same from every place. */
  container(name: string): Look<ContainerInspectInfo | undefined>
  /** `docker network inspect`, typed; undefined when the engine knows none of that name. The same from every place. */
  network(name: string): Look<NetworkInspectInfo | undefined>
  /** The name of the bridge of one of the engine's networks, `docker0` or `br-0123456789ab`; rejects where there is none. */
  bridge(network: string): Look<string>
  /**
   * The name of the bridge that a container is plugged into, by the far end of its veth; undefined where it is in none.
   * `link`: the container's end, default `eth0`.
   */
  bridgeBehind(container: string, link?: string): Look<string | undefined>
  /** `docker info`, in part; undefined while no engine answers, as between `service docker stop` and the end of `start`. */
  engine(): Look<Engine | undefined>
  /** Any other probe. */
  at<T>(probe: Probe<T>): Look<T>
  /** Several looks, each from its own place, in one round trip. */
  together<Set extends Record<string, Look<unknown>>>(looks: Set): Look<SeenBy<Set>>
  /** What passes at one or several interfaces while something happens. Bare names are interfaces of this place. */
  capture(points: CapturePoint | CapturePoint[], options: CaptureOptions): Promise<Frame[]>
}

/**
 * The word `look` for a machine; given as a function, the machine may come up after looks have been named. `name`: what the lab
 * calls it, where it has several.
 */
export function bindLooks(machine: Machine | (() => Machine), name?: string): Looks {
  const get = typeof machine === 'function' ? machine : () => machine
  return looksFrom({ machine: get, name }, 'guest')
}

/** The machine that is looked at; its name where a lab has several. */
interface Subject {
  machine: () => Machine
  name: string | undefined
}

/** For people, at the end of a title: ' on alpha'; nothing where there is one machine. */
function onWords({ name }: Subject): string {
  return name === undefined ? '' : ` on ${name}`
}

function looksFrom(subject: Subject, place: Place): Looks {
  const { machine } = subject
  const at = <T>(probe: Probe<T>) => scriptLook(subject, probe, place)
  return {
    place,
    in: elsewhere => looksFrom(subject, elsewhere),
    link: name => at(link(name)),
    links: () => at(links()),
    peer: name => at(peer(name)),
    addresses: name => at(addresses(name)),
    routes: asked => at(routes(asked)),
    neighbours: name => at(neighbours(name)),
    ports: bridge => at(ports(bridge)),
    fdb: name => at(fdb(name)),
    netns: () => at(netns()),
    sysctl: key => at(sysctl(key)),
    iptables: asked => at(iptables(asked)),
    sockets: () => at(sockets()),
    processes: name => at(processes(name)),
    log: service => at(log(service)),
    files: directory => at(files(directory)),
    conntrack: asked => at(conntrack(asked)),
    ping: (target, options) => at(ping(target, options)),
    tcp: (host, port, options) => at(tcp(host, port, options)),
    http: (url, options) => at(http(url, options)),
    container: name =>
      makeLook(`container ${name}${onWords(subject)}`, place, subject, undefined, async () =>
        inspectContainer(await dockerOn(machine()), name),
      ),
    network: name =>
      makeLook(`network ${name}${onWords(subject)}`, place, subject, undefined, async () => {
        const docker = await dockerOn(machine())
        return await inspected('network', name, () => docker.getNetwork(name).inspect())
      }),
    bridge: name =>
      makeLook(`bridge of network ${name}${onWords(subject)}`, place, subject, undefined, async () =>
        bridgeOf(name, await looksFrom(subject, 'guest').network(name)),
      ),
    bridgeBehind: (container, name = 'eth0') =>
      makeLook(`bridge behind ${name} of ${container}${onWords(subject)}`, place, subject, undefined, async options => {
        const end = await looksFrom(subject, { container }).link(name).take(options)
        if (end?.iflink === undefined) return undefined
        const all = await looksFrom(subject, 'guest').links().take(options)
        return all.find(({ ifindex }) => ifindex === end.iflink)?.master
      }),
    engine: () => makeLook(`the engine${onWords(subject)}`, place, subject, undefined, () => inspectEngine(machine())),
    at,
    together: set => togetherLook(subject, place, set),
    capture: (points, options) => {
      const listed = (Array.isArray(points) ? points : [points]).map(point => {
        const whole = typeof point === 'string' ? { on: point, in: place } : { in: place, ...point }
        return { as: `${whole.on}${inWords(whole.in)}${onWords(subject)}`, ...whole }
      })
      return capture(machine(), wanted => resolvePlace(machine(), wanted), listed, options)
    },
  }
}

function scriptLook<T>(subject: Subject, probe: Probe<T>, place: Place): Look<T> {
  const { machine } = subject
  const aim = async () => inPlace(probe, await resolvePlace(machine(), place))
  return makeLook(`${probe.title}${inWords(place)}${onWords(subject)}`, place, subject, aim, async options => {
    const aimed = await aim()
    return aimed.parse(await machine().exec(aimed.script, options))
  })
}

function togetherLook<Set extends Record<string, Look<unknown>>>(
  subject: Subject,
  place: Place,
  set: Set,
): Look<SeenBy<Set>> {
  const { machine } = subject
  const entries = Object.entries(set)
  // A script for another machine can't travel to this one.
  const travels = (look: Look<unknown>) => look.aim !== undefined && look.machine === subject.name
  const scripted = entries.filter(([, look]) => travels(look))
  const title = entries.map(([, look]) => look.title).join(', ')
  const aimAll = async () => {
    const aimed = await Promise.all(scripted.map(async ([key, look]) => [key, await look.aim?.()]))
    return together(Object.fromEntries(aimed) as Record<string, Probe<unknown>>)
  }
  // Only when all of them are scripts does the set travel as one, and can itself be part of a larger set.
  const aim = scripted.length === entries.length ? (aimAll as () => Promise<Probe<SeenBy<Set>>>) : undefined
  return makeLook(title, place, subject, aim, async options => {
    const others = entries.filter(([, look]) => !travels(look))
    const inOneTrip = async () => {
      if (scripted.length === 0) return {}
      const probe = await aimAll()
      return probe.parse(await machine().exec(probe.script, options))
    }
    const [seen, ...rest] = await Promise.all([
      inOneTrip(),
      ...others.map(async ([key, look]) => [key, await look.take(options)]),
    ])
    return { ...seen, ...Object.fromEntries(rest as Array<[string, unknown]>) } as SeenBy<Set>
  })
}

function makeLook<T>(
  title: string,
  place: Place,
  subject: Subject,
  aim: Look<T>['aim'],
  take: (options: { signal?: AbortSignal } | undefined) => Promise<T>,
): Look<T> {
  return {
    title,
    place,
    machine: subject.name,
    aim,
    take: options => take(options),
    // biome-ignore lint/suspicious/noThenProperty: a look is lazy, and `await look.link('br01')` is how a lab takes it once
    then: (fulfilled, rejected) => take(undefined).then(fulfilled, rejected),
  }
}

async function resolvePlace(machine: Machine, place: Place): Promise<ResolvedPlace> {
  if (place === 'guest' || 'netns' in place) return place
  return { container: place.container, pid: await containerPid(await dockerOn(machine), place.container) }
}
