import { backends, defaultBackend } from '../../vm/backend.ts'
import { HostError } from '../../vm/errors.ts'
import { defaultSuite, suites } from '../../vm/suite.ts'
import type { MachineCell } from '../run/cell.ts'
import { unknownName } from './known.ts'

/** What a command line says of the kinds of machine: `a,b` names several. */
export interface CellFlags {
  suite?: string | undefined
  backend?: string | undefined
  /** All that is not narrowed by the others. */
  matrix?: boolean
}

/** The kinds of machine that are meant, every suite with every backend. @throws HostError for a name that isn't known */
export function cellsMeant({ suite, backend, matrix = false }: CellFlags): MachineCell[] {
  const inSuites = suite === undefined ? (matrix ? suites : [defaultSuite]) : meant('suite', suite, suites)
  const withBackends =
    backend === undefined ? (matrix ? backends : [defaultBackend]) : meant('backend', backend, backends)
  return inSuites.flatMap(suite => withBackends.map(backend => ({ suite, backend })))
}

/** The only kind of machine that is meant, where there can be but one. */
export function cellMeant(flags: CellFlags): MachineCell {
  const [cell, other] = cellsMeant(flags)
  if (cell && !other) return cell
  throw new HostError('one machine is of one suite, and several were named', { mend: 'name one: --suite trixie' })
}

function meant<Name extends string>(thing: string, text: string, known: readonly Name[]): Name[] {
  const names = text.split(',').map(name => {
    const found = known.find(one => one === name.trim())
    if (found === undefined) throw unknownName(thing, name.trim(), [...known])
    return found
  })
  return [...new Set(names)]
}
