import type { Command } from 'commander'

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
}

function help(examples: string, done: string): string {
  return `\nExit codes:\n  0    ${done}\n  2    bad usage, or this host is in the way\n\nExamples:\n  ${examples}\n`
}
