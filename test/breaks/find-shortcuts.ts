import { availableParallelism } from 'node:os'
import { stepHashes } from '../../harness/mutate/hash.ts'
import { findLabs, type LabFile } from '../../harness/run/registry.ts'
import { sideBySide } from '../../harness/run/side-by-side.ts'
import { type Break, brokenLab } from './break.ts'
import { fewest } from './fewest.ts'
import { neededSteps } from './needed.ts'
import { isNoticed, outcomeOf } from './outcome.ts'
import { along, isOf, readShortcuts, type Shortcut, writeShortcuts } from './shortcut.ts'
import { tested } from './test-lab.ts'

/*
 * `node test/breaks/find-shortcuts.ts [NAME…]`: looks for the steps of a lab that suffice to notice each of its breaks, by trying, and writes
 * them down in shortcuts.json. Those of the labs named are found anew, otherwise those that are missing or of another text. Root.
 */

/** How many runs the search for one shortcut may take. */
const tries = 24

interface Subject {
  lab: LabFile
  hashes: string[]
  /** What an undisturbed run of some steps came to: how long the slowest expectation took, in ms; undefined where they don't suffice. */
  undisturbed: Map<string, Promise<number | undefined>>
  /** How long the expectation at a line took to hold when all steps were run. */
  took: Map<string, number>
}

async function findAll(names: string[]): Promise<void> {
  const labs = (await findLabs()).filter(({ name }) => names.length === 0 || names.includes(name))
  // The tests are loaded for what they name; no test is run.
  Object.assign(globalThis, { describe: () => {} })
  for (const { name } of labs) await import(`../labs/${name}.test.ts`)
  const shortcuts = await readShortcuts()
  let writing = Promise.resolve()
  // Labs mostly wait.
  await sideBySide(labs, { jobs: Math.ceil(1.5 * availableParallelism()) }, async lab => {
    const known = names.length === 0 ? (shortcuts[lab.name] ?? {}) : {}
    const found = await ofLab(lab, tested.get(lab.name) ?? [], known).catch((error: unknown) => {
      process.exitCode = 1
      process.stdout.write(`${lab.name}: ${error}\n`)
      return known
    })
    writing = writing.then(() => {
      shortcuts[lab.name] = found
      return writeShortcuts(shortcuts)
    })
  })
  await writing
}

/** Finds a shortcut to each break of a lab; those that are known and still hold stay. */
async function ofLab(
  lab: LabFile,
  breaks: readonly Break[],
  known: Record<string, Shortcut>,
): Promise<Record<string, Shortcut>> {
  const subject: Subject = { lab, hashes: await stepHashes(lab), undisturbed: new Map(), took: new Map() }
  const found: Record<string, Shortcut> = {}
  for (const one of breaks) {
    await using made = await brokenLab(lab, one)
    const needed = neededSteps(lab, made.file, one.step)
    const old = known[one.title]
    const shortcut =
      old && isOf(old, { hashes: subject.hashes, needed }) ? old : await find(subject, one, made.file, needed)
    if (shortcut) found[one.title] = shortcut
    if (shortcut === old) continue
    const says = shortcut ? `steps ${shortcut.steps.join(', ')}` : 'is not noticed as it must be'
    process.stdout.write(`${lab.name} (${lab.header.steps.length} steps): ${one.title}: ${says}\n`)
  }
  return found
}

async function find(
  subject: Subject,
  one: Break,
  broken: LabFile,
  needed: readonly number[],
): Promise<Shortcut | undefined> {
  const { lab, hashes } = subject
  const numbers = lab.header.steps.map(({ number }) => number)
  const red = lab.header.steps.find(({ title }) => title === one.step)?.number
  // What comes behind the step that must fail is not come to.
  const all = numbers.filter(number => number <= (red ?? numbers.length))
  if ((await tookUndisturbed(subject, numbers, one)) === undefined) throw new Error('it does not hold undisturbed')
  const passes = async (steps: number[]) => (await tookUndisturbed(subject, steps, one)) !== undefined
  const notices = async (steps: number[]) => {
    const tookMs = await tookUndisturbed(subject, steps, one)
    if (tookMs === undefined) return undefined
    const shortcut = { steps, until: hashes[Math.max(...steps) - 1] ?? '', tookMs }
    return isNoticed(await outcomeOf(broken, along(shortcut, one)), one) ? shortcut : undefined
  }
  const shortcut = await notices(await fewest(all, needed, passes, { tries }))
  if (shortcut) return shortcut
  // They suffice for the lab to hold, but not for the break to be noticed.
  return await notices(await fewest(all, needed, async steps => (await notices(steps)) !== undefined, { tries }))
}

/** How long the slowest expectation of these steps takes when nobody disturbs them; undefined where one of them fails, or what they leave. */
function tookUndisturbed(subject: Subject, steps: readonly number[], { step }: Break): Promise<number | undefined> {
  const key = `${steps} ${step === undefined}`
  const known = subject.undisturbed.get(key) ?? passed(subject, steps, step)
  subject.undisturbed.set(key, known)
  return known
}

async function passed({ lab, took }: Subject, steps: readonly number[], step: string | undefined) {
  // Of a line that is known, no expectation looks much longer than it must.
  const first = took.size === 0
  const patienceMs = (where: string) => Math.min(5000, Math.max(1000, 3 * (took.get(where) ?? 5000)))
  const intervention = { ...along({ steps: [...steps], tookMs: 0 }, { step }), patienceMs }
  const { failure, events } = await outcomeOf(lab, intervention)
  if (failure) return undefined
  const times = events.flatMap(event => (event.type === 'expectation' ? [event] : []))
  if (first) for (const { where, ms } of times) took.set(where, Math.max(ms, took.get(where) ?? 0))
  return Math.round(Math.max(0, ...times.map(({ ms }) => ms)))
}

await findAll(process.argv.slice(2))
