import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry, ProviderName } from '../../machine.ts'
import type { Suite } from '../../suite.ts'
import { processesIn, readPlan } from '../sandbox/cgroups.ts'
import { ageOf } from './identity.ts'
import type { Run, RunState } from './runs.ts'

/** What can be told of a machine from outside. */
export interface MachineStatus {
  name: string
  /** What it was started for: the lab's name. */
  label: string
  provider: ProviderName
  suite: Suite | undefined
  state: RunState
  /** The host's number of the process that is the machine; undefined while it is being made, and on somebody else's host. */
  pid: number | undefined
  /** Number of the process that runs, or ran, the lab. */
  owner: number
  /** How long it has been there, in seconds; undefined for one that is gone, or can't be seen. */
  ageS: number | undefined
  /** What it takes of this host's memory, in bytes; undefined where that can't be read. */
  memory: number | undefined
  /** How a kept machine is entered and removed by hand. */
  kept: Omit<Entry, 'name'> | null
}

/** Describes the machine of a run folder; undefined where nothing is known but that somebody is at work there. */
export async function describeRun({ path, state, owner, record, machine }: Run): Promise<MachineStatus | undefined> {
  if (!record) return undefined
  const { name, label, provider, suite, kept } = record
  const shown = machine ?? (state === 'running' ? owner : undefined)
  return {
    ...{ name, label, provider, suite, state, kept },
    pid: machine?.pid,
    owner: owner.pid,
    ageS: shown && ageOf(shown),
    memory: machine && (await memoryOf(path, machine.pid)),
  }
}

/** A sandbox is as large as its cgroup, a virtual machine as its process' own share. */
async function memoryOf(path: string, pid: number): Promise<number | undefined> {
  const leaves = readPlan(await read(join(path, 'cgroups')))
  for (const { type, options, leaf } of leaves) {
    if (type === 'cgroup' && !options.split(',').includes('memory')) continue
    const counted = await read(join(leaf, type === 'cgroup' ? 'memory.usage_in_bytes' : 'memory.current'))
    if (counted !== '') return Number(counted)
  }
  const pids = leaves.length > 0 ? await processesIn(leaves) : [pid]
  const shares = await Promise.all(pids.map(shareOf))
  return shares.some(share => share !== undefined)
    ? shares.reduce<number>((sum, share) => sum + (share ?? 0), 0)
    : undefined
}

/** A process' memory, what it shares with others divided by how many they are. */
async function shareOf(pid: number): Promise<number | undefined> {
  const kilobytes = /^Pss: +(\d+) kB/m.exec(await read(`/proc/${pid}/smaps_rollup`))?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '')
}
