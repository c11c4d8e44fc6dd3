import type { Output } from './output.ts'

/** Lines at the bottom of a terminal that are rewritten in place. */
export interface Live {
  /** Shows these lines in place of those before; each is cut to the terminal's width, all to its height. */
  show(lines: string[]): void
  /** Lets something be written above them, for good: whole lines. */
  above(write: () => void): void
}

// Unwrapped, a line takes one row, whatever width the terminal gives its characters.
const [wrapOff, wrapOn] = ['\x1b[?7l', '\x1b[?7h']

/** Live lines on a terminal; none as yet. */
export function live(output: Output): Live {
  let shown: string[] = []
  let shownAt = 0

  /** Back to where the first line begins, everything below it erased. */
  function erased(): string {
    // A terminal that has become narrower since has wrapped what was longer.
    const rows = shown.map(line => (output.columns < shownAt ? Math.ceil(line.length / output.columns) || 1 : 1))
    const up = rows.reduce((sum, n) => sum + n, 0)
    return `\r${up > 0 ? `\x1b[${up}A` : ''}\x1b[J`
  }

  function show(lines: string[]): void {
    const room = Math.max(1, output.rows - 1)
    const kept = lines.length > room ? [...lines.slice(0, room - 1), `  … ${lines.length - room + 1} more`] : lines
    const next = kept.map(line => line.slice(0, output.columns - 1))
    if (shownAt === output.columns && next.join('\n') === shown.join('\n')) return
    const text = next.map(line => `${line}\n`).join('')
    output.write(`${erased()}${wrapOff}${text}${wrapOn}`)
    shown = next
    shownAt = output.columns
  }

  return {
    show,
    above(write) {
      const lines = shown
      output.write(erased())
      shown = []
      shownAt = 0
      write()
      if (lines.length > 0) show(lines)
    },
  }
}
