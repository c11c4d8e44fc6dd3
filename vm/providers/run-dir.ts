import { join } from 'node:path'
import type { SeedLogin } from '../guest/seed.ts'
import type { Entry } from '../machine.ts'
import { runsFolder } from './run-dir/base.ts'
import { identifySelf } from './run-dir/identity.ts'
import { folderName, type MachineFacts, makeFolder, writeLogin, writeMachine, writeRecord } from './run-dir/record.ts'
import { clearRun } from './run-dir/remove.ts'

/**
 * A private folder (mode 0700) of one machine: sockets, seed, logs, and a record of what must go if this process can't
 * see to it itself: the machine's process, the cgroups made for it.
 */
export interface RunDir {
  readonly path: string
  /** What the machine is called among those that are there. */
  readonly name: string
  /** Remembers the process that is the machine. */
  ownMachine(pid: number): void
  /**
   * From now on the machine is left alone for as long as it lives, whatever becomes of this process. `login`: with which
   * it is entered later.
   */
  keep(entry: Omit<Entry, 'name'>, login: SeedLogin): void
  /** Removes the folder and the cgroups named in it; those of a kept machine go with the first run after its end. */
  remove(): Promise<void>
}

let count = 0

/**
 * Makes a run folder, below $XDG_RUNTIME_DIR or the temporary folder. Its path is short, as a unix socket's path has
 * at most 107 bytes.
 */
export async function makeRunDir(facts: MachineFacts): Promise<RunDir> {
  const path = join(await runsFolder(), folderName(identifySelf(), count++))
  const record = makeFolder(path, facts)
  let kept = false
  return {
    path,
    name: record.name,
    ownMachine: pid => writeMachine(path, pid),
    keep({ enter, remove }, login) {
      writeLogin(path, login)
      writeRecord(path, { ...record, kept: { enter, remove } })
      kept = true
    },
    remove: async () => {
      if (!kept) await clearRun(path)
    },
  }
}
