import type { Command } from 'commander'
import { HostError } from '../../vm/errors.ts'
import { cellMeant, cellsMeant } from './cells.ts'
import { unknownName } from './known.ts'

/** Those of the whole program that say what a fresh machine is to be. */
interface ProgramFlags {
  on: string
  suite?: string
  backend?: string
  matrix?: true
  keep?: true
  cold?: true
  disposable?: true
}

/** Adds the commands that look after machines and what they are made of. `ended` is told the exit code of what was done. */
export function addUpkeep(program: Command, ended: (exitCode: number) => void): void {
  program
    .command('ps')
    .description('what is alive: each machine, of which run or kept, since when, its memory')
    .usage('[--json]')
    .option('--json', 'for programs: a list of objects')
    .addHelpText('after', help('npm run lab ps', 'it was looked'))
    .action(async ({ json = false }: { json?: boolean }) => {
      const { ps } = await import('./ps.ts')
      ended(await ps({ json }))
    })
  program
    .command('shell')
    .description('a shell in a machine that was kept, or in a fresh one, which goes when the shell ends')
    .usage('NAME | [--on PLACE] [--suite SUITE] [--backend BACKEND] [--no-engine] [--cold] [--keep]')
    .argument('[NAME]', 'as npm run lab ps calls it; none starts a fresh one, as --on and --suite say')
    .option('--no-engine', 'a fresh one on which no engine has ever run')
    .addHelpText('after', shellHelp)
    .action(async (name: string | undefined, { engine }: { engine: boolean }, command: Command) => {
      const { shellInFresh, shellInKept } = await import('./shell.ts')
      // These are flags of the whole program, which takes them wherever they stand.
      const flags = command.optsWithGlobals<ProgramFlags>()
      const { keep = false, cold = false, disposable = false } = flags
      if (name === undefined) {
        ended(await shellInFresh({ cell: cellMeant(flags), engine, cold, keep, disposable }))
        return
      }
      const given = ['on', 'suite', 'backend', 'keep', 'cold', 'disposable'].find(
        flag => program.getOptionValueSource(flag) === 'cli',
      )
      if (given !== undefined || !engine) {
        throw new HostError(`${name} is there already, and --${given ?? 'no-engine'} is for a fresh machine`, {
          mend: `npm run lab shell ${name}`,
        })
      }
      ended(await shellInKept(name))
    })
  program
    .command('rm')
    .description('remove kept machines')
    .usage('NAME... | --all')
    .argument('[NAME...]', 'as npm run lab ps calls them')
    .addHelpText('after', help('npm run lab rm bridge-nat\n  npm run lab rm -- --all', 'they are gone'))
    .action(async (names: string[], _: unknown, command: Command) => {
      const { rm } = await import('./rm.ts')
      // --all is a flag of the whole program, which takes it wherever it stands.
      ended(await rm(names, { all: command.optsWithGlobals().all === true }))
    })
  program
    .command('gc')
    .description('remove what killed runs have left behind; the next run does it too')
    .usage('')
    .addHelpText('after', help('npm run lab gc', 'nothing of them is left'))
    .action(async () => {
      const { gc } = await import('./gc.ts')
      ended(await gc())
    })
  const cache = program
    .command('cache')
    .description('what images, templates and verdicts take of the disk, and what of it no recipe names any more')
    .usage('[prune | fill | key]')
    .allowExcessArguments()
    .addHelpText('after', help('npm run lab cache\n  npm run lab cache prune', 'it was looked'))
    .action(async (_: unknown, { args: [word], commands }: Command) => {
      if (word !== undefined) {
        const known = commands.map(command => command.name())
        throw unknownName('thing to do with the cache', word, known)
      }
      const { showCache } = await import('./cache.ts')
      ended(await showCache())
    })
  cache
    .command('prune')
    .description('remove what no recipe names any more, unless somebody uses it')
    .addHelpText('after', help('npm run lab cache prune', 'it is removed'))
    .action(async () => {
      const { pruneInWords } = await import('./cache.ts')
      ended(await pruneInWords())
    })
  cache
    .command('fill')
    .description(
      'make the images, templates and engine data that runs would make: --suite, --backend, --on and --matrix say for which',
    )
    .usage('[--suite SUITE,…] [--backend BACKEND,…] [--on PROVIDER,…] [--matrix]')
    .addHelpText('after', help('npm run lab cache fill -- --matrix --on qemu', 'all of it is there'))
    .action(async (_: unknown, own: Command) => {
      const { fillCache } = await import('./cache-fill.ts')
      ended(await fillCache(cellsMeant(own.optsWithGlobals<ProgramFlags>())))
    })
  cache
    .command('key')
    .description('for CI systems: what a copy of ~/.cache/vethlab/images is keyed by')
    .addHelpText('after', help('npm run --silent lab cache key', 'printed'))
    .action(async () => {
      const { imagesKey } = await import('./cache-key.ts')
      ended(await imagesKey())
    })
}

const shellHelp = `
Exit codes:
  the shell's own; before there is one:
  2    bad usage, or this host is in the way
  3    the machine died
  130  interrupted

Examples:
  npm run lab shell bridge-nat
  npm run lab shell -- --on qemu --suite forky
`

function help(examples: string, done: string): string {
  return `\nExit codes:\n  0    ${done}\n  2    bad usage, or this host is in the way\n\nExamples:\n  ${examples}\n`
}
