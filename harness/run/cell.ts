import type { Backend } from '../../vm/backend.ts'
import type { Provider } from '../../vm/machine.ts'
import type { Suite } from '../../vm/suite.ts'
import type { Cell } from '../events.ts'

/** One kind of machine to run labs in. */
export interface MachineCell {
  suite: Suite
  backend: Backend
  /** Who makes it. */
  provider: Provider
}

/** These cells as events name them: the provider only where there are several. */
export function cellsTold(cells: readonly MachineCell[]): Cell[] {
  const several = providersOf(cells).length > 1
  return cells.map(({ suite, backend, provider }) => ({ suite, backend, ...(several && { provider: provider.name }) }))
}

/** Whose machines these are, each provider once. */
export function providersOf(cells: readonly MachineCell[]): Provider[] {
  return [...new Set(cells.map(({ provider }) => provider))]
}
