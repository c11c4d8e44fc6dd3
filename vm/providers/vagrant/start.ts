import { HostError, MachineError } from '../../errors.ts'
import { findTool } from '../../image/tools.ts'
import type { Machine, MachineRequest } from '../../machine.ts'
import type { Connection } from '../../transport/connect.ts'
import { assemble } from '../assemble.ts'
import { sweepRunDirs } from '../run-dir/sweep.ts'
import { makeRunDir } from '../run-dir.ts'
import { readSurvey, refusal, surveyScript } from '../ssh/survey.ts'
import { installVagrant } from './check.ts'
import { runVagrant } from './command.ts'
import { destroyMachine, sweepVagrant } from './destroy.ts'
import { explainUp } from './failure.ts'
import { entryOf } from './kept.ts'
import { logIn } from './login.ts'
import { environmentOf, keepPlace, makePlace, type Place } from './place.ts'
import { phaseOf } from './said.ts'
import type { SshConfig } from './ssh-config.ts'

/**
 * Brings up the machine of the Vagrantfile, logs in to it as root, and looks whether it is what labs expect. Disposing the
 * machine destroys it. Rejects with a HostError where Vagrant can't make one, with a MachineError where it is not as it should be.
 */
export async function startVagrant(request: MachineRequest): Promise<Machine> {
  const { label, suite, engine, keep, report, signal } = request
  if (findTool('vagrant') === undefined) throw new HostError('vagrant is not installed', { mend: installVagrant })
  await sweepRunDirs()
  await sweepVagrant(report)
  const name = `vagrant:${suite}`
  const { VETHLAB_BOX: box, VETHLAB_LIBVIRT_DRIVER: driver } = process.env

  await using undo = new AsyncDisposableStack()
  const place = await makePlace({ label, suite, engine, box, driver, kept: false })
  // Why there is no machine counts more than why it does not go; the next run tries again.
  undo.defer(() => destroyMachine(place).catch(error => report(error.message)))
  const hostKey = await bringUp(place, { name, report, signal })
  const { connection, config } = await logIn(place, { name, hostKey, signal })
  undo.use(connection)
  await requireReady(connection, { name, config, engine, signal })
  const detected = (await connection.exec('systemd-detect-virt', { signal })).stdout.trim()
  const accelerator = accelerators[detected] ?? 'host'

  const runDir = await makeRunDir({ label, provider: 'vagrant', suite, uses: [] })
  undo.defer(() => runDir.remove())
  const machine = await assemble({
    facts: {
      name,
      provider: 'vagrant',
      accelerator,
      suite,
      slowness: accelerator === 'tcg' ? emulatedSlowness : 1,
      entry: { name: place.name, ...entryOf(place) },
    },
    connection,
    runDir,
    release: () => (keep ? keepPlace(place, { hostKey }) : destroyMachine(place)),
  })
  undo.move()
  return machine
}

/** By what systemd-detect-virt calls it; VirtualBox and others run at the host's speed. */
const accelerators: Record<string, Machine['accelerator']> = { kvm: 'kvm', qemu: 'tcg' }

/** Measured for QEMU without libvirt: see there. */
const emulatedSlowness = 10

/** Runs `vagrant up`; resolves to the machine's host key, which the last provisioner prints. */
async function bringUp(
  place: Place,
  { name, report, signal }: Pick<MachineRequest, 'report' | 'signal'> & { name: string },
): Promise<string> {
  report(`${name}: vagrant up`)
  let booted = false
  let hostKey = ''
  const ended = await runVagrant(['up'], {
    env: environmentOf(place),
    signal,
    onText: text => {
      booted ||= text.startsWith('Machine booted and ready')
      hostKey = /host key: (ssh-ed25519 \S+)/.exec(text)?.[1] ?? hostKey
      const phase = phaseOf(text)
      if (phase) report(`${name}: ${phase}`)
    },
  })
  signal.throwIfAborted()
  if (ended.exitCode !== 0) throw explainUp(ended, { name, suite: place.settings.suite, booted })
  if (hostKey !== '') return hostKey
  throw new MachineError(`${name} did not tell its host key`, { mend: 'is the Vagrantfile the project’s own?' })
}

/** The same questions as to a host of the user's; an answer that would send him away is a fault of the Vagrantfile here. */
async function requireReady(
  connection: Connection,
  { name, config, engine, signal }: { name: string; config: SshConfig; engine: boolean; signal: AbortSignal },
): Promise<void> {
  const { stdout } = await connection.exec(surveyScript, { signal })
  const refused = refusal(readSurvey(stdout), { username: 'root', ...config }, { engine })
  if (!refused) return
  throw new MachineError(`${name} is not what labs expect: ${refused.message}`, {
    mend: 'if the box is your own, compare it with docs/vagrant.md',
    cause: refused,
  })
}
