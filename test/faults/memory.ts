import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import type { Fault } from './fault.ts'
import type { PrivateHost } from './private-host.ts'

/*
 * Out of memory, in a cgroup of the run's own: others there take what is left, in pieces so small that the kernel kills the run's
 * command line, its engine or its virtual machine before any of them.
 */

/** Ample for a run, in bytes. */
const limit = 600e6
const piece = 16e6

/** The run, and what it starts, may have only so much memory. */
export const limitedMemory: NonNullable<Fault['setUp']> = async ({ host }) => {
  const { cgroup, limitFile } = await memoryCgroup(host)
  await mkdir(cgroup)
  await writeFile(join(cgroup, limitFile), String(limit))
  return { options: { behind: within(cgroup) }, afterwards: () => removed(cgroup) }
}

/** Others take all of that memory, until the kernel has killed somebody. */
export const exhausted: NonNullable<Fault['strike']> = async ({ host, run }) => {
  if (run.over()) return false
  const { cgroup, eventFile } = await memoryCgroup(host)
  const [file = '', ...args] = within(cgroup)
  const take = ['perl', '-e', `$taken = "x" x ${piece}; sleep 60`]
  const others = Array.from({ length: Math.ceil(limit / piece) }, () =>
    execa(file, [...args, ...take], { reject: false }),
  )
  const killed = async () => Number(/^oom_kill (\d+)$/m.exec(await readFile(join(cgroup, eventFile), 'utf8'))?.[1]) > 0
  try {
    while (!run.over() && !(await killed())) await pause(20)
    return await killed()
  } finally {
    for (const other of others) other.kill('SIGKILL')
    await Promise.all(others)
  }
}

/** Where the trial's cgroup is, the file that takes the limit, and the one that counts the killed. */
async function memoryCgroup(host: PrivateHost): Promise<{ cgroup: string; limitFile: string; eventFile: string }> {
  const name = basename(host.folder)
  const version1 = /^\d+:memory:(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1]
  if (version1 !== undefined) {
    const cgroup = join('/sys/fs/cgroup/memory', version1, name)
    return { cgroup, limitFile: 'memory.limit_in_bytes', eventFile: 'memory.oom_control' }
  }
  await writeFile('/sys/fs/cgroup/cgroup.subtree_control', '+memory')
  return { cgroup: join('/sys/fs/cgroup', name), limitFile: 'memory.max', eventFile: 'memory.events' }
}

function within(cgroup: string): string[] {
  return ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', cgroup]
}

/** The kernel takes a process that has ended out of its cgroup a moment later. */
async function removed(cgroup: string): Promise<void> {
  for (const deadline = performance.now() + 10_000; ; await pause(50)) {
    try {
      return await rmdir(cgroup)
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}
