import type { Finished } from '../../vm/machine.ts'
import { LookError } from './probe.ts'

/** One object of iproute2's JSON, before its fields are read. */
export type Row = Readonly<Record<string, unknown>>

/**
 * Reads the array that `ip -j` or `bridge -j` printed. `absent` names what stderr says when the thing asked for isn't there:
 * then the answer is []. Throws a LookError for any other failure.
 */
export function rows(title: string, output: Finished, absent?: RegExp): Row[] {
  if (output.exitCode !== 0) {
    if (absent?.test(output.stderr)) return []
    throw new LookError(`${title}: exit code ${output.exitCode}: ${output.stderr.trim() || 'nothing on stderr'}`)
  }
  return parseRows(title, output.stdout)
}

/** Reads one JSON array of objects; nothing at all is an empty one (bridge prints nothing where there is nothing). */
export function parseRows(title: string, stdout: string): Row[] {
  if (stdout.trim() === '') return []
  let parsed: unknown
  try {
    parsed = JSON.parse(stdout)
  } catch (cause) {
    throw new LookError(`${title}: not JSON: ${stdout.slice(0, 200)}`, { cause })
  }
  if (!Array.isArray(parsed)) throw new LookError(`${title}: not a JSON array: ${stdout.slice(0, 200)}`)
  return parsed.filter(isRow)
}

/** The text under `key`, undefined where there is none. */
export function text(row: Row, key: string): string | undefined {
  const value = row[key]
  return typeof value === 'string' ? value : undefined
}

/** The number under `key`, undefined where there is none. */
export function number(row: Row, key: string): number | undefined {
  const value = row[key]
  return typeof value === 'number' ? value : undefined
}

/** The texts in the array under `key`, [] where there is none. */
export function texts(row: Row, key: string): string[] {
  const value = row[key]
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}

/** The objects in the array under `key`, [] where there is none. */
export function children(row: Row, key: string): Row[] {
  const value = row[key]
  return Array.isArray(value) ? value.filter(isRow) : []
}

/** The object under `key`, an empty one where there is none. */
export function child(row: Row, key: string): Row {
  const value = row[key]
  return isRow(value) ? value : {}
}

/** Without the keys whose value is undefined, so that plain data shows only what is there. */
export function known<T extends object>(data: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined)) as T
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
