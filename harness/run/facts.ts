import type { Machine } from '../../vm/machine.ts'
import type { MachineFacts } from '../events.ts'
import { type KernelFeature, missingFeatures } from '../needs/kernel.ts'

const script = `uname -r
dpkg-query -W -f '\${Version}' docker.io 2>/dev/null || docker --version 2>/dev/null; echo
iptables --version 2>/dev/null; echo`

/** Reads in the guest what it is: kernel, engine (the package's version, also where none has run), iptables and its backend. */
export async function readFacts(machine: Machine): Promise<MachineFacts> {
  const { stdout } = await machine.exec(script)
  const [kernel = '', engine = '', iptables = ''] = stdout.split('\n')
  return {
    machine: machine.name,
    provider: machine.provider,
    accelerator: machine.accelerator,
    suite: machine.suite ?? null,
    kernel,
    engine: /\d+\.\d+[^\s,+]*/.exec(engine)?.[0] ?? null,
    iptables: /v(\S+)/.exec(iptables)?.[1] ?? '',
    iptablesBackend: iptables.includes('nf_tables') ? 'nft' : iptables.includes('legacy') ? 'legacy' : null,
  }
}

/** Asks the guest's kernel for each of these; resolves to those that it lacks. */
export async function readMissing(machine: Machine, asked: readonly KernelFeature[]): Promise<KernelFeature[]> {
  if (asked.length === 0) return []
  const { script, parse } = missingFeatures(asked)
  return parse(await machine.exec(script))
}
