import type { Lab } from '../lab.ts'

/** A lab's machines, and the segments that join them, as data. */
export interface Wiring {
  /** The names that the lab gives its machines, in its order; `[null]` where it has one, which needs no name. */
  machines: readonly (string | null)[]
  segments: readonly WiredSegment[]
}

export interface WiredSegment {
  name: string
  ends: readonly SegmentEnd[]
}

/** A machine's link on a segment. */
export interface SegmentEnd {
  machine: string
  /** Counts the machine's links from 1: `eth1`. */
  number: number
  mac: string
  /** With its prefix length. */
  address: string
}

/** Reads what a lab asks for. Throws an Error for names that can't be, in words for the lab's author. */
export function wiringOf({ machines, segments }: Pick<Lab, 'machines' | 'segments'>): Wiring {
  if (machines === undefined) {
    if (segments) throw new Error('segments join machines: name the machines too')
    return { machines: [null], segments: [] }
  }
  // One machine needs no name: its words are the lab's.
  if (machines.length < 2) throw new Error('machines has fewer than two names: leave it out')
  const joined = Object.entries(segments ?? { segment: machines })
  const names = [...machines, ...joined.map(([name]) => name)]
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i) throw new Error(`two machines or segments are called ${name}`)
    if (!possible.test(name) || taken.has(name)) throw new Error(`nothing can be called ${name}: ${rule}`)
  }
  const count = new Map<string, number>()
  return {
    machines,
    segments: joined.map(([name, ends], i) => ({
      name,
      ends: ends.map(machine => {
        const host = machines.indexOf(machine) + 1
        if (host === 0) throw new Error(`segment ${name} joins ${machine}, which is no machine of the lab`)
        const number = (count.get(machine) ?? 0) + 1
        count.set(machine, number)
        return { machine, number, ...addressesOf(i + 1, host) }
      }),
    })),
  }
}

// A host name, a link's name (the kernel's limit is 15), and a word of the lab's body.
const possible = /^[a-z][a-z0-9]{0,14}$/
const taken = new Set(['expect', 'step', 'defer', 'look', 'fixture', 'guest', 'outside', 'localhost', 'lo'])
const rule = `at most 15 lower-case letters and digits, a letter first, and none of ${[...taken].join(', ')}`

/** In 172.16.0.0/16 no engine has a pool of its own, Docker's begin at 172.17, Swarm's are in 10.0.0.0/8. */
function addressesOf(segment: number, host: number): Pick<SegmentEnd, 'mac' | 'address'> {
  const [s, h] = [segment, host].map(number => number.toString(16).padStart(2, '0'))
  return { mac: `02:00:00:00:${s}:${h}`, address: `172.16.${segment}.${host}/24` }
}

/** The lines that a machine's /etc/hosts gets: each machine that it shares a segment with, at the address on the first of these. */
export function peersInHosts(machine: string, segments: readonly WiredSegment[]): string {
  const peers = new Map<string, string>()
  for (const { ends } of segments.filter(({ ends }) => ends.some(end => end.machine === machine))) {
    for (const end of ends) {
      if (end.machine !== machine && !peers.has(end.machine)) peers.set(end.machine, end.address)
    }
  }
  return [...peers].map(([name, address]) => `${address.replace(/\/.*/, '')} ${name}\n`).join('')
}
