import { readdir, readFile } from 'node:fs/promises'

/** A process of this host, as /proc shows it. */
export interface ProcessSeen {
  number: number
  /** Its number in each PID namespace that it is in, ours first. */
  numbers: number[]
  /** The command's name, at most 15 bytes of it. */
  name: string
  cmdline: string
}

/** All processes that this one has started and that still live, however far down, nearest first. */
export async function descendants(pid: number): Promise<ProcessSeen[]> {
  const found: ProcessSeen[] = []
  let generation = [pid]
  while (generation.length > 0) {
    generation = (await Promise.all(generation.map(childrenOf))).flat()
    found.push(...(await Promise.all(generation.map(look))).filter(seen => seen !== undefined))
  }
  return found
}

/** Numbers of the processes of a run's sandbox, init and all, also when the run has ended: those in its cgroups. */
export async function guestProcesses(pid: number): Promise<number[]> {
  const within = async (number: number) => (await readProc(number, 'cgroup')).includes(`/vethlab-${pid}-`)
  const all = await everyProcess()
  const inside = await Promise.all(all.map(within))
  return all.filter((_, index) => inside[index])
}

/** Numbers of all processes of this host that have not ended. */
export async function everyProcess(): Promise<number[]> {
  const numbers = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const alive = await Promise.all(numbers.map(async number => ((await look(number)) ? [number] : [])))
  return alive.flat()
}

async function childrenOf(pid: number): Promise<number[]> {
  // A child belongs to the thread that has started it.
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(threads.map(thread => readProc(pid, `task/${thread}/children`)))
  return lists.flatMap(list => list.split(' ').filter(Boolean).map(Number))
}

/** undefined for one that has ended, also where nobody has asked yet how. */
async function look(number: number): Promise<ProcessSeen | undefined> {
  const [status, cmdline] = await Promise.all([readProc(number, 'status'), readProc(number, 'cmdline')])
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? ''
  if (/^[ZX]?( |$)/.test(field('State'))) return undefined
  return {
    number,
    numbers: field('NSpid').split('\t').map(Number),
    name: field('Name'),
    cmdline: cmdline.replaceAll('\0', ' ').trim(),
  }
}

/** A file of a process' folder in /proc; empty when the process has ended. */
export async function readProc(pid: number, file: string): Promise<string> {
  return await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
}
