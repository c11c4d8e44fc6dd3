import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runsFolder } from './base.ts'
import { type Identity, type Life, lifeOf, type Realm } from './identity.ts'
import { type MachineRecord, ownerInName, readMachine, readRecord } from './record.ts'

/**
 * Whose a run folder is: `running`, of a run that goes on; `kept`, of a machine that outlives its run, as asked; `left`,
 * nobody's any more; `elsewhere`, of a PID namespace into which this process can't look.
 */
export type RunState = 'running' | 'kept' | 'left' | 'elsewhere'

/** One machine's run folder, as another process finds it. */
export interface Run {
  path: string
  state: RunState
  owner: Identity & Realm
  /** undefined where the run was ended before it wrote one. */
  record: MachineRecord | undefined
  /** The process that is the machine, while it lives. */
  machine: Identity | undefined
}

/** This user's runs, oldest first; names of machines are distinct. */
export async function listRuns(): Promise<Run[]> {
  const folder = await runsFolder()
  const found = (await readdir(folder)).flatMap(name => {
    const owner = ownerInName(name)
    return owner ? [readRun(join(folder, name), owner)] : []
  })
  return distinct(found.sort((a, b) => since(a) - since(b) || (a.path < b.path ? -1 : 1)))
}

function readRun(path: string, owner: Identity & Realm): Run {
  const record = readRecord(path)
  const machine = readMachine(path)
  const machineLife = machine ? lifeOf({ ...owner, ...machine }) : 'gone'
  const state = stateOf({ owner: lifeOf(owner), machine: machineLife, kept: record?.kept != null })
  return { path, state, owner, record, machine: machineLife === 'alive' ? machine : undefined }
}

/** Of a kept machine only the machine counts: the run that kept it may be over, or go on to other labs. */
export function stateOf({ owner, machine, kept }: { owner: Life; machine: Life; kept: boolean }): RunState {
  const decides = kept ? machine : owner
  if (decides === 'unknown') return 'elsewhere'
  if (decides === 'gone') return 'left'
  return kept ? 'kept' : 'running'
}

/** Two processes may have taken one name in the same moment: the later one is numbered here. */
function distinct(runs: Run[]): Run[] {
  const taken = new Set<string>()
  return runs.map(run => {
    if (!run.record) return run
    let { name } = run.record
    for (let count = 2; taken.has(name); count++) name = `${run.record.name}-${count}`
    taken.add(name)
    return { ...run, record: { ...run.record, name } }
  })
}

function since({ machine, owner }: Run): number {
  return machine?.start ?? owner.start
}
