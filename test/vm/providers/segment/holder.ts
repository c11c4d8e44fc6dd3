import { readFileSync } from 'node:fs'

/** The number of the process of ours that holds the segment which a machine of this name is plugged into. */
export function holderOf(name: string): number {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number)
  const found = children.find(pid => new RegExp(`^ *${name}:`, 'm').test(linksOf(pid)))
  if (found === undefined) throw new Error(`nothing holds a segment with ${name}`)
  return found
}

function linksOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/net/dev`, 'utf8')
  } catch {
    return '' // It has ended meanwhile.
  }
}
