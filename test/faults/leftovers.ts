import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { everyProcess, readProc } from './processes.ts'

/** Where runs have been told to keep what they need. */
export interface Places {
  /** Everything below it is theirs. */
  folder: string
  cache: string
  run: string
  temporary: string
}

/**
 * All that is left of these runs: processes, cgroups, mounts, loop devices, files; each as a line that begins with its kind.
 * `owners`: the number and the start of each run's process, as its cgroups are named; numbers are used again.
 */
export async function leftoversOf(places: Places, owners: string[]): Promise<string[]> {
  const { folder, cache, run, temporary } = places
  const within = (...path: string[]) => readdir(join(...path)).catch(() => [])
  const named = (kind: string, names: string[]) => names.map(name => `${kind} ${name}`)
  const [processes, cgroups, mounts, loops, runs, files, halves] = await Promise.all([
    processesOf(folder, owners),
    cgroupsOf(owners),
    readFile('/proc/self/mountinfo', 'utf8'),
    loopDevicesOf(folder),
    within(run, `vethlab-${process.getuid?.() ?? 0}`),
    within(temporary),
    halvesIn(join(cache, 'vethlab')),
  ])
  return [
    ...named('process', processes),
    ...named('cgroup', cgroups),
    ...named(
      'mount',
      mounts.split('\n').filter(line => line.includes(folder)),
    ),
    ...named('loop device of', loops),
    ...named('run folder', runs),
    // npm keeps its own compiled code there.
    ...named(
      'temporary file',
      files.filter(name => name !== 'node-compile-cache'),
    ),
    ...named('half', halves),
  ]
}

/** What is made lies beside what is finished until it is whole: in a folder whose name begins with a dot, or a file whose name ends in a process' number. */
async function halvesIn(cache: string): Promise<string[]> {
  const stores = await readdir(cache).catch(() => [])
  const paths = stores.filter(store => store !== 'compiled').map(store => join(cache, store))
  const entries = await Promise.all(
    paths.map(path => readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])),
  )
  return entries.flat().flatMap(({ name, parentPath }) => (/^\.|\.\d+$/.test(name) ? [join(parentPath, name)] : []))
}

async function processesOf(folder: string, owners: string[]): Promise<string[]> {
  const found = await Promise.all(
    (await everyProcess()).map(async number => {
      if (number === process.pid) return []
      const read = ['cmdline', 'environ', 'cgroup'].map(file => readProc(number, file))
      const [cmdline = '', environ = '', cgroup = ''] = await Promise.all(read)
      const ours =
        cmdline.includes(folder) ||
        environ.includes(folder) ||
        owners.some(owner => cgroup.includes(`/vethlab-${owner}-`)) ||
        (await holds(number, folder))
      return ours ? [`${number} ${cmdline.replaceAll('\0', ' ').trim()}`] : []
    }),
  )
  return found.flat()
}

/** Whether a process has an open file, its folder or its root below this one. */
async function holds(number: number, folder: string): Promise<boolean> {
  const files = (await readdir(`/proc/${number}/fd`).catch(() => [])).map(name => `fd/${name}`)
  const links = ['cwd', 'root', 'exe', ...files].map(name => readlink(`/proc/${number}/${name}`).catch(() => ''))
  return (await Promise.all(links)).some(link => link.startsWith(`${folder}/`))
}

async function cgroupsOf(owners: string[]): Promise<string[]> {
  const { stdout } = await execa('find', ['/sys/fs/cgroup', '-name', 'vethlab-*'], { reject: false })
  return stdout.split('\n').filter(path => owners.some(owner => path.includes(`/vethlab-${owner}-`)))
}

/**
 * Files of this folder that a loop device shows. One that is a hard link is left out: sandboxes on one file may share a
 * device, whatever name they know it by, and others on this host run on the same file.
 */
async function loopDevicesOf(folder: string): Promise<string[]> {
  const names = await readdir('/sys/block')
  const files = await Promise.all(
    names.map(name => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '')),
  )
  const ours = files.map(file => file.trim()).filter(file => file.startsWith(folder))
  const links = await Promise.all(
    ours.map(file =>
      stat(file).then(
        ({ nlink }) => nlink,
        () => 1,
      ),
    ),
  )
  return ours.filter((_, index) => links[index] === 1)
}
