import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { areEmpty, planHere, removeCgroups, runOfCgroup } from '../sandbox/cgroups.ts'
import { lifeOf } from './identity.ts'
import { ownerInName } from './record.ts'

/**
 * Removes cgroups of sandboxes whose run is over and whose run folder is gone, as when somebody has emptied the temporary
 * folder: their names say whose they were. One with a process in it stays, whoever that is. Resolves to what was removed.
 * `parents`: the cgroups below which to look; those of this process' sandboxes by default.
 */
export async function sweepCgroups(parents?: string[]): Promise<string[]> {
  parents ??= (await planHere('any')).map(({ leaf }) => dirname(leaf))
  const found = await Promise.all(
    parents.map(async parent => (await readdir(parent).catch(() => [])).map(name => join(parent, name))),
  )
  const removed: string[] = []
  for (const leaf of found.flat().filter(isOfEndedRun)) {
    const { uid } = await stat(leaf).catch(() => ({ uid: undefined }))
    if (uid !== process.getuid?.() || !(await areEmpty([{ leaf }]))) continue
    await removeCgroups([{ leaf }])
    removed.push(leaf)
  }
  return removed
}

function isOfEndedRun(leaf: string): boolean {
  const owner = ownerInName(runOfCgroup(basename(leaf)) ?? '')
  return owner !== undefined && lifeOf(owner) === 'gone'
}
