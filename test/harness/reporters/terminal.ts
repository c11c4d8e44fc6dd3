import xterm from '@xterm/headless'
import type { Output } from '../../../harness/reporters/output.ts'

/** A real terminal emulator, as an output: what stands on it is what a person would see. */
export interface Terminal extends Output {
  /** Its lines, from the first that was ever written to the last that isn't empty. */
  screen(): Promise<string[]>
  resize(columns: number, rows: number): Promise<void>
}

/** A terminal of this size; `\n` begins a line at its left, as a terminal's driver has it. */
export function terminal({ columns = 60, rows = 12 } = {}): Terminal {
  const emulator = new xterm.Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true })
  const shown = () => new Promise<void>(resolve => emulator.write('', resolve))
  return {
    terminal: true,
    color: false,
    get columns() {
      return emulator.cols
    },
    get rows() {
      return emulator.rows
    },
    write: text => emulator.write(text),
    close: () => {},
    async resize(columns, rows) {
      await shown()
      emulator.resize(columns, rows)
    },
    async screen() {
      await shown()
      const { active } = emulator.buffer
      const lines = Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? '')
      return lines.slice(0, lines.findLastIndex(line => line !== '') + 1)
    },
  }
}
