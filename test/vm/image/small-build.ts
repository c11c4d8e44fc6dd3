import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { execa, type Options } from 'execa'

const program = join(import.meta.dirname, 'small-image.ts')

interface Outcome {
  /** What was reported. */
  lines: string[]
  /** What the last line says, as JSON. */
  last: unknown
}

interface Start {
  env?: Record<string, string>
  /** Its cache is a tmpfs with these options that only it sees. */
  mount?: string
  /** It stops itself when it reports this. */
  stopAt?: string
}

/** Starts a process that asks for the small image. */
export function start(cache: string, { env = {}, mount, stopAt }: Start = {}) {
  const lines: string[] = []
  const options = { env, reject: false } satisfies Options
  const command = [process.execPath, program, cache, ...(stopAt ? [stopAt] : [])]
  const script = 'cache=$1; options=$2; shift 2; mount -t tmpfs -o "$options" tmpfs "$cache" && exec "$@"'
  const child = mount
    ? execa('unshare', ['--mount', 'sh', '-c', script, 'sh', cache, mount, ...command], options)
    : execa(process.execPath, command.slice(1), options)
  const ended = (async (): Promise<Outcome> => {
    for await (const line of child) lines.push(line)
    const { stderr } = await child.catch(error => error)
    const last = lines.at(-1)
    return { lines: lines.slice(0, -1), last: last?.startsWith('{') ? JSON.parse(last) : { last, stderr } }
  })()
  const until = async (holds: () => boolean | Promise<boolean>) => {
    while (!(await holds())) {
      await Promise.race([sleep(20), ended.then(({ last }) => Promise.reject(new Error(JSON.stringify(last))))])
    }
  }
  return {
    child,
    ended,
    reported: (word: string) => until(() => lines.some(line => line.includes(word))),
    /** Resolves once it has stopped itself, and so is neither further nor over. */
    stopped: () => until(async () => / T /.test(await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => ''))),
  }
}

/** Waits until no process is left that works in this cache. */
export async function gone(cache: string): Promise<void> {
  while ((await processesIn(cache)).length > 0) await sleep(50)
}

async function processesIn(cache: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name) && name !== String(process.pid))
  const commands = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return commands.filter(command => command.includes(cache))
}

/** Kills a build that stands still at this stage, and looks that it has left nothing that is mistaken for an image. */
export async function killedAt(stage: string, cache: string): Promise<void> {
  const build = start(cache, { stopAt: stage })
  await build.stopped()
  build.child.kill('SIGKILL')
  await build.ended
  const [half, ...others] = (await readdir(join(cache, 'images'))).filter(name => !name.endsWith('.lock'))
  expect(half, 'it had begun').to.match(/^\.building-/)
  expect(others).to.deep.equal([])
  await gone(cache)
}
