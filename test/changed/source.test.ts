import { expect } from 'chai'
import { handedOn } from './handed-on.ts'
import { partsThatDiffer } from './parts.ts'
import { hole } from './path-expression.ts'
import { readScript } from './script.ts'
import { readSource } from './source.ts'

/** The paths that a source of test/some/a.test.ts opens, `…` for what only a run knows. */
function paths(text: string): string[] {
  return readSource('test/some/a.test.ts', text).opens.map(({ path }) => path.replaceAll(hole, '…'))
}

describe('what a source says', () => {
  it('is what it imports, and whether only for its types', () => {
    const { imports } = readSource(
      'harness/a.ts',
      `import type { A } from './types.ts'
      import { type B, b as c } from '../vm/b.ts'
      import * as all from './all.ts'
      export { d as e } from './d.ts'
      export * from './e.ts'
      import './f.ts'
      const g = await import('./g.ts')
      // import './comment.ts'
      const text = "import './text.ts'"
      import { z } from 'zod'`,
    )
    const inWords = imports.map(
      ({ to, type, names }) => `${type ? 'type ' : ''}${to} ${names ? [...names.keys()] : '*'}`,
    )
    expect(inWords).to.have.members([
      ...[
        'type harness/types.ts A',
        'vm/b.ts b',
        'harness/all.ts *',
        'harness/d.ts d',
        'harness/e.ts *',
        'harness/f.ts ',
      ],
      'harness/g.ts *',
    ])
  })

  it('is what it opens, from the project’s top where that can be known', () => {
    expect(paths(`read(join(import.meta.dirname, '../../fixtures', suite, 'looks', \`\${name}.json\`))`)).to.deep.equal(
      ['@/fixtures/…/looks/….json'],
    )
    expect(paths(`read(new URL('../../docs/LEDGER.md', import.meta.url), 'utf8')`)).to.include('@/docs/LEDGER.md')
    expect(
      paths(`const top = fileURLToPath(new URL('../..', import.meta.url)); read(\`\${top}package.json\`)`),
    ).to.include('@/package.json')
    const docs = `const top = join(import.meta.dirname, '../..'); const docs = join(top, 'docs')`
    expect(paths(docs), 'a constant that nobody uses').to.deep.equal([])
    expect(paths(`${docs}; read(join(docs, name))`)).to.deep.equal(['@/docs/…'])
    expect(paths(`export ${docs.replace('; ', '; export ')}`)).to.include('@/docs')
    expect(paths(`spawn(node, ['bootstrap.cjs', 'lab'])`)).to.deep.equal(['bootstrap.cjs', 'lab'])
    expect(paths(`run("import { a } from '" + join(import.meta.dirname, 'a.ts') + "'")`)).to.include('@/test/some/a.ts')
  })

  it('is the members that it asks for, in a program in a string too, but not the properties that it gives', () => {
    const { words, keys } = readSource(
      'labs/a.ts',
      `const { fdb } = look; look.link('a'); lab({ engine: true }, 'x.peer()')`,
    )
    expect([...words]).to.have.members(['fdb', 'link', 'peer'])
    expect([...keys]).to.include('engine')
  })

  it('is nothing at run time where it has types only', () => {
    expect(
      readSource('a.ts', `import type { A } from './b.ts'\nexport interface B { a: A }\nexport type C = B`).runs,
    ).to.equal(false)
    expect(readSource('a.ts', `export interface B { a: 1 }\nexport const b: B = { a: 1 }`).runs).to.equal(true)
  })

  it('is of a script the paths in it, and the programs that it starts', () => {
    const { opens, lines } = readScript(
      '# not/this.sh\nset -e\n"$top/vm/guest/init" .github/scripts/a.sh\nnpm run --silent lab matrix\n',
    )
    expect(opens.map(({ path }) => path)).to.deep.equal(['vm/guest/init', '.github/scripts/a.sh'])
    expect(lines).to.deep.equal(['bootstrap.cjs lab matrix'])
  })
})

describe('what is handed on under a word', () => {
  const board = { within: ['looks'], by: 'property' } as const
  const handed = (text: string) => {
    const words = handedOn(readSource('harness/board.ts', text), board)
    return Object.fromEntries([...words].map(([to, those]) => [to.replace('harness/', ''), [...those].sort()]))
  }

  it('is what only the properties of the board use, by itself or by what it asks of the board', () => {
    const text = `import { fdb } from './fdb.ts'
      import { link } from './link.ts'
      import { pid } from './pid.ts'
      import { always } from './always.ts'
      function enter() { return pid() }
      export function looks() {
        always()
        return { fdb: () => fdb(), link: name => link(name), behind: () => looks().link('a'), in: () => enter() }
      }`
    expect(handed(text)).to.deep.equal({ 'fdb.ts': ['fdb'], 'link.ts': ['behind', 'link'], 'pid.ts': ['in'] })
  })

  it('is not what is used elsewhere as well', () => {
    const text = `import { fdb } from './fdb.ts'
      export function looks() { return { fdb: () => fdb() } }
      export function other() { return { fdb: fdb() } }`
    expect(handed(text)).to.deep.equal({})
  })
})

describe('the parts in which JSON differs', () => {
  it('are those that changed, came or went; all where one text is no object', () => {
    expect([...(partsThatDiffer('{"a":1,"b":{"c":2},"d":3}', '{"a":1,"b":{"c":3},"e":4}') ?? [])]).to.deep.equal([
      'b',
      'd',
      'e',
    ])
    for (const none of [undefined, '', '[1]', 'null']) expect(partsThatDiffer(none, '{"a":1}')).to.equal(undefined)
  })
})
