import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa, type Options } from 'execa'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import { defaultCache } from '../../vm/image/cache.ts'
import { ensureImage } from '../../vm/image/image.ts'
import { identify } from '../../vm/providers/run-dir/identity.ts'
import { defaultSuite } from '../../vm/suite.ts'
import { leftoversOf } from './leftovers.ts'

const top = fileURLToPath(new URL('../..', import.meta.url))

/** The lab of test/fixtures/labs of this name, as the command line takes it. */
export const faultyLab = (name: string) => join('test/fixtures/labs', `${name}.ts`)

/** What the command line ended with. */
export interface Ended {
  /** undefined when a signal ended it. */
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
  /** What has been printed so far, on either stream. */
  said(): string
  /** Whether it has ended. */
  over(): boolean
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
  /** Runs `npm run lab gc`, and resolves to its exit code and what it said of what is ours. */
  gc(): Promise<{ exitCode: number | undefined; said: string }>
  /** All that is left of the runs: processes, cgroups, mounts, loop devices, files. */
  leftovers(): Promise<string[]>
}

export interface LabOptions {
  env?: Record<string, string | undefined>
  /** What the command line runs behind, e.g. `unshare --user`. */
  behind?: string[]
  /** false: without a report, as for what runs no lab. */
  report?: boolean
  /** What is typed, where nobody sits; nothing otherwise. */
  input?: string
}

/**
 * Makes one, with the image of the default suite in its cache unless told otherwise. Its files are hard links to the real
 * one's, or copies: to be damaged, and as sandboxes on one file share a loop device, whoever they belong to.
 */
export async function privateHost({ image = true, copied = false } = {}): Promise<PrivateHost> {
  const real = dirname(defaultCache())
  await mkdir(real, { recursive: true })
  // Beside the cache, as hard links don't leave a file system; of a short name, as a socket's path is short.
  const folder = await mkdtemp(join(real, 'vt-'))
  const [cache, run, temporary] = ['cache', 'run', 'tmp'].map(name => join(folder, name)) as [string, string, string]
  for (const path of [cache, run, temporary]) await mkdir(path)
  const entry = await registered(folder)
  if (image) {
    const { dir } = await ensureImage(defaultSuite, { report: console.log, signal: new AbortController().signal })
    const own = join(cache, 'vethlab/images', dir.slice(dirname(dir).length))
    await (copied ? copyTree(dir, own) : linkTree(dir, own))
  }
  const owners: string[] = []
  let count = 0
  const host: PrivateHost = {
    folder,
    cache,
    lab(args, { env = {}, behind = [], report: wanted = true, input } = {}) {
      const json = join(folder, `report-${count++}.json`)
      const options = {
        cwd: top,
        reject: false,
        ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
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
      owners.push(`${pid}-${identify(pid)?.start}`)
      let said = ''
      child.all.on('data', chunk => {
        said += chunk
      })
      let over = false
      const ended = (async (): Promise<Ended> => {
        const { exitCode, stdout, stderr, durationMs } = await child
        over = true
        // Opened at the start and written at the end; where a signal ended it, perhaps half.
        const text = exitCode !== undefined && existsSync(json) ? readFileSync(json, 'utf8') : ''
        const report = text === '' ? undefined : (JSON.parse(text) as JsonReport)
        await rm(json, { force: true })
        return { exitCode, stdout, stderr, report, ms: durationMs }
      })()
      return {
        pid,
        kill: signal => void child.kill(signal),
        said: () => said,
        over: () => over,
        async printed(wanted) {
          const there = () => (typeof wanted === 'string' ? said.includes(wanted) : wanted.test(said))
          while (!there()) {
            if (over) throw new Error(`it ended without ${wanted}:\n${said}`)
            await pause(10)
          }
        },
        ended,
      }
    },
    async gc() {
      const { exitCode, stdout, stderr } = await host.lab(['gc'], { report: false }).ended
      return { exitCode, said: ownLines(stdout + stderr, owners) }
    },
    leftovers: () => leftoversOf({ folder, cache, run, temporary }, owners),
    async [Symbol.asyncDispose]() {
      // Once the folder is gone nobody knows any more whose they are.
      if ((await host.leftovers()).length > 0) await host.gc()
      await rm(folder, { recursive: true, maxRetries: 5 })
      if (entry) await rm(entry)
    },
  }
  return host
}

/** Tells the runner of the tests (test/runner/host.ts) of the folder, by a link: should this process be killed, it is removed all the same. */
async function registered(folder: string): Promise<string | undefined> {
  const of = process.env.VETHLAB_TEST_FOLDER
  if (of === undefined) return undefined
  const link = join(of, basename(folder))
  await symlink(folder, link)
  return link
}

/** What gc says, without the cgroups of others: these are not in a folder of anybody's, and it removes all that it finds. */
function ownLines(said: string, owners: string[]): string {
  const ofOthers = (line: string) =>
    line.includes('the cgroup of a machine that is gone: ') &&
    !owners.some(owner => line.includes(`/vethlab-${owner}-`))
  const lines = said.split('\n')
  const own = lines.filter(line => !ofOthers(line))
  return own.length === 0 && lines.length > 0 ? 'Nothing was left behind.' : own.join('\n')
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  const { failed } = await execa('cp', ['-al', from, to], { reject: false })
  if (failed) await copyTree(from, to)
}

async function copyTree(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, preserveTimestamps: true })
}
