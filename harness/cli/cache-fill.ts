import type { CellMeant } from './cells.ts'
import { interruptible } from './interrupt.ts'
import { provide } from './provider.ts'

/**
 * Makes what runs in these kinds of machine are made of, so that they start at once: images, templates, engine data. For that one machine
 * of each kind is started, with an engine and without, and thrown away. Resolves to 0. @throws HostError, MachineError where one does not start
 */
export async function fillCache(cells: readonly CellMeant[]): Promise<number> {
  using interrupt = interruptible(() => {}, { keep: false })
  const { signal } = interrupt
  const report = (line: string) => void process.stderr.write(`  … ${line}\n`)
  for (const { on, suite, backend } of cells) {
    const { provider } = await provide(on, { suite, keep: false, cold: false, disposable: false, report, signal })
    for (const engine of [false, true]) {
      await using machine = await provider.start({ label: 'fill', suite, backend, engine, keep: false, report, signal })
      process.stdout.write(`${machine.name}, iptables ${backend}, ${engine ? 'with' : 'without'} an engine: there\n`)
    }
  }
  return 0
}
