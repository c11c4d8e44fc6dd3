import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { HostError } from '../../vm/errors.ts'

/*
 * `npm run lab bridge-nat --on qemu`: without a `--` npm takes the flags for its own and hands on what is left. Some it
 * leaves in the environment (`--keep` as npm_config_keep=true; of `--suite forky` only npm_config_suite=true, and forky
 * as a word), some nowhere at all: `--on` it expands to its own `--only`, finds the value wrong and drops both.
 * What was really typed stands in the log that npm keeps open while it runs.
 */

const valueFlags = ['on', 'suite', 'until', 'jobs', 'repeat', 'reporter']
const booleanFlags = ['step', 'keep', 'cold', 'disposable', 'all', 'json', 'no-engine']
const flags = [...valueFlags, ...booleanFlags]

/** What npm left of a command line. */
export interface NpmCall {
  /** The words that npm handed on. */
  args: string[]
  env: NodeJS.ProcessEnv
  /** What was typed after `npm`, if it could be found out. */
  typed: string[] | undefined
}

/**
 * The arguments as they were meant, with npm's share back in them; `typed` says what should have been typed when they
 * differ. @throws HostError when npm took a flag and its value can't be known
 */
export function meantArguments({ args, env, typed }: NpmCall): { args: string[]; note?: string } {
  if (env.npm_lifecycle_event !== 'lab') return { args }
  const meant = typed && restored(typed, args)
  if (meant) {
    if (meant.join('\0') === args.join('\0')) return { args }
    return { args: meant, note: `npm took our flags for its own; read as: ${commandLine(meant)}` }
  }
  const taken = flags.filter(flag => env[`npm_config_${flag}`])
  const lost = taken.filter(flag => valueFlags.includes(flag) && env[`npm_config_${flag}`] === 'true')
  if (lost.length > 0) {
    const mend = `put -- before the flags: npm run lab NAME -- ${lost.map(flag => `--${flag} …`).join(' ')}`
    throw new HostError(`npm took ${lost.map(flag => `--${flag}`).join(' and ')} for its own`, { mend })
  }
  const missing = taken.filter(flag => !args.some(arg => arg === `--${flag}` || arg.startsWith(`--${flag}=`)))
  if (missing.length === 0) return { args }
  const found = missing.flatMap(flag =>
    booleanFlags.includes(flag) ? [`--${flag}`] : values(env[`npm_config_${flag}`]).map(value => `--${flag}=${value}`),
  )
  const restoredArgs = [...args, ...found]
  return { args: restoredArgs, note: `npm took our flags for its own; read as: ${commandLine(restoredArgs)}` }
}

/** A flag that was given several times: npm joins its values so. */
function values(value = ''): string[] {
  return value.split('\n\n')
}

/** Our words and flags out of all that was typed; undefined when nothing of ours stands before the `--`. */
function restored(typed: string[], args: string[]): string[] | undefined {
  const end = typed.indexOf('--')
  const [before, after] = end < 0 ? [typed, []] : [typed.slice(0, end), typed.slice(end + 1)]
  const words = before.slice(before.indexOf('lab') + 1)
  if (!words.some(word => flags.some(flag => word === `--${flag}` || word.startsWith(`--${flag}=`)))) return undefined
  const result: string[] = []
  const rest = words.values()
  for (const word of rest) {
    const flag = flags.find(name => word === `--${name}`)
    if (flag !== undefined && valueFlags.includes(flag)) {
      const { value } = rest.next()
      result.push(word, ...(value === undefined ? [] : [value]))
    } else if (flag !== undefined || flags.some(name => word.startsWith(`--${name}=`))) {
      result.push(word)
    } else if (args.includes(word)) {
      // What else npm keeps back are its own flags and their values.
      result.push(word)
    }
  }
  // npm blots out what looks like a password.
  return result.some(word => word.includes('***')) ? undefined : [...result, ...after]
}

function commandLine(args: string[]): string {
  const flagAt = args.findIndex(arg => arg.startsWith('-'))
  const split = flagAt < 0 ? args.length : flagAt
  const quoted = args.map(arg => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
  return ['npm run lab', ...quoted.slice(0, split), '--', ...quoted.slice(split)].join(' ')
}

/** What was typed after `npm`, from the log that the npm above us holds open; undefined where that can't be read. */
export function typedAfterNpm(pid = process.ppid, generations = 4): string[] | undefined {
  if (generations === 0 || pid <= 1) return undefined
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const path = linkTarget(`/proc/${pid}/fd/${fd}`)
      if (/_logs\/[^/]*-debug-\d+\.log$/.test(path)) return argvInLog(readFileSync(path, 'utf8'))
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return typedAfterNpm(Number(parent), generations - 1)
  } catch {
    return undefined
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** The words of npm's line `11 verbose argv "run" "lab" "bridge-nat" "--on" "qemu"`. */
export function argvInLog(log: string): string[] | undefined {
  const line = /^\d+ verbose argv (.*)$/m.exec(log)?.[1]
  return line?.match(/"(?:[^"\\]|\\.)*"/g)?.map(word => String(JSON.parse(word)))
}
