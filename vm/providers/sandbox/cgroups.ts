import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MachineError } from '../../errors.ts'

/** One cgroup tree of the host, and the cgroup in it that will be the root of the sandbox's own view. */
export interface CgroupLeaf {
  type: 'cgroup' | 'cgroup2'
  /** What the tree is mounted with: its controllers (version 1), or `-`. */
  options: string
  /** Where the sandbox sees it. */
  place: string
  /** Where it is on the host, an absolute path. */
  leaf: string
}

/**
 * Decides where a sandbox's cgroups go, from the text of /proc/self/mountinfo and /proc/self/cgroup.
 *
 * Version 1: below our own cgroup, so that limits on us hold for the sandbox too. Version 2: at the top, since a cgroup
 * that holds processes (ours does) can't hand controllers to its children.
 */
export function planCgroups(mountinfo: string, selfCgroup: string, name: string): CgroupLeaf[] {
  const own = new Map<string, string>()
  for (const line of selfCgroup.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers !== undefined && path !== undefined) own.set(controllers, path)
  }

  const leaves: CgroupLeaf[] = []
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root = '/', mountpoint = ''] = before.split(' ')
    const [type, , superOptions = ''] = after.split(' ')
    if (type === 'cgroup2' && !leaves.some(leaf => leaf.type === type)) {
      leaves.push({ type, options: '-', place: '/sys/fs/cgroup', leaf: join(mountpoint, name) })
    }
    if (type === 'cgroup') {
      const mounted = new Set(superOptions.split(','))
      const options = [...own.keys()].find(key => key !== '' && key.split(',').every(option => mounted.has(option)))
      if (options === undefined || leaves.some(leaf => leaf.options === options)) continue
      const leaf = join(mountpoint, below(root, own.get(options) ?? '/'), name)
      leaves.push({ type, options, place: `/sys/fs/cgroup/${options.replace('name=', '')}`, leaf })
    }
  }
  // Where both versions are there, the second stands among the trees of the first.
  const hybrid = leaves.some(leaf => leaf.type === 'cgroup')
  return leaves.map(leaf => (hybrid && leaf.type === 'cgroup2' ? { ...leaf, place: '/sys/fs/cgroup/unified' } : leaf))
}

/** Our cgroup as seen from a mount whose root is `root`; the mount's root where it lies outside. */
function below(root: string, path: string): string {
  const inside = relative(root, path)
  return inside.startsWith('..') ? '.' : inside
}

/** Where the cgroups of this process' sandboxes go: the same plan, made of what this host has. */
export async function planHere(name: string): Promise<CgroupLeaf[]> {
  const [mountinfo, own] = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8'),
    readFile('/proc/self/cgroup', 'utf8'),
  ])
  return planCgroups(mountinfo, own, name)
}

/** The name of the cgroups of the sandbox with this run folder: it says whose they are, as the folder's does. */
export function cgroupName(run: string): string {
  return `${prefix}${basename(run)}`
}

/** The name of the run folder whose cgroup has this name; undefined for one that is none of ours. */
export function runOfCgroup(name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined
}

const prefix = 'vethlab-'

/** Makes the cgroups. */
export async function makeCgroups(leaves: readonly CgroupLeaf[]): Promise<void> {
  for (const { options, leaf } of leaves) {
    await mkdir(leaf)
    // A new cpuset of version 1 is empty, and takes no process before it has processors and memory.
    if (options.split(',').includes('cpuset')) {
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        await writeFile(join(leaf, file), await readFile(join(leaf, '..', file)))
      }
    }
  }
}

/** The lines in which enter.sh reads the plan, and from which a later run knows what to remove. */
export function writePlan(leaves: readonly CgroupLeaf[]): string {
  return leaves.map(({ type, options, place, leaf }) => `${type} ${options} ${place} ${leaf}\n`).join('')
}

/** Reads a written plan. */
export function readPlan(plan: string): CgroupLeaf[] {
  return plan.split('\n').flatMap(line => {
    const [, type, options = '', place = '', leaf = ''] = /^(cgroup2?) (\S+) (\S+) (.+)$/.exec(line) ?? []
    return type === 'cgroup' || type === 'cgroup2' ? [{ type, options, place, leaf }] : []
  })
}

/** The numbers of all processes in these cgroups, and in those below them. */
export async function processesIn(leaves: readonly Pick<CgroupLeaf, 'leaf'>[]): Promise<number[]> {
  const found = await Promise.all(
    leaves.map(async ({ leaf }) => {
      const own = await readFile(join(leaf, 'cgroup.procs'), 'utf8').catch(() => '')
      // 0 is a process of a PID namespace that is not seen from here.
      return [...own.split('\n').map(Number).filter(Boolean), ...(await processesIn(await childrenOf(leaf)))]
    }),
  )
  return [...new Set(found.flat())]
}

/** Whether no process is in these cgroups or below them, not even one that can't be seen from this PID namespace. */
export async function areEmpty(leaves: readonly Pick<CgroupLeaf, 'leaf'>[]): Promise<boolean> {
  for (const { leaf } of leaves) {
    const procs = await readFile(join(leaf, 'cgroup.procs'), 'utf8').catch(() => '')
    if (procs !== '' || !(await areEmpty(await childrenOf(leaf)))) return false
  }
  return true
}

/**
 * Lets go what `docker pause` has frozen in these cgroups and below them: in version 1 a frozen process does not even die of SIGKILL,
 * and whoever waits for its PID namespace to end waits for ever. Version 2 lets it die.
 */
export async function thaw(leaves: readonly CgroupLeaf[]): Promise<void> {
  await thawTrees(leaves.filter(({ options }) => options.split(',').includes('freezer')))
}

async function thawTrees(trees: readonly { leaf: string }[]): Promise<void> {
  for (const { leaf } of trees) {
    await thawTrees(await childrenOf(leaf))
    // One that has gone meanwhile holds nothing.
    await writeFile(join(leaf, 'freezer.state'), 'THAWED', { flag: 'r+' }).catch(() => {})
  }
}

/**
 * Removes cgroups with all that has been made below them. Gone already is fine.
 * @throws MachineError when one stays busy
 */
export async function removeCgroups(
  leaves: readonly Pick<CgroupLeaf, 'leaf'>[],
  { patienceMs = 10_000 } = {},
): Promise<void> {
  for (const { leaf } of leaves) await removeTree(leaf, performance.now() + patienceMs)
}

async function removeTree(path: string, until: number): Promise<void> {
  for (const { leaf } of await childrenOf(path)) await removeTree(leaf, until)
  // The kernel takes a process that has ended out of its cgroup a moment later, on a busy host seconds: busy until then.
  for (;;) {
    const failed = await rmdir(path).catch((error: NodeJS.ErrnoException) => error)
    if (failed?.code !== 'EBUSY') return
    if (performance.now() > until) {
      throw new MachineError(`cgroup ${path} can't be removed: something is still in it`, {
        mend: `look at ${join(path, 'cgroup.procs')}; once it is empty, npm run lab gc`,
      })
    }
    await sleep(10)
  }
}

async function childrenOf(path: string): Promise<{ leaf: string }[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isDirectory()).map(({ name }) => ({ leaf: join(path, name) }))
}
