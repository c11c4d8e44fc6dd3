import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { HostError } from '../../vm/errors.ts'

/** Where a report goes. */
export interface Output {
  write(text: string): void
  /** Lines can be rewritten in place. */
  terminal: boolean
  color: boolean
  /** Width and height of the terminal, as they are now; Infinity in a log. */
  readonly columns: number
  readonly rows: number
  close(): void
}

/** This process's standard output. Whoever reads it may be gone: that is told by the stream's `error` event, not here. */
export function standardOutput(env: NodeJS.ProcessEnv = process.env): Output {
  const { stdout } = process
  const terminal = stdout.isTTY === true
  return {
    write: text => void stdout.write(text),
    terminal: terminal && env.TERM !== 'dumb',
    color: wantsColor(terminal, env),
    get columns() {
      return terminal ? stdout.columns || 80 : Number.POSITIVE_INFINITY
    },
    get rows() {
      return terminal ? stdout.rows || 24 : Number.POSITIVE_INFINITY
    },
    close: () => {},
  }
}

/** This process's standard error, as it is: opened anew by its name, a socket would refuse. */
export function standardError(): Output {
  return {
    write: text => void process.stderr.write(text),
    terminal: false,
    color: false,
    columns: Number.POSITIVE_INFINITY,
    rows: Number.POSITIVE_INFINITY,
    close: () => {},
  }
}

/** A file, made with its folders when the first text comes, even an empty one; written at once, so that nothing is lost when the process ends. */
export function fileOutput(path: string): Output {
  let file: number | undefined
  return {
    write(text) {
      try {
        if (file === undefined) {
          mkdirSync(dirname(path), { recursive: true })
          file = openSync(path, 'w')
        }
        for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(file, rest))
      } catch (cause) {
        const mend = 'name a file that can be written, on a disk with room'
        throw new HostError(`the report can't be written to ${path}: ${reason(cause)}`, { mend, cause })
      }
    },
    terminal: false,
    color: false,
    columns: Number.POSITIVE_INFINITY,
    rows: Number.POSITIVE_INFINITY,
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

/** Colour on a terminal only, unless NO_COLOR or FORCE_COLOR say otherwise (no-color.org, force-color.org). */
export function wantsColor(terminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0'
  return terminal && env.TERM !== 'dumb'
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
