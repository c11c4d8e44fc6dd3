import { differs, holds } from '../../../harness/claims/verdict.ts'
import type { CommandEnded, LabHeader, RunEvent, StepHeader, Totals } from '../../../harness/events.ts'

/*
 * The events of a run as the runner emits them: one lab, whose third step fails; and its beginnings and ends that
 * reporters must cope with.
 */

const steps: StepHeader[] = [
  {
    number: 1,
    title: 'br01 is a bridge that is up',
    covers: [holds('S001-06'), holds('S001-07')],
    changed: [],
    needs: {},
  },
  {
    number: 2,
    title: 'ns01 does not reach the outside while forwarding is off',
    covers: [holds('S001-20')],
    changed: [],
    needs: {},
  },
  { number: 3, title: 'ns01 reaches the outside through NAT', covers: [], changed: [], needs: {} },
  {
    number: 4,
    title: "the document's clean-up leaves nothing",
    covers: [differs('S001-31', 'it leaves forwarding on')],
    changed: [],
    needs: {},
  },
]

export const lab: LabHeader = {
  name: 'bridge-nat',
  title: 'A bridge, two namespaces and NAT, by hand',
  document: '001_b001d9c9a1a19151',
  finds: null,
  topology: `
outside 114.114.114.114
   |
eth0 203.0.113.2
   |
br01 192.168.88.1/24
 |         |
ns01 .11  ns02 .12
`,
  engine: false,
  machines: [],
  segments: [],
  steps,
  needs: {},
  untestable: [],
}

const [bridge, unreached, nat, cleanUp] = steps as [StepHeader, StepHeader, StepHeader, StepHeader]

export const started: RunEvent = {
  type: 'run-started',
  at: '2026-03-01T10:00:00.000Z',
  labs: [lab],
  provider: 'sandbox',
  why: 'sandbox: /dev/kvm: not there, and you are root',
  cells: [{ suite: 'trixie', backend: 'nft' }],
  jobs: { number: 1, machines: 1, why: 'one by one' },
  repeat: 1,
  runs: [{ lab: lab.name }],
}

const machine: RunEvent = {
  type: 'machine-started',
  lab: lab.name,
  facts: {
    machine: 'sandbox:trixie',
    provider: 'sandbox',
    accelerator: 'host',
    suite: 'trixie',
    kernel: '6.18.5',
    engine: '26.1.5',
    iptables: '1.8.11',
    iptablesBackend: 'nft',
  },
  ms: 612.34,
}

function command(step: number, command: string, rest: Partial<CommandEnded> = {}): CommandEnded {
  const nothing = { exitCode: 0, signal: null, stdout: '', stderr: '', ms: 12.04 }
  return { type: 'command', lab: lab.name, step, phase: 'act', command, ...nothing, ...rest }
}

export const failure = {
  kind: 'claim' as const,
  message: 'from netns ns01, 114.114.114.114 should answer',
  where: 'labs/bridge-nat.ts:97, step "ns01 reaches the outside through NAT", sandbox:trixie',
  saw: '0 of 1 answers (last of 46 looks in 5.0 s)',
  mend: 'npm run lab bridge-nat -- --keep --until 3, and look around',
}

/** Everything up to the start of step 3. */
export const beginning: RunEvent[] = [
  started,
  { type: 'lab-started', at: '2026-03-01T10:00:00.001Z', lab },
  { type: 'progress', line: 'building the image of trixie: unpacking 123 of 240 packages' },
  machine,
  { type: 'step-started', lab: lab.name, step: bridge },
  command(1, 'brctl addbr br01'),
  command(1, 'ip link set br01 up'),
  command(1, 'brctl show', {
    stdout: 'bridge name\tbridge id\t\tSTP enabled\tinterfaces\nbr01\t\t8000.000000000000\tno\t\t\n',
  }),
  {
    type: 'expectation',
    lab: lab.name,
    step: 1,
    text: "link br01 should show { kind: 'bridge', operstate: 'UP' }",
    status: 'passed',
    saw: "{ kind: 'bridge', operstate: 'UP' }",
    looks: 2,
    ms: 104.4,
    where: 'labs/bridge-nat.ts:32',
  },
  { type: 'step-ended', lab: lab.name, step: bridge, status: 'passed', ms: 230.2 },
  { type: 'step-started', lab: lab.name, step: unreached },
  command(2, 'ip netns exec ns01 ping -c 1 -W 1 114.114.114.114', {
    exitCode: 1,
    stdout:
      'PING 114.114.114.114 (114.114.114.114) 56(84) bytes of data.\n\n--- 114.114.114.114 ping statistics ---\n1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n',
    stderr: 'a \x1b[31mred\x1b[0m word, a bell \x07, <tags> & "quotes"\r\n',
    ms: 1013.7,
  }),
  {
    type: 'expectation',
    lab: lab.name,
    step: 2,
    text: 'capture at eth0 should not hold an ICMP echo request',
    status: 'passed',
    saw: 'no frame; the witness: br01 saw 1 echo request',
    looks: 1,
    ms: 3.1,
    where: 'labs/bridge-nat.ts:80',
  },
  { type: 'step-ended', lab: lab.name, step: unreached, status: 'passed', ms: 1120 },
  { type: 'step-started', lab: lab.name, step: nat },
  command(3, 'iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -o eth1 -j MASQUERADE'),
]

export const totals: Totals = {
  labs: { passed: 0, failed: 1, skipped: 0 },
  steps: { passed: 2, failed: 1, skipped: 1 },
  commands: 6,
  expectations: { passed: 2, failed: 1 },
}

/** A whole run that ends with a failed claim, residue, and exit code 1. */
export const failedRun: RunEvent[] = [
  ...beginning,
  {
    type: 'expectation',
    lab: lab.name,
    step: 3,
    text: failure.message,
    status: 'failed',
    saw: '0 of 1 answers',
    looks: 46,
    ms: 5021,
    where: 'labs/bridge-nat.ts:97',
  },
  { type: 'step-ended', lab: lab.name, step: nat, status: 'failed', ms: 5100, failure },
  { type: 'step-ended', lab: lab.name, step: cleanUp, status: 'skipped', ms: 0 },
  command(3, 'ip link delete br01', { step: null, phase: 'undo' }),
  { type: 'residue', lab: lab.name, differences: ['+ link veth01@if7', '- sysctl net.ipv4.ip_forward = 0'], ms: 88 },
  { type: 'lab-ended', lab, status: 'failed', ms: 7100, failure },
  { type: 'run-ended', at: '2026-03-01T10:00:07.200Z', exitCode: 1, totals, ms: 7200 },
]

/** A run whose machine died in step 3. */
export const lostRun: RunEvent[] = [
  ...beginning,
  {
    type: 'step-ended',
    lab: lab.name,
    step: nat,
    status: 'failed',
    ms: 1800,
    failure: { kind: 'machine', message: 'sandbox:trixie is gone: its init was killed', mend: 'run it again' },
  },
  { type: 'step-ended', lab: lab.name, step: cleanUp, status: 'skipped', ms: 0 },
  {
    type: 'lab-ended',
    lab,
    status: 'failed',
    ms: 4000,
    failure: { kind: 'machine', message: 'sandbox:trixie is gone: its init was killed', mend: 'run it again' },
  },
  { type: 'run-ended', at: '2026-03-01T10:00:04.000Z', exitCode: 3, totals, ms: 4000 },
]

const none = { passed: 0, failed: 0, skipped: 0 }

/** A run that never began: no provider could be had. */
export const refusedRun: RunEvent[] = [
  {
    type: 'run-ended',
    at: '2026-03-01T10:00:00.000Z',
    exitCode: 2,
    totals: { labs: none, steps: none, commands: 0, expectations: { passed: 0, failed: 0 } },
    ms: 3,
    failure: {
      kind: 'host',
      message: 'qemu-system-x86_64 is not installed',
      mend: 'sudo apt-get install qemu-system-x86',
    },
  },
]
