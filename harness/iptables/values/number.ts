import { RuleError } from '../rule-error.ts'

/** A whole number, decimal, hexadecimal (0x) or octal (leading 0) as strtoul reads it. Throws a RuleError. */
export function whole(text: string): number {
  if (!/^(0x[\da-f]+|\d+)$/i.test(text)) throw new RuleError(`not a number: ${text}`)
  return /^0\d/.test(text) ? Number.parseInt(text, 8) : Number(text)
}

/** 10 → '10', 0x0a → '10'. */
export function decimal(text: string): string {
  return String(whole(text))
}

/** 10 → '0xa'. */
export function hexadecimal(value: number): string {
  return `0x${(value >>> 0).toString(16)}`
}

/** 10 → '0x0a': as DSCP and TOS are written. */
export function octet(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}

/** One number or a range of them: '1:2', ':2' and '1:' with the ends filled in, '5:5' as '5'. */
export function range(text: string, last: number, read: (end: string) => number = whole): string {
  const [from = '', to] = text.split(':')
  const low = from === '' ? 0 : read(from)
  const high = to === undefined ? low : to === '' ? last : read(to)
  return low === high ? String(low) : `${low}:${high}`
}
