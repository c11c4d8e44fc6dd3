import { RuleError } from '../rule-error.ts'
import { octet, whole } from './number.ts'

/** A DSCP by number or class: '10', '0x0a', 'AF11' → '0x0a'. Throws a RuleError. */
export function codepoint(text: string): string {
  const name = text.toUpperCase()
  const [, group, drop] = /^AF([1-4])([1-3])$/.exec(name) ?? []
  if (group !== undefined && drop !== undefined) return octet(Number(group) * 8 + Number(drop) * 2)
  const [, selector] = /^CS([0-7])$/.exec(name) ?? []
  if (selector !== undefined) return octet(Number(selector) * 8)
  if (name === 'EF') return octet(0x2e)
  if (name === 'BE') return octet(0)
  if (!/^\w+$/.test(text)) throw new RuleError(`not a DSCP: ${text}`)
  return octet(whole(text))
}

/** A type of service with its mask: '0x10' → '0x10/0xff', 'Minimize-Delay' → '0x10/0x3f'. Throws a RuleError. */
export function serviceType(text: string): string {
  const named = names.get(text.toLowerCase())
  if (named !== undefined) return `${octet(named)}/0x3f`
  const [value = '', mask = '0xff'] = text.split('/')
  return `${octet(whole(value))}/${octet(whole(mask))}`
}

const names = new Map(
  Object.entries({
    'minimize-delay': 0x10,
    'maximize-throughput': 0x08,
    'maximize-reliability': 0x04,
    'minimize-cost': 0x02,
    'normal-service': 0x00,
  }),
)
