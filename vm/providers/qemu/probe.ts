import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { explainRunDirError } from '../run-dir/base.ts'
import { makeRunDir } from '../run-dir.ts'
import { type Accelerator, qemuArguments } from './argv.ts'
import { writeMachineInitrd } from './initrd.ts'
import { readLastWords } from './last-words.ts'

export interface BootProbe {
  program: string
  accelerator: Accelerator
  /** Paths of the kernel, and of the image's initrd. */
  kernel: string
  initrd: string
  limitMs: number
  signal: AbortSignal
}

export interface ProbedBoot {
  /** The kernel started its first process. */
  up: boolean
  /** Somebody else killed QEMU: it might have booted. */
  killed: boolean
  /** From starting QEMU to its end, which follows the first process' at once. */
  ms: number
  /** For people: what happened. */
  saw: string
}

/** Boots a kernel until it has started a process, and no further. Rejects only when aborted. */
export async function probeBoot({
  program,
  accelerator,
  kernel,
  initrd,
  limitMs,
  signal,
}: BootProbe): Promise<ProbedBoot> {
  const run = await makeRunDir({ label: 'kvm-probe', provider: 'qemu', suite: undefined, uses: [kernel] })
  try {
    const own = join(run.path, 'initrd')
    const serialLog = join(run.path, 'serial.log')
    await writeMachineInitrd({ image: initrd, init, seed: [], out: own })
    const args = qemuArguments({
      accelerator,
      kernel,
      initrd: own,
      rootfs: undefined,
      memoryMiB: 256,
      memoryFile: undefined,
      serialLog,
      ports: [],
      qmp: undefined,
      incoming: false,
      consoleSocket: undefined,
    })
    const started = performance.now()
    const qemu = await execa('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      reject: false,
      stdin: 'ignore',
      timeout: limitMs,
      killSignal: 'SIGKILL',
      cancelSignal: signal,
    })
    const ms = Math.round(performance.now() - started)
    signal.throwIfAborted()
    if ((await readFile(serialLog, 'utf8').catch(() => '')).includes(marker)) {
      return { up: true, killed: false, ms, saw: `a kernel boots in ${ms} ms` }
    }
    const end = qemu.timedOut
      ? `no kernel within ${limitMs} ms`
      : `QEMU ended after ${ms} ms (${qemu.signal ?? qemu.exitCode})`
    const said = [...qemu.stderr.split('\n'), ...(await readLastWords(serialLog)).split('\n')].find(Boolean)
    return { up: false, killed: qemu.signal === 'SIGKILL' && !qemu.timedOut, ms, saw: said ? `${end}: ${said}` : end }
  } catch (error) {
    throw explainRunDirError(error)
  } finally {
    await run.remove()
  }
}

const init = join(import.meta.dirname, '../../guest/probe-init')
/** What probe-init prints. */
const marker = 'vethlab: the kernel is up'
