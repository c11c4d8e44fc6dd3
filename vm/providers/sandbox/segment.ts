import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { MachineError } from '../../errors.ts'
import type { Machine } from '../../machine.ts'
import { type JoinRequest, linkName, type OnFrame, type Segment } from '../../segment.ts'
import type { SandboxMachine } from './start.ts'
import { type EndTap, tap } from './tap.ts'

/**
 * Joins sandboxes by a bridge in a netns of the segment's own. Its links are made in that netns and in the machines', never in
 * the host's. A process holds the netns, and dies with us; all is gone when it has ended.
 */
export async function joinSandboxes({ name, plugs, keep }: JoinRequest): Promise<Segment> {
  const machines = plugs.map(({ machine }) => sandboxOf(machine))
  const [tools] = machines
  if (!tools) throw new TypeError(`the segment ${name} joins no machine`)
  const words = plugs.flatMap((plug, i) => [plug.name, linkName(plug), plug.mac, String(machines[i]?.init)])
  const holder = await hold(name, tools.init, [keep ? 'until-left' : 'until-killed', ...words], keep)
  const inside = enter(holder.pid)

  const lost = new AbortController()
  let over = false
  holder.ended.then(how => {
    if (over) return
    lost.abort(
      new MachineError(`the segment ${name} is gone: what held it ended with ${how}`, { mend: 'run it again' }),
    )
  })
  const set = async (port: string, ...words: string[]) => {
    const [command = '', ...args] = [...inside, 'ip', 'link', 'set', port, ...words]
    await execa(command, args)
  }
  const cutPorts = new Set<string>()
  const captures = new Set<{ onFrame: OnFrame; taps: Map<string, EndTap> }>()
  return {
    kept: 'the machines stay joined, until the last of them is removed',
    // The machine's end of a wire has no carrier when the other end is off. A port that is off can't be listened at: so it leaves
    // the bridge before captures stop listening there, and is back only when they listen again.
    async cut(port) {
      cutPorts.add(port)
      await set(port, 'nomaster')
      await Promise.all([...captures].map(({ taps }) => taps.get(port)?.()))
      for (const { taps } of captures) taps.delete(port)
      await set(port, 'down')
    },
    async restore(port) {
      cutPorts.delete(port)
      await set(port, 'up')
      for (const { taps, onFrame } of captures) taps.set(port, await tap(inside, port, onFrame))
      await set(port, 'master', bridge)
    },
    async listen(onFrame) {
      const ports = plugs.map(({ name }) => name).filter(port => !cutPorts.has(port))
      const begun = await Promise.all(ports.map(async port => [port, await tap(inside, port, onFrame)] as const))
      const capture = { onFrame, taps: new Map(begun) }
      captures.add(capture)
      return async () => {
        captures.delete(capture)
        await Promise.all([...capture.taps.values()].map(end => end()))
      }
    },
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      over = true
      if (keep) return holder.letGo()
      holder.kill()
      await holder.ended
    },
  }
}

/** As segment.sh calls it. */
const bridge = 'segment'

/** The beginning of a command line that runs the rest in the segment's namespaces, and dies with us. */
function enter(holder: number): string[] {
  return ['setpriv', '--pdeathsig', 'KILL', 'nsenter', '--target', String(holder), '--mount', '--net']
}

interface Holder {
  pid: number
  /** Resolves when it has ended, to how. */
  ended: Promise<string>
  kill(): void
  letGo(): void
}

/** Starts segment.sh in namespaces of its own, with a sandbox's programs: the host need not have them. Resolves once the segment is made. */
async function hold(name: string, init: number, words: string[], keep: boolean): Promise<Holder> {
  const script = await readFile(join(import.meta.dirname, 'segment.sh'), 'utf8')
  const mortal = keep ? [] : ['setpriv', '--pdeathsig', 'KILL']
  const namespaces = ['nsenter', '--target', String(init), '--mount', 'unshare', '--net', '--mount']
  const [command = '', ...args] = [...mortal, ...namespaces, 'sh', '-s', '--', ...words]
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
  const child = spawn(command, args, { stdio: 'pipe', cwd: '/', env, detached: true })
  child.stdin.on('error', () => {}).end(script)
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', piece => (said[stream] += piece))
  const ended = endOf(child)
  while (!said.stdout.includes('ready\n')) {
    const how = await Promise.race([ended, sleep(5)])
    if (how)
      throw new MachineError(`the segment ${name} was not made (${how}): ${said.stderr.trim()}`, {
        mend: 'npm run lab doctor',
      })
  }
  return { pid: child.pid ?? 0, ended, kill: () => void child.kill('SIGKILL'), letGo: () => letGo(child) }
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'exit')
    return signal ?? `exit code ${code}`
  } catch (error) {
    return (error as Error).message // The command is not there.
  }
}

function letGo(child: ChildProcess): void {
  child.stdout?.destroy()
  child.stderr?.destroy()
  child.unref()
}

function sandboxOf(machine: Machine): SandboxMachine {
  if (!('init' in machine)) throw new TypeError(`${machine.name} is no sandbox`)
  return machine as SandboxMachine
}
