import { posix } from 'node:path'
import { fromTop, hole } from './path-expression.ts'
import type { Opening } from './source.ts'

/** Functions that take a folder, so that a bare word among their arguments is one. */
const ofFolders = new Set(['readdir', 'readdirSync', 'opendir', 'glob', 'globSync', 'cp', 'cpSync', 'watch'])

/** What an opening may mean. */
export interface Named {
  files: string[]
  /** Named as such. */
  exact: boolean
  /** All of a folder, or of a pattern that the text has in full. */
  whole: boolean
}

const none: Named = { files: [], exact: false, whole: false }

/** The files that an opening may mean: one, all of a folder, or those that fit a pattern. */
export function filesNamed(file: string, { path, callee }: Opening, files: ReadonlySet<string>): Named {
  const own = posix.dirname(file)
  const unknown = path.startsWith(`${hole}/`)
  const variants = path.startsWith(fromTop)
    ? [path.slice(fromTop.length)]
    : unknown
      ? [path.slice(2)]
      : [path, posix.join(own, path)]
  for (const variant of variants) {
    const at = posix.normalize(variant).replace(/\/$/, '')
    if (/^$|^\.$|^\.\.(\/|$)|^\//.test(at)) continue
    if (files.has(at)) return { files: [at], exact: true, whole: false }
    const special = at.search(/[\0*{[]/)
    // `**` alone is no pattern of files.
    if (special >= 0 && !/[\w\0]\/|\/[\w\0]|\.\w+$/.test(path)) continue
    if (special >= 0) {
      const fitting = filesFitting(at, at.slice(0, at.lastIndexOf('/', special) + 1), file, files)
      if (fitting.length > 0) return { files: fitting, exact: false, whole: !at.includes(hole) }
      continue
    }
    // Who names a folder that it stands in itself starts from there, and names what it opens elsewhere.
    const folder = `${at}/`
    const meant =
      path.startsWith(fromTop) ||
      path.replace(/^\0\//, '').includes('/') ||
      (callee !== undefined && ofFolders.has(callee))
    if (!meant || file.startsWith(folder)) continue
    const inside = foldersOf(files).get(at)
    if (inside) return { files: inside, exact: false, whole: true }
    // One that is not there: whoever makes it changes who asks for it.
    if (posix.extname(at) !== '' && path.startsWith(fromTop)) return { files: [at], exact: true, whole: false }
  }
  return none
}

const known = new WeakMap<ReadonlySet<string>, ReadonlyMap<string, string[]>>()

/** The files in each folder, those in its folders too. */
function foldersOf(files: ReadonlySet<string>): ReadonlyMap<string, string[]> {
  const there = known.get(files)
  if (there) return there
  const folders = new Map<string, string[]>()
  for (const file of files) {
    for (let at = posix.dirname(file); at !== '.'; at = posix.dirname(at)) {
      const inside = folders.get(at)
      if (inside) inside.push(file)
      else folders.set(at, [file])
    }
  }
  known.set(files, folders)
  return folders
}

function filesFitting(pattern: string, folder: string, file: string, files: ReadonlySet<string>): string[] {
  if (pattern.includes(hole)) {
    // A name that only a run knows, in a folder of one's own or anywhere: what it may be, the text names elsewhere.
    if (folder === '' || file.startsWith(folder)) return []
    const text = pattern.replace(/[.+?^$()|\\[\]{}]/g, '\\$&').replace(/[\0*]+/g, '.*')
    const whole = new RegExp(`^${text}$`, 's')
    return [...files].filter(name => name.startsWith(folder) && whole.test(name))
  }
  return [...files].filter(name => name.startsWith(folder) && posix.matchesGlob(name, pattern))
}
