import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { posix } from 'node:path'
import { $, Fail, log, type Options, type ProcessPromise, quote, type Shell, within } from 'zx/core'
import { type LoginShell, quotePosix, shellLine } from './command-line.ts'
import { adopt, isTemplate } from './guest-promise.ts'
import type { Destination } from './outlet.ts'
import { type Host, RemoteChild } from './remote-child.ts'

/**
 * Binds zx's `$` to the guest. All of zx works on it but what would act on this host: `$.sync` and the options
 * `spawn`, `spawnSync`, `sync`, `kill`, `preferLocal` are refused.
 *
 * Differences from a local `$`, each because a lab would suffer from the original: stdin is closed unless the command
 * is given input in the turn in which it is written (`input`, `.stdin`, `.pipe`) or `stdio: 'pipe'`; what is piped
 * into a template, or into a file's name, goes to the guest, with the options of the shell that it came from; nothing
 * is printed unless `verbose`; no default of the ambient `$`, nor ZX_… variable, has a say.
 */
export function bindShell(host: Host, loginShell: LoginShell): Shell {
  const spawn = (stdin: StdinUse) => (command: string, _args: readonly string[], options: SpawnOptions) => {
    const { shell, cwd, env, stdio, signal } = options
    const [input, stdout, stderr] = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio]
    const line = shellLine(
      command,
      typeof shell === 'string' ? shell : '/bin/sh',
      { cwd: String(cwd), env: env ?? {} },
      loginShell,
    )
    if ('input' in options && options.input) stdin.wanted = true
    if (input === 'inherit') throw new TypeError("the guest can't inherit this process's stdin: pipe process.stdin in")
    return new RemoteChild(host, {
      line,
      signal,
      keepStdin: () => stdin.wanted || input === 'pipe',
      output: [destination(stdout), destination(stderr)],
    }) as unknown as ChildProcess
  }
  const kill = async (pid: number | string, signal?: NodeJS.Signals) => {
    for (const child of host.children) if (child.pid === Number(pid)) child.kill(signal)
  }
  return shellWith({ spawn, kill }, {})
}

interface Binding {
  spawn(stdin: StdinUse): (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess
  kill: Options['kill']
}

/** Whether a command's stdin is used by anyone: known to the promise, asked by the child. */
interface StdinUse {
  wanted: boolean
}

/** Every option that zx reads is named, or the ambient `$` would lend its own. */
const defaults: Partial<Options> = {
  cwd: '/',
  env: {},
  shell: '/bin/bash',
  prefix: 'set -euo pipefail;',
  postfix: '',
  quote,
  stdio: ['ignore', 'pipe', 'pipe'],
  verbose: false,
  quiet: true,
  nothrow: false,
  detached: false,
  preferLocal: false,
  sync: false,
  halt: false,
  log,
  killSignal: 'SIGTERM',
  timeoutSignal: 'SIGTERM',
}
const unset: (keyof Options)[] = ['input', 'signal', 'ac', 'timeout', 'store', 'delimiter']
/** What belongs to one command and must not be handed on along a pipe. */
const ofOneCommand: (keyof Options)[] = ['input', 'signal', 'ac', 'store', 'stdio', 'halt']
const refused: (keyof Options)[] = ['sync', 'spawn', 'spawnSync', 'kill', 'preferLocal']

function shellWith(binding: Binding, bound: Partial<Options>): Shell {
  const shell = (first: TemplateStringsArray | Partial<Options>, ...args: unknown[]) =>
    isTemplate(first)
      ? command(binding, bound, first, args, callerOf(shell))
      : shellWith(binding, { ...bound, ...accept(first) })
  const sync = () => {
    throw new TypeError('$.sync would block this process, through which the guest is reached: await $`…` instead')
  }
  return Object.assign(shell, { sync }) as unknown as Shell
}

function accept(options: Partial<Options>): Partial<Options> {
  const wrong = refused.find(name => options[name])
  if (wrong) throw new TypeError(`a machine's $ can't take the option ${String(wrong)}: commands run in the guest`)
  return {
    ...options,
    // zx's `quiet` outweighs `verbose`, and would print stderr without it.
    ...(options.verbose && { quiet: false }),
    // `$'…'` is bash's.
    ...(options.shell && !options.quote && !isBash(options.shell) && { quote: quotePosix }),
  }
}

function isBash(shell: Options['shell']): boolean {
  return typeof shell === 'string' && posix.basename(shell) === 'bash'
}

function command(
  binding: Binding,
  bound: Partial<Options>,
  pieces: TemplateStringsArray,
  args: unknown[],
  from: string,
): ProcessPromise {
  const stdin: StdinUse = { wanted: false }
  const promise = within(() => {
    for (const name of unset) Object.assign($, { [name]: undefined })
    Object.assign($, defaults, bound, { spawn: binding.spawn(stdin), kill: binding.kill })
    return $(pieces, ...args)
  })
  const handedOn = { ...bound }
  for (const name of ofOneCommand) delete handedOn[name]
  return adopt(promise, {
    kill: binding.kill,
    next: signal => shellWith(binding, { ...handedOn, stdio: 'pipe', halt: true, signal }),
    from,
    useStdin: () => {
      stdin.wanted = true
    },
  })
}

/** Where the command stands, as zx would say it. */
function callerOf(shell: (...args: never[]) => unknown): string {
  const here = new Error()
  Error.captureStackTrace(here, shell)
  return Fail.getCallerLocation(here)
}

function destination(value: unknown): Destination {
  if (value === undefined || value === null || value === 'pipe') return 'pipe'
  if (value === 'ignore' || value === 'inherit') return value
  throw new TypeError(`a machine's $ can't take stdio ${JSON.stringify(value)}: pipe, ignore or inherit`)
}
