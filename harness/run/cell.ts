import type { Backend } from '../../vm/backend.ts'
import type { Suite } from '../../vm/suite.ts'

/** One kind of machine to run labs in. */
export interface MachineCell {
  suite: Suite
  backend: Backend
}
