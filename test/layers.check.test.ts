import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { readImports } from './changed/source.ts'

const top = fileURLToPath(new URL('..', import.meta.url))

interface Import {
  from: string
  to: string
  /** An import of types only: Node erases it, so it can't close a cycle at run time. */
  type: boolean
}

/** Every relative import, re-export and dynamic import with a literal name, as paths from the top of the project. */
function importsOf(file: string, text: string): Import[] {
  return readImports(file, text).map(({ to, type }) => ({ from: file, to, type }))
}

/** Whose knowledge a layer may use: itself, and what is below it. */
const rules: { what: string; from: RegExp; mayImport: RegExp }[] = [
  { what: 'vm/ knows nothing above it', from: /^vm\//, mayImport: /^vm\// },
  { what: 'harness/ knows nothing of labs', from: /^harness\//, mayImport: /^(harness|vm)\/|^package\.json$/ },
  { what: 'a lab knows only the front door of harness/', from: /^labs\//, mayImport: /^(harness\/index\.ts$|labs\/)/ },
  {
    what: 'a reporter knows events and nothing else',
    from: /^harness\/reporters\//,
    mayImport: /^harness\/(reporters\/|events\.ts$)|^vm\/errors\.ts$/,
  },
]

/** The imports that break a rule, each with the rule. */
function trespasses(imports: Import[]): string[] {
  return imports.flatMap(({ from, to }) =>
    rules
      .filter(rule => rule.from.test(from) && !rule.mayImport.test(to))
      .map(rule => `${from} imports ${to}: ${rule.what}`),
  )
}

/** The first cycle found, as the files on it; undefined where there is none. */
function cycle(imports: Import[]): string[] | undefined {
  const next = Map.groupBy(
    imports.filter(({ type }) => !type),
    ({ from }) => from,
  )
  const done = new Set<string>()
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const { to } of next.get(file) ?? []) {
      const found = visit(to, [...path, file])
      if (found) return found
    }
    done.add(file)
    return undefined
  }
  for (const file of next.keys()) {
    const found = visit(file, [])
    if (found) return found
  }
  return undefined
}

async function projectImports(): Promise<Import[]> {
  const files = globSync('{labs,harness,vm,bench}/**/*.ts', { cwd: top })
  return (await Promise.all(files.map(async file => importsOf(file, await readFile(join(top, file), 'utf8'))))).flat()
}

describe('layers', () => {
  it('knowledge flows down: labs, harness, vm', async () => {
    expect(trespasses(await projectImports())).to.deep.equal([])
  })

  it('no import leads back to where it came from', async () => {
    expect(cycle(await projectImports())).to.equal(undefined)
  })

  it('every relative import is read, whatever its form', () => {
    const text = `import a from './a.ts'
      import type { B } from '../vm/b.ts'
      import { c,
        d } from './c.ts'
      export * from './d.ts'
      import './e.ts'
      const f = await import('./f.ts')
      // import no from './comment.ts'
      import { z } from 'zod'`
    expect(importsOf('harness/x.ts', text).map(({ to, type }) => `${type ? 'type ' : ''}${to}`)).to.have.members([
      'harness/a.ts',
      'type vm/b.ts',
      'harness/c.ts',
      'harness/d.ts',
      'harness/e.ts',
      'harness/f.ts',
    ])
  })

  it('an import that goes up is found', () => {
    const up = (from: string, to: string) => trespasses([{ from, to, type: true }])
    expect(up('vm/a.ts', 'harness/events.ts')).to.have.length(1)
    expect(up('harness/a.ts', 'labs/a.ts')).to.have.length(1)
    expect(up('labs/a.ts', 'harness/look.ts')).to.have.length(1)
    expect(up('harness/reporters/line.ts', 'vm/machine.ts')).to.have.length(1)
    expect(up('labs/a.ts', 'harness/index.ts')).to.have.length(0)
  })

  it('a cycle is found, and one of types only is none', () => {
    const ring = [
      { from: 'a', to: 'b', type: false },
      { from: 'b', to: 'c', type: false },
      { from: 'c', to: 'a', type: false },
    ]
    expect(cycle(ring)).to.deep.equal(['a', 'b', 'c', 'a'])
    expect(cycle(ring.map(edge => ({ ...edge, type: edge.from === 'c' })))).to.equal(undefined)
  })
})
