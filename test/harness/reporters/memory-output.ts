import type { Output } from '../../../harness/reporters/output.ts'

/** An output that remembers what was written. */
export function memoryOutput(options: Partial<Output> = {}): Output & { text(): string } {
  const parts: string[] = []
  return {
    terminal: false,
    color: false,
    columns: Number.POSITIVE_INFINITY,
    rows: Number.POSITIVE_INFINITY,
    close: () => {},
    ...options,
    write: text => void parts.push(text),
    text: () => parts.join(''),
  }
}
