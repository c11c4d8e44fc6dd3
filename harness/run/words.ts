import type { Options, ProcessPromise, Shell } from 'zx'
import { captureSegment } from '../capture/segment.ts'
import { bindFixtures } from '../containers/fixtures.ts'
import { bindExpect, type Judging } from '../expect/expect.ts'
import { callerLine } from '../expect/where.ts'
import type { MachineWords, SegmentWords } from '../lab.ts'
import { bindLooks } from '../looks/look.ts'
import { type LabWords, wordsBy } from './register.ts'
import type { Site } from './site.ts'
import type { UndoStack } from './undo.ts'
import type { Wiring } from './wiring.ts'

/** What the words are bound to, each asked for anew whenever a word is used: before a machine is up they may throw. */
export interface Binding {
  site: Site
  /** A machine's `$`, with the log and the abort signal of whatever is going on. */
  shell(machine: string | null): Shell
  undos: UndoStack
  /** Asked at each `expect`, with its line: how it is to judge, and who is told. */
  judging: Judging
  /** Asked before each act of a step, where somebody stands between: what is to be run instead; undefined: what the lab says. */
  instead?: ((text: string, from: { machine: string | null; where: string }) => string | undefined) | undefined
  /** Told each command of the lab, and its line. */
  onCommand(command: ProcessPromise, where: string): void
  /** Cuts or restores a machine's link on a segment, and tells of it. */
  onSegment(segment: string, act: 'cut' | 'restore', machine: string): Promise<void>
  /** Asked before each act of a step, when somebody walks step by step. */
  ask?: ((command: string) => Promise<void>) | undefined
  /** Told why a command is not to be run, by whoever was asked. */
  onRefusal(reason: unknown): void
}

/** The words of a lab's body but `step`, bound to machines that may come up only later. */
export function bindWords(wiring: Wiring, binding: Binding): LabWords {
  return wordsBy(wiring, {
    expect: bindExpect(binding.judging),
    defer: undo => binding.undos.push({ command: undefined, run: undo }),
    machine: name => machineWords(name, binding),
    segment: name => segmentWords(name, binding),
  })
}

function machineWords(name: string | null, binding: Binding): MachineWords {
  const machine = () => binding.site.machine(name)
  const shell = () => binding.shell(name)
  const asked = name === null ? '' : `${name}$ `
  const { undos, ask, instead } = binding
  const onMachine = name ?? undefined
  return {
    $: actingShell(shell, {
      ...binding,
      ask: ask && (command => ask(asked + command)),
      instead: instead && ((text, where) => instead(text, { machine: name, where })),
    }),
    look: bindLooks(machine, onMachine),
    fixture: bindFixtures(machine),
    defer: (first: TemplateStringsArray | (() => Promise<unknown>), ...args: unknown[]) => {
      if (typeof first === 'function') return undos.push({ machine: onMachine, command: undefined, run: first })
      // zx builds the text of a command without running it when halted: quoting is then the same as in a step.
      const command = halted(shell())(first, ...args).cmd
      const where = callerLine()
      const run = async () => {
        const promise = shell()(first, ...args)
        binding.onCommand(promise, where)
        await promise
      }
      return undos.push({ machine: onMachine, command, run })
    },
  }
}

function segmentWords(name: string, { site, onSegment }: Binding): SegmentWords {
  return {
    capture: options =>
      captureSegment(site.segment(name), options, { at: name, slowness: site.slowness, lost: site.lost() }),
    cut: machine => onSegment(name, 'cut', machine),
    restore: machine => onSegment(name, 'restore', machine),
  }
}

interface Acting extends Pick<Binding, 'ask' | 'onCommand' | 'onRefusal'> {
  instead: ((text: string, where: string) => string | undefined) | undefined
}

function actingShell(shell: () => Shell, acting: Acting): Shell {
  const act = (first: TemplateStringsArray | Partial<Options>, ...args: unknown[]) => {
    if (!isTemplate(first)) return actingShell(() => shell()<Partial<Options>, Shell>(first), acting)
    const { ask, onCommand, onRefusal } = acting
    const where = callerLine()
    const instead = acting.instead?.(halted(shell())(first, ...args).cmd, where)
    const run = ask ? halted(shell()) : shell()
    const promise = instead === undefined ? run(first, ...args) : run(template(instead))
    onCommand(promise, where)
    ask?.(promise.cmd).then(() => promise.run(), onRefusal)
    return promise
  }
  return act as unknown as Shell
}

/** A text as a tag gets it that has nothing in it to be filled in. */
function template(text: string): TemplateStringsArray {
  return Object.assign([text], { raw: [text] })
}

// A halted process has its text and waits to be run.
function halted(shell: Shell): Shell {
  return shell<Partial<Options>, Shell>({ halt: true })
}

function isTemplate(first: TemplateStringsArray | Partial<Options>): first is TemplateStringsArray {
  return Array.isArray(first)
}
