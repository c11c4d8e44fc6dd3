import type { Family, RuleSpecification } from './model.ts'
import { RuleError } from './rule-error.ts'
import { readSpecification } from './specification.ts'
import { split } from './words.ts'

/** A rule as typed: with the position that `-I` asks for, 1 unless it says another. */
export interface TypedRule extends RuleSpecification {
  position?: number
}

/**
 * Reads one rule as a person types it: `-t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`, also with `iptables` in front,
 * with `-I CHAIN 3`, `-C` or `-D` in place of `-A`, with long or abbreviated options. The table is filter unless `-t` names
 * another; the family is `family`, unless `ip6tables` or `iptables` stands in front. Throws a RuleError that says what is wrong.
 */
export function parseRule(text: string, family: Family = 'inet'): TypedRule {
  const words = split(text, 'shell')
  const program = /^(?:.*\/)?(ip6?tables)(?:-nft|-legacy)?$/.exec(words[0] ?? '')?.[1]
  const asked = program === undefined ? family : program === 'ip6tables' ? 'inet6' : 'inet'
  try {
    const { specification, ...place } = takePlace(program === undefined ? words : words.slice(1))
    return { family: asked, ...place, ...readSpecification(specification, asked, true) }
  } catch (cause) {
    if (!(cause instanceof RuleError)) throw cause
    throw new RuleError(`${cause.message}; in the rule: ${text}`, { cause })
  }
}

interface Place {
  table: string
  chain: string
  position?: number
  specification: string[]
}

/** Takes the table, the command and its chain out of the words; they may stand anywhere. */
function takePlace(words: string[]): Place {
  const rest = [...words]
  const specification: string[] = []
  let table = 'filter'
  let place: { chain: string; position?: number } | undefined
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const command = commands.get(word)
    if (word === '-t' || word === '--table') table = take(rest, word)
    else if (command !== undefined) {
      if (place !== undefined) throw new RuleError('more than one of -A, -I, -C, -D')
      place = { chain: take(rest, word), ...(command === 'insert' && { position: takeNumber(rest) ?? 1 }) }
    } else if (word === '-w' || word === '--wait') takeNumber(rest)
    else if (word !== '-v' && word !== '--verbose') specification.push(word)
  }
  if (place === undefined) throw new RuleError('no chain (begin with -A CHAIN)')
  return { table, ...place, specification }
}

const commands = new Map(
  Object.entries({
    '-A': 'append',
    '--append': 'append',
    '-I': 'insert',
    '--insert': 'insert',
    '-C': 'check',
    '--check': 'check',
    '-D': 'delete',
    '--delete': 'delete',
  }),
)

function take(rest: string[], option: string): string {
  const word = rest.shift()
  if (word === undefined) throw new RuleError(`${option} needs a name`)
  return word
}

function takeNumber(rest: string[]): number | undefined {
  return /^\d+$/.test(rest[0] ?? '') ? Number(rest.shift()) : undefined
}
