/** What the command line of `npm test` asks for. */
export interface Asked {
  /** The tier `test:all`: all suites, all backends, emulated machines, coverage. */
  all: boolean
  /** The files that it names; undefined for all of the tier. */
  files: string[] | undefined
  /** What goes to mocha: `--grep bridge`. */
  mocha: string[]
  /** What each file takes is written down. */
  record: boolean
}

/** Reads the arguments: `--all` and `--record` are ours, names of files say which, the rest is mocha's. */
export function asked(args: readonly string[]): Asked {
  const ours = ['--all', '--record']
  const files = args.filter(arg => arg.endsWith('.ts'))
  return {
    all: args.includes('--all'),
    record: args.includes('--record'),
    files: files.length > 0 ? files : undefined,
    mocha: args.filter(arg => !ours.includes(arg) && !files.includes(arg)),
  }
}
