import { type Backend, backends, defaultBackend } from '../../vm/backend.ts'
import { HostError } from '../../vm/errors.ts'
import { defaultSuite, type Suite, suites } from '../../vm/suite.ts'
import { unknownName } from './known.ts'
import { placesMeant } from './provider.ts'

/** One kind of machine that a command line means. */
export interface CellMeant {
  suite: Suite
  backend: Backend
  /** What `--on` says: a provider's name, `auto`, `ssh://…`. */
  on: string
}

/** What a command line says of the kinds of machine: `a,b` names several. */
export interface CellFlags {
  suite?: string | undefined
  backend?: string | undefined
  /** `auto` where nothing is said. */
  on?: string | undefined
  /** All suites and backends that are not narrowed by these. Which providers a host has is another matter: those are named. */
  matrix?: boolean
}

/** The kinds of machine that are meant, every suite with every backend in every place. @throws HostError for a name that isn't known */
export function cellsMeant({ suite, backend, on = 'auto', matrix = false }: CellFlags): CellMeant[] {
  const places = placesMeant(on)
  const inSuites = suite === undefined ? (matrix ? suites : [defaultSuite]) : meant('suite', suite, suites)
  const withBackends =
    backend === undefined ? (matrix ? backends : [defaultBackend]) : meant('backend', backend, backends)
  return inSuites.flatMap(suite => withBackends.flatMap(backend => places.map(on => ({ suite, backend, on }))))
}

/** The only kind of machine that is meant, where there can be but one. */
export function cellMeant(flags: CellFlags): CellMeant {
  const [cell, other] = cellsMeant(flags)
  if (cell && !other) return cell
  throw new HostError('one machine is of one suite, one backend and one provider, and several were named', {
    mend: 'name one: --suite trixie',
  })
}

function meant<Name extends string>(thing: string, text: string, known: readonly Name[]): Name[] {
  const names = text.split(',').map(name => {
    const found = known.find(one => one === name.trim())
    if (found === undefined) throw unknownName(thing, name.trim(), [...known])
    return found
  })
  return [...new Set(names)]
}
