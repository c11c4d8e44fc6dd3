import type { Options, Shell } from 'zx'
import type { Machine } from '../../vm/machine.ts'
import { bindFixtures } from '../containers/fixtures.ts'
import { bindExpect } from '../expect/expect.ts'
import type { Verdict } from '../expect/judge.ts'
import { callerLine } from '../expect/where.ts'
import type { Words } from '../lab.ts'
import { bindLooks } from '../looks/look.ts'
import type { UndoStack } from './undo.ts'

/** What the words are bound to, each asked for anew whenever a word is used: before a machine is up they may throw. */
export interface Binding {
  machine(): Machine
  /** The machine's `$`, with the log and the abort signal of whatever is going on. */
  shell(): Shell
  undos: UndoStack
  /** How long expectations look again, in ms. */
  patienceMs(): number
  onVerdict(verdict: Verdict): void
  /** Told the line of the lab that runs the command with this zx id. */
  onCommand(id: string, where: string): void
  /** Asked before each command of a step, when somebody walks step by step. */
  ask?: ((command: string) => Promise<void>) | undefined
}

/** The words of a lab's body but `step`, bound to a machine that may come up only later. */
export function bindWords(binding: Binding): Omit<Words, 'step'> {
  const $ = actingShell(() => binding.shell(), binding)
  return {
    $,
    look: bindLooks(binding.machine),
    fixture: bindFixtures(binding.machine),
    expect: bindExpect(binding),
    defer: (first: TemplateStringsArray | (() => Promise<unknown>), ...args: unknown[]) => {
      if (typeof first === 'function') return binding.undos.push({ command: undefined, run: first })
      // zx builds the text of a command without running it when halted: quoting is then the same as in a step.
      const command = halted(binding.shell())(first, ...args).cmd
      return binding.undos.push({ command, run: () => binding.shell()(first, ...args) })
    },
  }
}

function actingShell(shell: () => Shell, binding: Binding): Shell {
  const act = (first: TemplateStringsArray | Partial<Options>, ...args: unknown[]) => {
    if (!isTemplate(first)) return actingShell(() => shell()<Partial<Options>, Shell>(first), binding)
    const pieces = first
    const { ask } = binding
    const promise = ask ? halted(shell())(pieces, ...args) : shell()(pieces, ...args)
    binding.onCommand(promise.id, callerLine())
    if (ask) void ask(promise.cmd).then(() => promise.run())
    return promise
  }
  return act as unknown as Shell
}

// A halted process has its text and waits to be run.
function halted(shell: Shell): Shell {
  return shell<Partial<Options>, Shell>({ halt: true })
}

function isTemplate(first: TemplateStringsArray | Partial<Options>): first is TemplateStringsArray {
  return Array.isArray(first)
}
