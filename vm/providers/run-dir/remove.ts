import { readdirSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MachineError } from '../../errors.ts'
import { type CgroupLeaf, processesIn, readPlan, removeCgroups, thaw } from '../sandbox/cgroups.ts'
import { type Identity, identify } from './identity.ts'
import type { Run } from './runs.ts'

/** What was removed of a run. */
export interface Removed {
  /** Processes that were ended. */
  processes: number
  cgroups: number
  folder: string
}

/** Ends a run's machine, and whatever else of it still runs, and removes its cgroups and its folder. */
export async function removeRun({ path, machine }: Pick<Run, 'path' | 'machine'>): Promise<Removed> {
  const cgroups = await readCgroups(path)
  // The machine first: it takes most of the others along.
  const ended = machine && (await end([machine], cgroups)) ? 1 : 0
  // What was started a moment before its starter was killed is known by nobody; it has the folder's path in its command.
  const rest = [...startedFor(path), ...(await processesIn(cgroups)).flatMap(pid => identify(pid) ?? [])]
  const processes = ended + (await end(rest, cgroups))
  await clearRun(path)
  return { processes, cgroups: cgroups.length, folder: path }
}

/** Removes the cgroups and the folder of a run whose processes have ended. */
export async function clearRun(path: string): Promise<void> {
  await removeCgroups(await readCgroups(path))
  await rm(path, { recursive: true, force: true, maxRetries: 5 })
}

async function readCgroups(path: string): Promise<CgroupLeaf[]> {
  return readPlan(await readFile(join(path, 'cgroups'), 'utf8').catch(() => ''))
}

/** Kills processes of these cgroups, waits until they are gone, and resolves to how many there were. */
async function end(processes: Identity[], cgroups: readonly CgroupLeaf[]): Promise<number> {
  const live = ({ pid, start }: Identity) => identify(pid)?.start === start
  const targets = [...new Map(processes.filter(live).map(one => [one.pid, one])).values()]
  for (const { pid } of targets) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  await thaw(cgroups)
  for (let tries = 0; targets.some(live); tries++) {
    if (tries === 500) {
      throw new MachineError(`process ${targets.find(live)?.pid} does not end, although it was killed`, {
        mend: 'look at its state: D in `ps` waits for a disk; once it has ended, npm run lab gc',
      })
    }
    await sleep(10)
  }
  return targets.length
}

/**
 * This user's processes that run what we start for a machine, with the very arguments that we give it. A shell in which
 * somebody looks around in the folder is none of them.
 */
function startedFor(path: string): Identity[] {
  const uid = process.getuid?.()
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return []
    const [command, status] = ['cmdline', 'status'].map(file => read(`/proc/${name}/${file}`))
    const own = Number(/^Uid:\t(\d+)/m.exec(status ?? '')?.[1]) === uid
    return own && isStartedFor(path, (command ?? '').split('\0')) ? (identify(Number(name)) ?? []) : []
  })
}

/** Whether a command line is one that is run for the machine of this folder: QEMU, or what builds a sandbox. */
export function isStartedFor(path: string, argv: string[]): boolean {
  if (argv.some(word => /^qemu-system-/.test(basename(word)))) return argv.some(word => word.includes(`${path}/`))
  const script = argv.findIndex(word => word.endsWith('/sandbox/enter.sh'))
  return script > 0 && argv[script + 1] === path
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
