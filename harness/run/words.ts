import type { Options, ProcessPromise, Shell } from 'zx'
import type { Machine } from '../../vm/machine.ts'
import { bindFixtures } from '../containers/fixtures.ts'
import { bindExpect, type Judging } from '../expect/expect.ts'
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
  /** Asked at each `expect`, with its line: how it is to judge, and who is told. */
  judging: Judging
  /** Told each command of the lab, and its line. */
  onCommand(command: ProcessPromise, where: string): void
  /** Asked before each command of a step, when somebody walks step by step. */
  ask?: ((command: string) => Promise<void>) | undefined
  /** Told why a command is not to be run, by whoever was asked. */
  onRefusal(reason: unknown): void
}

/** The words of a lab's body but `step`, bound to a machine that may come up only later. */
export function bindWords(binding: Binding): Omit<Words, 'step'> {
  const $ = actingShell(() => binding.shell(), binding)
  return {
    $,
    look: bindLooks(binding.machine),
    fixture: bindFixtures(binding.machine),
    expect: bindExpect(binding.judging),
    defer: (first: TemplateStringsArray | (() => Promise<unknown>), ...args: unknown[]) => {
      if (typeof first === 'function') return binding.undos.push({ command: undefined, run: first })
      // zx builds the text of a command without running it when halted: quoting is then the same as in a step.
      const command = halted(binding.shell())(first, ...args).cmd
      const where = callerLine()
      const run = async () => {
        const promise = binding.shell()(first, ...args)
        binding.onCommand(promise, where)
        await promise
      }
      return binding.undos.push({ command, run })
    },
  }
}

function actingShell(shell: () => Shell, binding: Binding): Shell {
  const act = (first: TemplateStringsArray | Partial<Options>, ...args: unknown[]) => {
    if (!isTemplate(first)) return actingShell(() => shell()<Partial<Options>, Shell>(first), binding)
    const pieces = first
    const { ask, onCommand, onRefusal } = binding
    const promise = ask ? halted(shell())(pieces, ...args) : shell()(pieces, ...args)
    onCommand(promise, callerLine())
    ask?.(promise.cmd).then(() => promise.run(), onRefusal)
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
