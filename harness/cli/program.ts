import { Command, Option } from 'commander'
import { backends, defaultBackend } from '../../vm/backend.ts'
import { HostError } from '../../vm/errors.ts'
import { defaultSuite, suites } from '../../vm/suite.ts'
import { wantsColor } from '../reporters/output.ts'
import { cellMeant, cellsMeant } from './cells.ts'
import { numberMeant } from './jobs.ts'
import { reporterChoice } from './reports.ts'
import { shardMeant } from './shard.ts'
import { addUpkeep } from './upkeep.ts'

const exitCodes = `
Exit codes:
  0    every claim held
  1    a claim or a documented command failed, runs of a lab differ (--repeat), or nothing noticed what was broken (--mutate)
  2    nothing was tested, or not all: bad usage, or this host lacks something
  3    the machine died: nothing can be said
  130  interrupted
`

const examples = `
Examples:
  npm run lab                                       list the labs
  npm run lab bridge-nat                            run one
  npm run lab ./my-lab.ts                           run one of your own
  npm run lab -- --all --reporter junit=out.xml     run all, for a CI system
  npm run lab bridge-nat -- --on qemu --suite forky
  npm run lab -- --all --matrix                     on every engine, with either iptables
  npm run lab -- --all --matrix --on sandbox,qemu   and with both providers
  npm run lab -- --only S002-61                     what judges this claim
  npm run lab bridge-nat -- --step                  walk through it, command by command
  npm run lab bridge-nat -- --until 3 --keep        stop there, and look around in the machine
  npm run lab bridge-nat -- --repeat 10 --jobs 2    is it flaky?
  npm run lab bridge-nat -- --mutate --jobs 6       can its proofs fail? Break it in every way, and see
  npm run lab bridge-nat -- --on ssh://root@192.0.2.7:2222
  npm run lab two-machines                          a lab of two machines and a wire between them: in qemu or the sandbox
  npm run lab ps                                    what is alive, and since when
  npm run lab shell bridge-nat                      a shell in a machine that was kept
  npm run lab shell -- --on qemu --suite forky      a shell in a fresh one
  npm run lab rm bridge-nat                         remove a machine that was kept
  npm run lab gc                                    remove what killed runs have left behind
  npm run lab cache prune                           remove images and templates that no recipe names any more
  npm run lab doctor                                what this host has and lacks
  npm run lab coverage                              which claims of the documents are judged, and how
  npm run lab why S000-20                           what a document says, what engines do, and the evidence

npm takes flags for its own unless a -- stands before them.
`

interface Flags {
  all?: true
  on: string
  suite?: string
  backend?: string
  matrix?: true
  only?: string
  shard?: string
  resume?: string
  until?: string
  jobs?: string
  repeat?: string
  mutate?: true
  mutation?: string
  step?: true
  keep?: true
  cold?: true
  disposable?: true
  reporter: string[]
}

/** The command line. `ended` is told the exit code of what was done. */
export function program(ended: (exitCode: number) => void): Command {
  const command = new Command('npm run lab --')
    .description(
      'Runs documented Docker networking procedures in a disposable machine, and proves each claim against the kernel.',
    )
    .usage(
      '[NAME...] [flags]\n       npm run lab coverage | why | ledger | mutations | matrix | merge | docs | doctor | prepare | ps | shell | rm | gc | cache',
    )
    .argument('[NAME...]', 'labs to run, or files of your own (./my-lab.ts); none lists the labs')
    .option('--all', 'run all labs')
    .option(
      '--on <place>',
      'where: auto, qemu, sandbox, vagrant, or ssh://user@host[:port]; sandbox,qemu runs each lab with both',
      'auto',
    )
    .option('--only <claims>', 'run the labs that judge these claims: S002-61,S003-04, or S002 for a whole document')
    .option(
      '--suite <suite,…>',
      `Debian suite, so engine and kernel: ${suites.join(', ')}; ${defaultSuite} unless told, several are each run`,
    )
    .option('--backend <backend,…>', `iptables by ${backends.join(' or ')}; ${defaultBackend} unless told`)
    .option(
      '--matrix',
      'run in all suites with all backends that these two do not narrow, with each provider that --on names',
    )
    .option(
      '--shard <i/n>',
      'run only this part of it all: 1/4; the parts take about as long, merge makes one report of them',
    )
    .option(
      '--resume <blob>',
      'go on where a run stopped that was cut off: its --reporter blob=PATH, with --mutate json=PATH',
    )
    .option('--until <step>', 'stop after this step: its number, or a part of its title')
    .option('--jobs <n>', 'this many labs side by side, wherever they run; as many as fit (cores, memory), unless told')
    .option('--repeat <n>', 'run each lab n times, each in a fresh machine, and say in what the runs differ')
    .option('--mutate', 'break each lab on purpose, one change at a time, and say what noticed')
    .option('--mutation <ids>', 'only these of the ways to break it: 5 (a step), 5.2 (a command), "5.2 mask,6.1"')
    .option('--step', 'ask before each command')
    .option('--disposable', 'with ssh://: labs may change that machine, although no file on it says so')
    .option('--keep', 'leave the machine, and say how to enter and how to remove it')
    .option('--cold', 'boot machines, instead of cloning them from one that was frozen when it was up')
    .addOption(
      new Option(
        '--reporter <name[=path]>',
        'line, json, junit, blob, github, summary, one of mocha’s, a file or a package; repeatable',
      )
        .argParser((value: string, earlier: string[]) => [...earlier, value])
        .default([], 'line'),
    )
    .helpOption('-h, --help', 'this text')
    .addHelpText('after', examples + exitCodes)
    .configureOutput({ outputError: () => {} })
    .action(async (names: string[], flags: Flags) => ended(await lab(names, flags)))
  command
    .command('doctor')
    .description('what this host has and lacks for each provider, each lack with its remedy')
    .usage('')
    .addHelpText(
      'after',
      '\nExit codes:\n  0    a provider can be used here\n  2    none can\n\nExample:\n  npm run lab doctor\n',
    )
    .action(async () => {
      const { doctor } = await import('./doctor.ts')
      ended(await doctor())
    })
  command
    .command('coverage')
    .description('which lab and step judges each claim of the documents, and its verdict')
    .usage('[REPORT...]')
    .argument('[REPORT...]', 'what --reporter json=PATH has written: which verdicts did these runs not prove?')
    .addHelpText(
      'after',
      `
Exit codes:
  0    every claim is judged, and proved where reports are given
  1    some are not, or a lab names one that no document has
  2    a report can't be read

Examples:
  npm run lab coverage
  npm run lab coverage trixie.json forky.json
`,
    )
    .action(async (reports: string[]) => {
      const { coverage } = await import('./coverage.ts')
      ended(await coverage(reports))
    })
  command
    .command('merge')
    .description('make the reports of one run out of the blobs of its shards')
    .usage('BLOB... [--reporter NAME[=PATH]]')
    .argument('<BLOB...>', 'what --reporter blob=PATH has written, or folders of such files (*.blob)')
    .addHelpText(
      'after',
      `
Exit codes:
  as one run of it all; 2 also where a shard is missing, or there twice

Example:
  npm run lab -- --all --matrix --shard 1/2 --reporter blob=out/1.blob
  npm run lab -- --all --matrix --shard 2/2 --reporter blob=out/2.blob
  npm run lab merge out -- --reporter json=report.json --reporter line
`,
    )
    .action(async (blobs: string[], _: unknown, own: Command) => {
      const { merge } = await import('./merge.ts')
      // --reporter is a flag of the whole program, which takes it wherever it stands.
      ended(await merge(blobs, own.optsWithGlobals<Flags>().reporter.map(reporterChoice)))
    })
  command
    .command('matrix')
    .description('a job matrix for GitHub Actions: the shards that all labs in all kinds of machine are best run in')
    .usage('[--suite SUITE,…] [--backend BACKEND,…] [--on PROVIDER,…] [--shards N] [--json]')
    .option('--shards <n>', 'so many, instead of as many as it takes for each to last about ten minutes')
    .option('--json', 'for programs, as GitHub reads it')
    .addHelpText(
      'after',
      '\nExit codes:\n  0    printed\n  2    no such suite, backend or place\n\nExample:\n  echo "matrix=$(npm run --silent lab matrix -- --json)" >> "$GITHUB_OUTPUT"\n',
    )
    .action(async ({ json = false, shards }: { json?: boolean; shards?: string }, own: Command) => {
      const number = shards === undefined ? undefined : numberMeant('shards', shards)
      const [{ jobMatrix }, { findLabs }] = await Promise.all([import('./matrix.ts'), import('../run/registry.ts')])
      // --suite, --backend and --on are flags of the whole program, which takes them wherever they stand.
      const cells = cellsMeant({ ...own.optsWithGlobals<Flags>(), matrix: true })
      const matrix = await jobMatrix(await findLabs(), cells, number)
      process.stdout.write(
        json ? `${JSON.stringify(matrix)}\n` : matrix.include.map(({ shard }) => `--shard ${shard}\n`).join(''),
      )
      ended(0)
    })
  command
    .command('ledger')
    .description('compare what runs have proved with the committed ledger (docs/LEDGER.md), or write it anew')
    .usage('REPORT... [--update]')
    .argument('<REPORT...>', 'what --reporter json=PATH has written, one for each suite')
    .option('--update', 'accept the changes: write the ledger, its page and the evidence')
    .addHelpText(
      'after',
      `
Exit codes:
  0    no verdict differs from the ledger's, or the ledger is written; what it had not judged there is new, and no difference
  1    some do, or a lab failed in a report
  2    a report can't be read

Example:
  npm run lab ledger bookworm.json trixie.json forky.json -- --update
`,
    )
    .action(async (reports: string[], { update = false }: { update?: boolean }) => {
      const { ledger } = await import('./ledger.ts')
      ended(await ledger(reports, { update }))
    })
  command
    .command('mutations')
    .description('what breaking labs on purpose came to: how much was noticed, and what was not')
    .usage('[REPORT...] [--update]')
    .argument(
      '[REPORT...]',
      'what --mutate --reporter json=PATH has written, one for each shard; none: what is written down of all labs',
    )
    .option('--update', 'write it down: docs/MUTATIONS.md, and docs/mutations as data')
    .addHelpText(
      'after',
      `
Exit codes:
  0    at least 98 % were killed, and the labs explain each that was not
  1    not so, or a lab was never tried as it is by now
  2    a report can't be read

Example:
  npm run lab -- --all --mutate --reporter json=mutations.json; npm run lab mutations mutations.json
  npm run lab mutations                             what is written down, and which labs have changed since
`,
    )
    .action(async (reports: string[], { update = false }: { update?: boolean }) => {
      const { mutations } = await import('./mutations.ts')
      ended(await mutations(reports, { update }))
    })
  command
    .command('why')
    .description(
      'one claim’s story: what the document says, what each engine does, the evidence, how to see it oneself',
    )
    .usage('CLAIM')
    .argument('<CLAIM>', 'its id')
    .addHelpText(
      'after',
      '\nExit codes:\n  0    told\n  2    no document has it\n\nExample:\n  npm run lab why S002-61\n',
    )
    .action(async (id: string) => {
      const { why } = await import('./why.ts')
      ended(await why(id))
    })
  command
    .command('docs')
    .description('write docs/labs and the README’s catalogue, out of reports of all labs')
    .usage('REPORT...')
    .argument('<REPORT...>', 'what --reporter json=PATH has written; of several runs of a lab the last counts')
    .addHelpText(
      'after',
      `
Exit codes:
  0    written
  2    the report can't be read, or a lab did not pass in it

Example:
  npm run lab -- --all --on sandbox --reporter json=report.json && npm run lab docs report.json
`,
    )
    .action(async (reports: string[]) => {
      const { docs } = await import('./docs.ts')
      ended(await docs(reports))
    })
  command
    .command('prepare')
    .description('give a machine of yours what labs expect: programs, outside, container images where it has an engine')
    .usage('ssh://user@host[:port]')
    .argument('<machine>', 'ssh://user@host[:port], declared disposable (docs/ssh.md)')
    .addHelpText(
      'after',
      '\nExit codes:\n  0    labs can run there\n  2    they can’t\n\nExample:\n  npm run lab prepare ssh://root@192.0.2.7\n',
    )
    .action(async (machine: string, _: unknown, own: Command) => {
      const { prepare } = await import('./prepare.ts')
      // --disposable is a flag of the whole program, which takes it wherever it stands.
      ended(await prepare(machine, { disposable: own.optsWithGlobals().disposable === true }))
    })
  addUpkeep(command, ended)
  for (const each of [command, ...command.commands]) each.exitOverride()
  return command
}

async function lab(names: string[], flags: Flags): Promise<number> {
  const cells = cellsMeant(flags)
  const reporters = flags.reporter.map(reporterChoice)
  const jobs = flags.jobs === undefined ? undefined : numberMeant('jobs', flags.jobs)
  const shard = flags.shard === undefined ? undefined : shardMeant(flags.shard)
  const repeat = flags.repeat === undefined ? 1 : numberMeant('repeat', flags.repeat)
  if (flags.all && names.length > 0) {
    throw new HostError(`--all runs every lab, and ${names.join(' ')} was named besides`, {
      mend: 'leave one of them out',
    })
  }
  const { labsMeant } = await import('./labs.ts')
  if (!flags.all && names.length === 0 && flags.only === undefined) return await list(flags)
  if (flags.disposable && !flags.on.startsWith('ssh://')) {
    throw new HostError(`--disposable is said of a machine of yours, and --on names ${flags.on}`, {
      mend: 'leave it out, or name the machine: --on ssh://user@host',
    })
  }
  const named = await labsMeant(flags.all || names.length === 0 ? 'all' : names)
  const labs = flags.only === undefined ? named : await (await import('./only.ts')).labsJudging(flags.only, named)
  if (labs.length === 0) {
    throw new HostError(`no lab that was named judges ${flags.only}`, { mend: 'npm run lab coverage' })
  }
  if (flags.mutate || flags.mutation !== undefined) {
    const unfit = (['until', 'repeat', 'step', 'keep', 'disposable'] as const).find(flag => flags[flag] !== undefined)
    if (unfit || flags.on.startsWith('ssh://')) {
      const what = unfit ? `--${unfit}` : 'a machine of yours (--on ssh://)'
      throw new HostError(`--mutate breaks labs to their end in machines that are thrown away, and can't use ${what}`, {
        mend: 'leave it out',
      })
    }
    const { mutateLabs } = await import('./mutate.ts')
    return await mutateLabs({
      ...{ labs, jobs, shard, reporters, cell: cellMeant(flags) },
      ...{ mutation: flags.mutation, resume: flags.resume, cold: flags.cold === true },
    })
  }
  const { runLabs } = await import('./run-labs.ts')
  const { until, step = false, keep = false, cold = false, disposable = false } = flags
  return await runLabs({
    labs,
    cells,
    until,
    jobs,
    repeat,
    shard,
    resume: flags.resume,
    step,
    keep,
    cold,
    disposable,
    reporters,
  })
}

async function list(flags: Flags): Promise<number> {
  const unused = (
    ['matrix', 'shard', 'resume', 'until', 'jobs', 'repeat', 'mutate', 'mutation', 'step', 'keep', 'cold'] as const
  ).find(flag => flags[flag] !== undefined)
  if (unused) throw new HostError(`--${unused} needs a lab`, { mend: `npm run lab NAME -- --${unused}` })
  const [{ listing }, { findLabs }] = await Promise.all([import('./list.ts'), import('../run/registry.ts')])
  const color = wantsColor(process.stdout.isTTY === true, process.env)
  process.stdout.write(
    listing(
      (await findLabs()).map(({ header }) => header),
      color,
    ),
  )
  return 0
}
