import type {
  Cell,
  Difference,
  Failure,
  Judgement,
  LabHeader,
  MachineFacts,
  MachineKept,
  Status,
  Totals,
} from '../events.ts'

/** `85 ms`, `4.2 s`, `2 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

/** `1 step`, `3 steps`; `things` where an s doesn't do. */
export function count(n: number, thing: string, things = `${thing}s`): string {
  return `${n} ${n === 1 ? thing : things}`
}

/** `S001-14  S001-16 differs`: ids of claims, with the verdict of those that do not simply hold. */
export function coversInWords(covers: readonly Judgement[]): string {
  return [...Map.groupBy(covers, ({ id }) => id)]
    .map(([id, judgements]) => {
      const verdicts = judgements.map(({ verdict, on }) => [verdict, ...Object.values(on)].join(' '))
      return verdicts.every(verdict => verdict === 'holds') ? id : `${id} ${verdicts.join(', ')}`
    })
    .join('  ')
}

/** What a lab says of its document; null where it is no document's. */
export function documentInWords(document: string | null): string {
  return document ?? 'none, our own procedure'
}

/** Which of a lab's runs it is: `, forky legacy, run 2`, `, qemu:forky`; '' where there is but one. */
export function whichRun({
  cell,
  repetition,
}: {
  cell?: Cell | null | undefined
  repetition?: number | null | undefined
}): string {
  const where = cell ? `, ${cellInWords(cell)}` : ''
  return repetition ? `${where}, run ${repetition}` : where
}

/** `forky`, `forky legacy`, `qemu:forky legacy`: nft goes without saying, and the provider where there is but one. */
export function cellInWords({ suite, backend, provider }: Cell): string {
  const where = provider === undefined ? suite : `${provider}:${suite}`
  return backend === 'nft' ? where : `${where} ${backend}`
}

/** What stands before a command: `$`, `alpha$` on one machine of several, `segment>` for what is done to a segment. */
export function prompt({ machine, segment }: { machine?: string | null; segment?: string | null }): string {
  return segment ? `${segment}>` : `${machine ?? ''}$`
}

/** What a lab needs: `a machine on which no engine has ever run`, `machines alpha and beta, joined by a segment, …; a kernel with …`. */
export function needsInWords(lab: Pick<LabHeader, 'engine' | 'machines' | 'segments' | 'needs'>): string {
  const { kernel = [], engine, backend } = lab.needs
  const features = kernel.length > 0 ? [`a kernel with ${kernel.join(' and ')}`] : []
  const version = engine === undefined ? [] : [`an engine ${engine}`]
  const iptables = backend === undefined ? [] : [`iptables of ${backend}`]
  return [machinesInWords(lab), ...features, ...version, ...iptables].join('; ')
}

function machinesInWords({ engine, machines, segments }: Pick<LabHeader, 'engine' | 'machines' | 'segments'>): string {
  if (machines.length === 0)
    return engine ? 'a machine with an engine that is up' : 'a machine on which no engine has ever run'
  const engines = engine ? 'each with an engine that is up' : 'on which no engine has ever run'
  const [only, ...more] = segments
  const wires =
    only && more.length === 0 && only.machines.length === machines.length
      ? 'joined by a segment'
      : segments.map(({ name, machines }) => `${name} joins ${listed(machines)}`).join(', ')
  return `machines ${listed(machines)}, ${wires}, ${engines}`
}

function listed(names: string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** `sandbox:trixie, kernel 6.18.5, engine 26.1.5, iptables 1.8.11 (nft)` */
export function factsInWords({
  machine,
  accelerator,
  kernel,
  engine,
  iptables,
  iptablesBackend,
}: MachineFacts): string {
  const emulated = accelerator === 'tcg' ? ', emulated' : ''
  const backend = iptablesBackend ? ` (${iptablesBackend})` : ''
  return `${machine}${emulated}, kernel ${kernel}, engine ${engine ?? 'none'}, iptables ${iptables || 'none'}${backend}`
}

/** `steps 12 passed; commands 45; expectations 38 held`, and what failed or was skipped; labs where there are several. */
export function totalsInWords({ labs, steps, commands, expectations }: Totals): string {
  const some = (n: number, word: string) => (n > 0 ? [`${n} ${word}`] : [])
  const statuses = ({ passed, failed, skipped }: Record<Status, number>) =>
    [`${passed} passed`, ...some(failed, 'failed'), ...some(skipped, 'skipped')].join(', ')
  const several = labs.passed + labs.failed + labs.skipped > 1
  return [
    ...(several ? [`labs ${statuses(labs)}`] : []),
    `steps ${statuses(steps)}`,
    `commands ${commands}`,
    `expectations ${[`${expectations.passed} held`, ...some(expectations.failed, 'failed')].join(', ')}`,
  ].join('; ')
}

/** The name under which a kind of failure is reported. */
const errorNames: Record<Failure['kind'], string> = {
  claim: 'ExpectationError',
  command: 'CommandError',
  lab: 'LabError',
  limit: 'LimitError',
  residue: 'ResidueError',
  host: 'HostError',
  machine: 'MachineError',
  interrupted: 'Interrupted',
}

/**
 * A failure as lines: what happened, then where, what was seen and how to mend it. The stack is shown only where the
 * lab's own code is to blame.
 */
export function failureInWords({ kind, message, where, saw, mend, stack }: Failure): string {
  const frames = kind === 'lab' ? ownFrames(stack) : ''
  const parts = { where, saw, mend, stack: frames }
  const rows = Object.entries(parts).filter(([, text]) => text)
  return [
    `${errorNames[kind]}: ${message.replaceAll('\n', '\n  ')}`,
    ...rows.map(([label, text = '']) => `  ${label.padEnd(5)} ${text.replaceAll('\n', `\n${' '.repeat(8)}`)}`),
  ].join('\n')
}

function ownFrames(stack = ''): string {
  const frames = stack.split('\n').filter(line => /^\s+at /.test(line) && !/node:internal|node_modules/.test(line))
  return frames.map(line => line.trim()).join('\n')
}

/** Text of a guest made harmless to a terminal or a document: no escape sequences, no carriage returns, no other controls. */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, control => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** In what the runs of a lab differ: what, and below it which runs showed what. */
export function differencesInWords(differences: Difference[]): string {
  return differences
    .map(({ what, variants }) => {
      const rows = variants.map(({ repetitions, saw }) => [
        `${repetitions.length === 1 ? 'run' : 'runs'} ${repetitions.join(', ')}`,
        saw,
      ])
      const width = Math.max(...rows.map(([which = '']) => which.length))
      const lines = rows.map(
        ([which = '', saw = '']) => `  ${which.padEnd(width)}  ${saw.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`,
      )
      return [what, ...lines].join('\n')
    })
    .join('\n')
}

/** How a machine that stays is entered and removed: by its name, where it has one on this host. */
export function entryInWords({ name, enter, remove }: Pick<MachineKept, 'name' | 'enter' | 'remove'>): string {
  const [shell, rm] = name === undefined ? [enter, remove] : [`npm run lab shell ${name}`, `npm run lab rm ${name}`]
  return `   enter   ${shell}\n   remove  ${rm}\n`
}
