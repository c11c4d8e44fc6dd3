import { createHash } from 'node:crypto'

/** Draws numbers from 0 up to 1 (excluded) that look random, and that come again for the same words. */
export type Chance = () => number

/** The chance of one trial: the seed, the fault's name, which trial of it; whatever was drawn before elsewhere. */
export function chanceOf(...words: (string | number)[]): Chance {
  let drawn = 0
  return () => {
    const digest = createHash('sha256')
      .update([...words, drawn++].join('\n'))
      .digest()
    return digest.readUInt32BE() / 2 ** 32
  }
}

/** One of these. */
export function oneOf<T>(chance: Chance, choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(chance() * choices.length)] ?? choices[0]
}
