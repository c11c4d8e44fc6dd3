import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa, type Options } from 'execa'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import { defaultCache } from '../../vm/image/cache.ts'
import { ensureImage } from '../../vm/image/image.ts'
import { defaultSuite } from '../../vm/suite.ts'

const top = fileURLToPath(new URL('../..', import.meta.url))

/** The lab of test/fixtures/labs of this name, as the command line takes it. */
export const faultyLab = (name: string) => join('test/fixtures/labs', `${name}.ts`)

/** What the command line ended with. */
export interface Ended {
  exitCode: number | undefined
  stdout: string
  stderr: string
  /** What `--reporter json` wrote; undefined when it wrote none. */
  report: JsonReport | undefined
  ms: number
}

/** A running command line. */
export interface LabProcess {
  pid: number
  kill(signal: NodeJS.Signals): void
  /** Resolves when this text has been printed, on either stream; rejects when the process ends without. */
  printed(text: string | RegExp): Promise<void>
  ended: Promise<Ended>
}

/**
 * A part of this host of which a run thinks that it is all: cache, machines' files and temporary files in a folder of its own.
 * So what it leaves behind is told from what others do here.
 */
export interface PrivateHost extends AsyncDisposable {
  folder: string
  cache: string
  /** Starts `npm run lab -- …`, without npm, with a JSON report beside the others. */
  lab(args: string[], options?: LabOptions): LabProcess
  /** All that is left of the runs: processes, cgroups, mounts, loop devices, files. */
  leftovers(): Promise<string[]>
}

export interface LabOptions {
  env?: Record<string, string | undefined>
  /** What the command line runs behind, e.g. `unshare --user`. */
  behind?: string[]
  /** false: without a report, as for what runs no lab. */
  report?: boolean
}

/** Makes one, with the image of the default suite in its cache unless told otherwise. */
export async function privateHost({ image = true } = {}): Promise<PrivateHost> {
  const real = dirname(defaultCache())
  await mkdir(real, { recursive: true })
  // Beside the cache, as hard links don't leave a file system; of a short name, as a socket's path is short.
  const folder = await mkdtemp(join(real, 'vt-'))
  const [cache, run, temporary] = ['cache', 'run', 'tmp'].map(name => join(folder, name)) as [string, string, string]
  for (const path of [cache, run, temporary]) await mkdir(path)
  if (image) {
    const { dir } = await ensureImage(defaultSuite, { report: console.log, signal: new AbortController().signal })
    await linkTree(dir, join(cache, 'vethlab/images', dir.slice(dirname(dir).length)))
  }
  const pids: number[] = []
  let count = 0
  return {
    folder,
    cache,
    lab(args, { env = {}, behind = [], report: wanted = true } = {}) {
      const json = join(folder, `report-${count++}.json`)
      const options = {
        cwd: top,
        reject: false,
        stdin: 'ignore',
        all: true,
        env: {
          ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
          ...{ XDG_CACHE_HOME: cache, XDG_RUNTIME_DIR: run, TMPDIR: temporary, NODE_V8_COVERAGE: undefined },
          ...env,
        },
        extendEnv: false,
      } satisfies Options
      const reporters = [...(args.includes('--reporter') ? [] : ['--reporter', 'line']), '--reporter', `json=${json}`]
      const command = [...behind, process.execPath, 'bootstrap.cjs', 'lab', ...args, ...(wanted ? reporters : [])]
      const [file = '', ...rest] = command
      const child = execa(file, rest, options)
      const pid = child.pid ?? 0
      pids.push(pid)
      let text = ''
      child.all.on('data', chunk => {
        text += chunk
      })
      const ended = (async (): Promise<Ended> => {
        const { exitCode, stdout, stderr, durationMs } = await child
        const report = existsSync(json) ? (JSON.parse(readFileSync(json, 'utf8')) as JsonReport) : undefined
        await rm(json, { force: true })
        return { exitCode, stdout, stderr, report, ms: durationMs }
      })()
      return {
        pid,
        kill: signal => void child.kill(signal),
        async printed(wanted) {
          const there = () => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text))
          let over = false
          ended.finally(() => {
            over = true
          })
          while (!there()) {
            if (over) throw new Error(`it ended without ${wanted}:\n${text}`)
            await pause(10)
          }
        },
        ended,
      }
    },
    async leftovers() {
      const base = join(run, `vethlab-${process.getuid?.() ?? 0}`)
      return [
        ...(await processesOf(folder, pids)).map(what => `process ${what}`),
        ...(await cgroupsOf(pids)).map(path => `cgroup ${path}`),
        ...(await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter(line => line.includes(folder)),
        ...(await loopDevicesOf(folder)).map(path => `loop device of ${path}`),
        ...(await readdir(base).catch(() => [])).map(name => `run folder ${name}`),
        // npm keeps its own compiled code there.
        ...(await readdir(temporary))
          .filter(name => name !== 'node-compile-cache')
          .map(name => `temporary file ${name}`),
        ...(await readdir(join(cache, 'vethlab/images')).catch(() => []))
          .filter(name => name.startsWith('.building'))
          .map(name => `half an image ${name}`),
      ]
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, maxRetries: 5 }),
  }
}

/** The processes of the host's machine of a run, init and all: those in its cgroups. */
export async function guestProcesses(pid: number): Promise<number[]> {
  const all = await processes()
  return all.flatMap(({ number, cgroup }) => (cgroup.includes(`/vethlab-${pid}-`) ? [number] : []))
}

/** Numbers of the processes whose command line matches, and that this process has started, however far down. */
export async function descendants(pid: number, command: RegExp): Promise<number[]> {
  const all = await processes()
  const below = (parent: number): typeof all =>
    all.filter(one => one.parent === parent).flatMap(one => [one, ...below(one.number)])
  return below(pid).flatMap(({ number, cmdline }) => (command.test(cmdline) ? [number] : []))
}

async function processesOf(folder: string, pids: number[]): Promise<string[]> {
  const all = await processes()
  const ours = all.filter(
    ({ number, cmdline, environ, cgroup }) =>
      number !== process.pid &&
      (pids.includes(number) ||
        cmdline.includes(folder) ||
        environ.includes(folder) ||
        pids.some(pid => cgroup.includes(`/vethlab-${pid}-`))),
  )
  return ours.map(({ number, cmdline }) => `${number} ${cmdline}`)
}

async function processes() {
  const numbers = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const read = (number: string, file: string) => readFile(`/proc/${number}/${file}`, 'utf8').catch(() => '')
  const found = await Promise.all(
    numbers.map(async number => {
      const [stat, cmdline, environ, cgroup] = await Promise.all(
        ['stat', 'cmdline', 'environ', 'cgroup'].map(file => read(number, file)),
      )
      const [state, parent] = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ')
      return {
        number: Number(number),
        gone: state === undefined || /^[ZX]?$/.test(state),
        parent: Number(parent),
        cmdline: (cmdline ?? '').replaceAll('\0', ' ').trim(),
        environ: environ ?? '',
        cgroup: cgroup ?? '',
      }
    }),
  )
  return found.filter(({ gone }) => !gone)
}

async function cgroupsOf(pids: number[]): Promise<string[]> {
  const { stdout } = await execa('find', ['/sys/fs/cgroup', '-name', 'vethlab-*'], { reject: false })
  return stdout.split('\n').filter(path => pids.some(pid => path.includes(`/vethlab-${pid}-`)))
}

async function loopDevicesOf(folder: string): Promise<string[]> {
  const names = await readdir('/sys/block')
  const files = await Promise.all(
    names.map(name => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '')),
  )
  return files.map(file => file.trim()).filter(file => file.startsWith(folder))
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  const { failed } = await execa('cp', ['-al', from, to], { reject: false })
  if (failed) await cp(from, to, { recursive: true, preserveTimestamps: true })
}
