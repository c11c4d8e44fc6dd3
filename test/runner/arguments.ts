/** What the command line of `npm test` asks for. */
export interface Asked {
  /** The tier `test:all`: all suites, all backends, emulated machines, coverage. */
  all: boolean
  /** Only what can be affected by what has changed since this commit; undefined where that was not asked. */
  changed: string | undefined
  /** The files that it names; undefined for all of the tier. */
  files: string[] | undefined
  /** What goes to mocha: `--grep bridge`. */
  mocha: string[]
  /** What each file takes is written down. */
  record: boolean
}

/** Reads the arguments: `--all`, `--record` and `--changed [REF]` are ours, names of files say which, the rest is mocha's. */
export function asked(args: readonly string[]): Asked {
  const files: string[] = []
  const mocha: string[] = []
  const found: Omit<Asked, 'files'> = { all: false, changed: undefined, mocha, record: false }
  for (let i = 0; i < args.length; i++) {
    const [arg = '', next] = args.slice(i)
    if (arg === '--all' || arg === '--record') found[arg === '--all' ? 'all' : 'record'] = true
    else if (arg === '--changed') {
      const ref = next !== undefined && !next.startsWith('-') ? next : undefined
      found.changed = ref ?? 'HEAD'
      if (ref !== undefined) i += 1
    } else if (arg.endsWith('.ts')) files.push(arg)
    else mocha.push(arg)
  }
  return { ...found, files: files.length > 0 ? files : undefined }
}
