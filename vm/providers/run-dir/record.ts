import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { SeedLogin } from '../../guest/seed.ts'
import type { Entry, ProviderName } from '../../machine.ts'
import type { Suite } from '../../suite.ts'
import { type Identity, identify, type Realm } from './identity.ts'

/** What is known of a machine before it is there. */
export interface MachineFacts {
  /** What people call it: the lab's name. */
  label: string
  provider: ProviderName
  /** undefined where it is no machine of ours. */
  suite: Suite | undefined
  /** Paths in the cache that it is made of: they must stay while it is there. */
  uses: string[]
}

/** What a run folder says of its machine, so that other processes can list, enter and remove it. */
export interface MachineRecord extends MachineFacts {
  /** Tells it from the others that are there: the label, with a number behind it where that is taken. */
  name: string
  /** How it is entered and removed by hand, for a machine that was kept; null for one that goes with its run. */
  kept: Omit<Entry, 'name'> | null
}

/** A run folder's name: whose it is, so that there is no moment at which it's nobody's. */
export function folderName(owner: Identity & Realm, count: number): string {
  return `${owner.pid}-${owner.start}-${count}-${owner.boot}-${owner.pidNamespace}`
}

/** Who made the run folder of this name; undefined for a name that is none of ours. */
export function ownerInName(name: string): (Identity & Realm) | undefined {
  const [, pid, start, boot, pidNamespace] = /^(\d+)-(\d+)-\d+-([0-9a-f]{8})-([0-9a-z]+)$/.exec(name) ?? []
  if (boot === undefined || pidNamespace === undefined) return undefined
  return { pid: Number(pid), start: Number(start), boot, pidNamespace }
}

/** Makes a run folder with its record. In one turn, so that two machines of this process don't get the same name. */
export function makeFolder(path: string, facts: MachineFacts): MachineRecord {
  mkdirSync(path, { mode: 0o700 })
  const runs = join(path, '..')
  const taken = readdirSync(runs).map(name => readRecord(join(runs, name))?.name)
  const record = { ...facts, name: freeName(facts.label, taken), kept: null }
  writeRecord(path, record)
  return record
}

/** The label, or the first of `label-2`, `label-3` and so on that isn't taken. */
export function freeName(label: string, taken: (string | undefined)[]): string {
  const names = [label, ...taken.map((_, index) => `${label}-${index + 2}`)]
  return names.find(name => !taken.includes(name)) ?? label
}

/** Replaces a record: whoever reads meanwhile sees the old one or the new one. */
export function writeRecord(path: string, record: MachineRecord): void {
  writeWhole(join(path, recordFile), `${JSON.stringify(record, null, 2)}\n`)
}

/** The record in a run folder; undefined while there is none yet. */
export function readRecord(path: string): MachineRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(path, recordFile), 'utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Remembers the process that is the machine. A sandbox's is written by itself (sandbox/enter.sh). */
export function writeMachine(path: string, pid: number): void {
  const identity = identify(pid)
  if (identity) writeWhole(join(path, machineFile), `${identity.pid}-${identity.start}`)
}

/** The process that is, or was, the machine; it is of the same boot and PID namespace as the folder's owner. */
export function readMachine(path: string): Identity | undefined {
  try {
    const [, pid, start] = /^(\d+)-(\d+)$/m.exec(readFileSync(join(path, machineFile), 'utf8')) ?? []
    return pid === undefined || start === undefined ? undefined : { pid: Number(pid), start: Number(start) }
  } catch {
    return undefined
  }
}

/** Keeps the keys with which to log in to a kept machine. */
export function writeLogin(path: string, login: SeedLogin): void {
  writeWhole(join(path, loginFile), JSON.stringify(login))
}

/** In the run folder of a kept machine: a SeedLogin. */
export const loginFile = 'login.json'
const recordFile = 'record.json'
const machineFile = 'machine'

function writeWhole(path: string, text: string): void {
  const half = join(path, '..', `.${basename(path)}`)
  writeFileSync(half, text, { mode: 0o600 })
  renameSync(half, path)
}

function isRecord(value: unknown): value is MachineRecord {
  if (typeof value !== 'object' || value === null) return false
  const { name, label, provider, uses } = value as Partial<MachineRecord>
  return [name, label, provider].every(text => typeof text === 'string') && Array.isArray(uses)
}
