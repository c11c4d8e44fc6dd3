import { LookError } from './probe.ts'

/** What the engine says of something of its own; undefined when it knows none of that name. Throws a LookError when it doesn't answer. */
export async function inspected<T>(what: string, name: string, inspect: () => Promise<T>): Promise<T | undefined> {
  // The engine would redirect such a request, and its client throws where nobody can catch it.
  if (name === '') throw new LookError(`${what} without a name`)
  try {
    return await inspect()
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 404)
      return undefined
    const reason = error instanceof Error ? error.message : error
    throw new LookError(`${what} ${name}: the engine does not answer: ${reason}`, { cause: error })
  }
}
