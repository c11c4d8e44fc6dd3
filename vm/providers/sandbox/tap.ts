import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { MachineError } from '../../errors.ts'
import { pcapReader } from '../../pcap.ts'
import type { OnFrame } from '../../segment.ts'

/** Ends a tap; resolves when all that has come is told. */
export type EndTap = () => Promise<void>

/**
 * Tells each frame that comes in by a port of a segment's bridge, by tcpdump; resolves once it listens. `inside` is the beginning of a
 * command line that runs in the segment's netns.
 */
export async function tap(inside: string[], port: string, onFrame: OnFrame): Promise<EndTap> {
  const [command = '', ...args] = [...inside, 'tcpdump', ...tcpdumpOptions, '-i', port]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const reader = pcapReader()
  let unreadable: unknown
  child.stdout.on('data', (piece: Buffer) => {
    try {
      for (const { time, length, bytes } of reader.push(piece)) onFrame({ from: port, time, length, bytes })
    } catch (error) {
      unreadable ??= error
    }
  })
  let said = ''
  child.stderr.on('data', piece => (said += piece))
  const closed = once(child, 'close')
  const fault = (why: unknown) =>
    new MachineError(`the capture of what ${port} sends failed: ${why}`, { mend: 'run it again' })
  while (!/^(?:tcpdump: )?listening on /m.test(said)) {
    // `close` comes when all has been read.
    if (await Promise.race([closed, sleep(5)])) throw fault(said.trim())
  }
  return async () => {
    const behind = !(await idle(child.pid ?? 0))
    child.kill('SIGINT')
    await closed
    if (unreadable) throw fault(unreadable)
    if (behind) throw fault(`tcpdump was still behind after ${catchUpMs / 1000} s`)
    const dropped = /^(\d+) packets? dropped by kernel$/m.exec(said)?.[1]
    if (dropped !== '0') throw fault(dropped === undefined ? said.trim() : `the kernel dropped ${dropped} frames`)
  }
}

// As the captures in a machine take them (harness/capture/listener.ts), and only what comes in: what goes out by one port has come
// in by another.
const tcpdumpOptions = [
  '-Q',
  'in',
  '-n',
  '-U',
  '--immediate-mode',
  '--time-stamp-precision=nano',
  '-s',
  '2048',
  // KiB that may wait for tcpdump, which a busy host lets wait.
  '-B',
  '16384',
  '-Z',
  'root',
  '-w',
  '-',
]

const catchUpMs = 10_000

/**
 * Waits until a tcpdump sleeps in poll(2), which it does only when nothing is left to read, as it forgets what it hasn't read when it
 * ends; false when it never did.
 */
async function idle(pid: number): Promise<boolean> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  for (const deadline = performance.now() + catchUpMs; performance.now() < deadline; await sleep(5)) {
    const [stat, where] = await Promise.all([read('stat'), read('wchan')])
    // "0" where the kernel does not tell.
    if (stat === '' || (stat.slice(stat.lastIndexOf(')')).startsWith(') S') && /poll|^0$/.test(where))) return true
  }
  return false
}
