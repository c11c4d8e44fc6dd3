import { describeRun, type MachineStatus } from '../../vm/providers/run-dir/describe.ts'
import { listRuns } from '../../vm/providers/run-dir/runs.ts'
import { keptByVagrant } from '../../vm/providers/vagrant/kept.ts'
import { age, size, table } from './table.ts'

/** Prints what is alive of this user's machines on this host, for people or, with `json`, for programs; resolves to 0. */
export async function ps({ json }: { json: boolean }): Promise<number> {
  const described = await Promise.all((await listRuns()).map(describeRun))
  const machines = [...described.filter(machine => machine !== undefined), ...(await keptByVagrant())]
  process.stdout.write(json ? `${JSON.stringify(machines.map(forPrograms), null, 2)}\n` : inWords(machines))
  return 0
}

/** The machines for people, and what can be done about each. */
export function inWords(machines: MachineStatus[]): string {
  if (machines.length === 0) return 'No machine is alive.\n'
  const heading = ['NAME', 'MACHINE', 'STATE', 'UP', 'PID', 'MEMORY']
  const rows = machines.map(({ name, provider, suite, state, ageS, pid, owner, memory }) => [
    name,
    suite ? `${provider}:${suite}` : provider,
    state === 'running' ? `run of ${owner}` : state,
    ageS === undefined ? '-' : age(ageS),
    String(pid ?? '-'),
    memory === undefined ? '-' : size(memory),
  ])
  const hints = [
    [
      machines.some(({ state }) => state === 'kept'),
      'Kept: npm run lab shell NAME enters one, npm run lab rm NAME removes it.',
    ],
    [
      machines.some(({ state }) => state === 'left'),
      'Left by a run that was killed: the next run removes it, or npm run lab gc.',
    ],
    [
      machines.some(({ state }) => state === 'elsewhere'),
      'Elsewhere: of another PID namespace, so of a run that is not seen from here.',
    ],
  ].flatMap(([applies, hint]) => (applies ? `${hint}\n` : []))
  return [table([heading, ...rows], { right: ['PID', 'MEMORY'] }), ...(hints.length > 0 ? ['\n', ...hints] : [])].join(
    '',
  )
}

/** What `--json` prints of each. */
function forPrograms({ name, label, provider, suite, state, pid, owner, ageS, memory, kept }: MachineStatus) {
  return {
    name,
    lab: label,
    provider,
    suite: suite ?? null,
    state,
    since: ageS === undefined ? null : new Date(Date.now() - ageS * 1000).toISOString(),
    pid: pid ?? null,
    owner,
    memory: memory ?? null,
    enter: kept?.enter ?? null,
    remove: kept?.remove ?? null,
  }
}
