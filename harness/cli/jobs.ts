import { availableParallelism } from 'node:os'
import { HostError } from '../../vm/errors.ts'
import type { Machine, ProviderName } from '../../vm/machine.ts'
import type { Jobs } from '../events.ts'
import { count } from '../reporters/words.ts'

/** What bounds the number of labs that this host can run side by side. */
export interface Room {
  provider: ProviderName
  accelerator: Machine['accelerator']
  cores: number
  /** Of the host's memory, what is free. */
  freeMiB: number
  /** The most machines that one of the labs asks for. */
  machines: number
}

/** What a machine may come to use: more than twice what was seen with an engine and a few containers; what the Vagrantfile gives. */
const machineMiB: Record<ProviderName, number> = { qemu: 1024, sandbox: 512, vagrant: 2048, ssh: 0 }

/** Reads a flag that takes a number of something. @throws HostError for what is no whole number from 1 */
export function numberMeant(flag: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new HostError(`--${flag} ${text} is no number`, { mend: `a whole number from 1: --${flag} 2` })
}

/** How many labs go on side by side where nobody says so. */
export function jobsThatFit({ provider, accelerator, cores, freeMiB }: Omit<Room, 'machines'>): Jobs {
  if (provider === 'ssh') return { number: 1, machines: 1, why: 'one host' }
  // Side by side it works or doesn't, as its hypervisor's plugin locks boxes and networks.
  if (provider === 'vagrant') return { number: 1, machines: 1, why: 'Vagrant makes one machine at a time' }
  const inMemory = Math.max(1, Math.floor(freeMiB / machineMiB[provider]))
  if (inMemory < cores) {
    return { number: inMemory, machines: inMemory, why: `${(freeMiB / 1024).toFixed(1)} GiB of free memory` }
  }
  // Natively labs mostly wait, and a core apiece is plenty. An emulated machine keeps a core busy all the time: with more
  // machines than cores an engine starts so slowly that limits are passed.
  return accelerator === 'tcg'
    ? { number: cores, machines: cores, why: `${count(cores, 'core')}, a machine each, as they are emulated` }
    : { number: cores, machines: inMemory, why: count(cores, 'core') }
}

/** As many as were asked for, or as fit. @throws HostError where there can't be as many */
export function jobsMeant(asked: number | undefined, room: Room): Jobs {
  const fit = jobsThatFit(room)
  if (asked === undefined) return fit
  if (room.provider === 'ssh' && asked > 1) {
    throw new HostError(`--jobs ${asked} needs as many machines, and there is ${fit.why}`, { mend: 'leave --jobs out' })
  }
  const more = asked > fit.number ? `; this host has room for ${fit.number}: ${fit.why}` : ''
  return { number: asked, machines: asked * room.machines, why: `as you asked${more}` }
}

/** Labs of several providers go on side by side, any of them beside any other: the one counts that leaves room for the fewest. */
export function narrowest(rooms: readonly Room[]): Room {
  const roomier = (one: Room, other: Room) => {
    const [its, others] = [jobsThatFit(one), jobsThatFit(other)]
    return its.number - others.number || its.machines - others.machines
  }
  return rooms.reduce((least, room) => (roomier(room, least) < 0 ? room : least))
}

/** This host's room. */
export function roomHere({
  provider,
  accelerator,
  machines,
}: Pick<Room, 'provider' | 'accelerator' | 'machines'>): Room {
  const freeMiB = process.availableMemory() / 2 ** 20
  return { provider, accelerator, machines, cores: availableParallelism(), freeMiB }
}
