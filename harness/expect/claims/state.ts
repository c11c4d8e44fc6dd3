import type { Claim } from '../judge.ts'
import { asAsked, inWords, type Pattern, shows } from '../shows.ts'
import { lineAt } from './output.ts'

/** Every field asked for is there and shows what was asked; of a text that matches, the line in which the match begins is what was seen. */
export function show(pattern: Pattern): Claim<unknown> {
  return {
    text: `show ${inWords(pattern)}`,
    check: seen => ({
      holds: shows(seen, pattern),
      moot: seen === undefined && pattern !== undefined,
      saw:
        pattern instanceof RegExp && shows(seen, pattern)
          ? lineAt(String(seen), String(seen).search(pattern))
          : inWords(asAsked(seen, pattern)),
    }),
  }
}

/** What was looked for is there: a value, or at least one element of a list. */
export function present(): Claim<unknown> {
  return {
    text: 'be present',
    check: seen => ({
      holds: Array.isArray(seen) ? seen.length > 0 : seen !== undefined && seen !== null,
      saw: inWords(seen),
    }),
  }
}

/** What was looked for isn't there. */
export function absent(): Claim<unknown> {
  const { check } = present()
  return { text: 'be absent', check: seen => ({ ...check(seen), holds: !check(seen).holds }) }
}
