import { inspect } from 'node:util'

/** What was asked for: a value, a RegExp for a text, a predicate, or an object of these of which each field counts. */
export type Pattern = unknown

/**
 * Whether `seen` shows `asked`: every field asked for is there and shows what was asked; other fields don't matter.
 * A list shows an object when one of its elements does, and shows a list when it is as long and shows it element by element.
 */
export function shows(seen: unknown, asked: Pattern): boolean {
  if (typeof asked === 'function') return Boolean(asked(seen))
  if (asked instanceof RegExp) return typeof seen === 'string' && asked.test(seen)
  if (Array.isArray(asked)) {
    return Array.isArray(seen) && seen.length === asked.length && asked.every((item, index) => shows(seen[index], item))
  }
  if (isRecord(asked)) {
    if (Array.isArray(seen)) return seen.some(item => shows(item, asked))
    return isRecord(seen) && Object.entries(asked).every(([key, value]) => shows(seen[key], value))
  }
  return Object.is(seen, asked)
}

/** The part of `seen` that was asked about, so that a failure prints these fields and not the whole object. */
export function asAsked(seen: unknown, asked: Pattern): unknown {
  if (Array.isArray(seen)) {
    return isRecord(asked) ? seen.map(item => asAsked(item, asked)) : seen
  }
  if (!isRecord(asked) || !isRecord(seen)) return seen
  return Object.fromEntries(Object.entries(asked).map(([key, value]) => [key, asAsked(seen[key], value)]))
}

/** A value as one line of text for people. */
export function inWords(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return value
  return inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 20, maxStringLength: 400 })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RegExp)
}
