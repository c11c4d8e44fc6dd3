import { RuleError } from './rule-error.ts'

/**
 * Who reads the text. `shell`: a person typed it, quoting as in a POSIX shell. `save`: iptables-save wrote it; only double quotes
 * quote, and inside them a backslash takes any next character as it is.
 */
export type Dialect = 'shell' | 'save'

/** Splits a rule into words, quotes removed. Throws a RuleError when a quote stays open. */
export function split(text: string, dialect: Dialect): string[] {
  const pattern = dialect === 'save' ? saved : typed
  const words: string[] = []
  let word: string | undefined
  for (const piece of text.matchAll(pattern)) {
    const { blank, double, single, escaped, plain } = piece.groups ?? {}
    if (blank !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (double !== undefined) word = (word ?? '') + unescaped(double, dialect)
    else {
      const more = single ?? escaped ?? plain
      if (more === undefined) throw new RuleError(`a quote is left open in: ${text}`)
      word = (word ?? '') + more
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

/** One word as both a POSIX shell and iptables-restore read it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replaceAll(/["\\$`]/g, '\\$&')}"`
}

const saved = /(?<blank>\s+)|"(?<double>(?:[^"\\]|\\.)*)"|(?<plain>[^\s"]+)|(?<open>")/gs

const typed =
  /(?<blank>(?:\s|\\\n)+)|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>[^']*)'|\\(?<escaped>.)|(?<plain>[^\s"'\\]+)|(?<open>["'\\])/gs

function unescaped(text: string, dialect: Dialect): string {
  return dialect === 'save' ? text.replaceAll(/\\(.)/gs, '$1') : text.replaceAll(/\\([$`"\\])|\\\n/g, '$1')
}
