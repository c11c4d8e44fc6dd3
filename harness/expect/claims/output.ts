import type { Claim } from '../judge.ts'

/** A command's output has a place that matches, or a text; seen is the line in which it begins. */
export function print(pattern: RegExp | string): Claim<string> {
  return {
    text: `print ${typeof pattern === 'string' ? `"${pattern}"` : pattern}`,
    check(output) {
      const at = typeof pattern === 'string' ? output.indexOf(pattern) : output.search(pattern)
      return { holds: at >= 0, saw: at >= 0 ? lineAt(output, at) : output.trim() || 'no output' }
    },
  }
}

/** The line of a text that has this place. */
export function lineAt(text: string, index: number): string {
  const start = text.lastIndexOf('\n', index - 1) + 1
  const end = text.indexOf('\n', index)
  return text.slice(start, end < 0 ? undefined : end).trim()
}
