import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const own = fileURLToPath(new URL('../', import.meta.url))

/**
 * The line of the caller's file that is being run, `labs/bridge-nat.ts:32`: the first frame of the stack that is neither
 * the harness nor a package. Call it synchronously: after the first `await` the caller is no longer on the stack.
 */
export function callerLine(): string {
  const lines = new Error().stack?.split('\n').slice(1) ?? []
  for (const line of lines) {
    const found = /(?:\(|at )(?:async )?(file:\/\/[^)]+|\/[^)]+):(\d+):\d+\)?$/.exec(line)
    const [, place, row] = found ?? []
    if (!place || !row) continue
    const path = place.startsWith('file:') ? fileURLToPath(place) : place
    if (path.startsWith(own) || path.includes('/node_modules/')) continue
    return `${relative(process.cwd(), path)}:${row}`
  }
  return ''
}
