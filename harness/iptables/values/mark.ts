import { hexadecimal, whole } from './number.ts'

const all = 0xffffffff

/** What is compared: '1' → '0x1', '0x10/0xff' as it stands; a full mask is left out. */
export function markMatched(text: string): string {
  const { value, mask } = parts(text)
  return mask === all ? hexadecimal(value) : `${hexadecimal(value)}/${hexadecimal(mask)}`
}

/** What is set, as `--set-xmark` has it: clears the mask's bits, then XORs the value in. */
export function markXored(text: string): string {
  const { value, mask } = parts(text)
  return `${hexadecimal(value)}/${hexadecimal(mask)}`
}

/** `--set-mark` clears the value's bits too, before it ORs. */
export function markSet(text: string): string {
  const { value, mask } = parts(text)
  return `${hexadecimal(value)}/${hexadecimal(mask | value)}`
}

export function markAnd(text: string): string {
  return `0x0/${hexadecimal(~whole(text))}`
}

export function markOr(text: string): string {
  return `${hexadecimal(whole(text))}/${hexadecimal(whole(text))}`
}

export function markXor(text: string): string {
  return `${hexadecimal(whole(text))}/0x0`
}

export function mask(text: string): string {
  return hexadecimal(whole(text))
}

function parts(text: string): { value: number; mask: number } {
  const [value = '', mask] = text.split('/')
  return { value: whole(value), mask: mask === undefined ? all : whole(mask) }
}
