import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { program } from '../../harness/cli/program.ts'
import { testFiles, tierOf, top } from '../runner/tiers.ts'
import { type Choice, choose } from './choose.ts'
import type { Tree } from './edges.ts'
import { differences } from './git.ts'
import { handedOn } from './handed-on.ts'
import { type Reached, reachIn } from './reach.ts'
import {
  keptByLab,
  ofEveryTest,
  ofTheCheck,
  opensNoLab,
  readFor,
  readsAllLabs,
  startsNothingOfOurs,
  switchboards,
} from './rules.ts'
import { readTree } from './tree.ts'

/** `test/vm/pcap` for `test/vm/pcap.test.ts`. */
const shortly = (file: string) => file.replace(/(\.check|\.all)?\.test\.ts$/, '')
const text = (file: string) => readFileSync(join(top, file), 'utf8')

describe('what a change of this project can affect', () => {
  let tree: Tree
  let files: string[]
  let reach: (test: string) => Reached
  before(async () => {
    files = (await differences(top, 'HEAD')).files
    tree = await readTree(top, files, [])
    reach = reachIn(tree)
  })

  const choice = (...changed: string[]) => choose(tree, { changed, gone: new Set(), labsOf: new Map() }, reach)
  const namesOf = (those: Choice['chosen']) => those.map(({ file }) => shortly(file))
  const chosen = (...changed: string[]) => namesOf(choice(...changed).chosen)
  const labs = () => files.flatMap(file => /^labs\/([\w-]+)\.ts$/.exec(file)?.[1] ?? [])
  const labTests = (names: string[]) => names.filter(name => name.startsWith('test/labs/'))

  it('is, of a look, its own test and the labs that say its name, no other', () => {
    for (const [look, file] of [
      ['fdb', 'harness/looks/fdb.ts'],
      ['conntrack', 'harness/looks/conntrack.ts'],
      ['neighbours', 'harness/looks/neighbour.ts'],
    ]) {
      const names = chosen(file ?? '')
      expect(names).to.include(`test/${(file ?? '').replace('.ts', '')}`)
      const said = new RegExp(`\\.${look}\\b`)
      const saying = labs().filter(
        lab => said.test(text(`labs/${lab}.ts`)) || said.test(text(`test/labs/${lab}.test.ts`)),
      )
      expect(saying, `labs that say .${look}`).not.to.deep.equal([])
      expect(labTests(names), file).to.deep.equal(saying.map(lab => `test/labs/${lab}`))
    }
    expect(chosen('harness/looks/fdb.ts')).to.include('test/labs/arp-and-fdb').and.not.include('test/labs/docker0')
  })

  it('is, of what an assertion or a fixture is made of, the labs that use it', () => {
    const using = (said: RegExp) =>
      labs().filter(lab => said.test(text(`labs/${lab}.ts`) + text(`test/labs/${lab}.test.ts`)))
    for (const [file, said] of [
      ['harness/expect/claims/rules.ts', /\.(rule|ruleBefore|policy|use)\(/],
      ['harness/expect/claims/pair.ts', /\.pairedWith\b/],
      ['harness/outside/name-server.pl', /\.nameServer\b/],
      ['harness/containers/web-server.ts', /\.webServer\b/],
    ] as const) {
      expect(labTests(chosen(file)), file).to.deep.equal(using(said).map(lab => `test/labs/${lab}`))
    }
  })

  it('is, of what runs labs and what machines are, every lab', () => {
    for (const file of [
      'harness/run/lab-run.ts',
      'harness/looks/place.ts',
      'vm/providers/sandbox/enter.sh',
      'vm/image/hooks/kernel.sh',
    ])
      expect(labTests(chosen(file)), file).to.deep.equal(labs().map(lab => `test/labs/${lab}`))
    expect(
      labTests(chosen('harness/reporters/junit.ts', 'harness/cli/list.ts', 'harness/ledger/story.ts')),
    ).to.deep.equal([])
  })

  it('is, of a lab, its own test and what reads all labs', () => {
    const names = chosen('labs/cnm.ts')
    expect(labTests(names)).to.deep.equal(['test/labs/cnm'])
    expect(names).to.include.members(['test/harness/run/registry', 'test/harness/claims/coverage'])
    expect(namesOf(choice('labs/cnm.ts').later)).to.include('test/labs/suites')
    expect(names.filter(name => /^test\/(faults|vm)\//.test(name))).to.deep.equal([])
    for (const file of ['docs/labs/cnm.md', 'docs/mutations/cnm.json'])
      expect(labTests(chosen(file)), file).to.deep.equal(['test/labs/cnm'])
  })

  it('is, of the documents, what reads them', () => {
    expect(namesOf(choice('README.md').checks)).to.include('test/documentation')
    expect(labTests(chosen('README.md'))).to.deep.equal([])
  })

  it('is nothing, of a page and of a module that are new and that nobody knows', () => {
    const fresh = ['docs/elsewhere/new.md', 'harness/new.ts']
    const { chosen, untested } = choose(
      { ...tree, files: new Set([...files, ...fresh]) },
      {
        ...{ changed: fresh, gone: new Set<string>(), labsOf: new Map() },
      },
    )
    expect({ chosen, untested }).to.deep.equal({ chosen: [], untested: fresh })
  })

  it('is every test where the packages or what runs the tests has changed', () => {
    for (const file of ['package-lock.json', '.mocharc.json', 'test/runner/workers.ts', 'test/runner/setup.ts'])
      expect(chosen(file), file).to.have.length(testFiles('test').length)
    expect(chosen('test/changed/words.ts')).to.deep.equal(['test/changed/affected'])
    expect(choice('tsconfig.json')).to.deep.include({
      chosen: [],
      untested: [],
      checked: [{ file: 'tsconfig.json', why: 'tsc reads it' }],
    })
  })

  it('is of each test at least what it imports', () => {
    for (const test of testFiles('check', 'test', 'all')) {
      const statement = /^(?:import|export) (?!type\b)(?:[^'"]*? from )?'(\.[^']+)'/gm
      const imported = [...text(test).matchAll(statement)].map(([, to = '']) => join(test, '..', to))
      const reached = reach(test)
      for (const file of imported) if (tierOf(file) === undefined) expect([...reached.keys()], test).to.include(file)
    }
  })

  it('is nothing, of what no test reaches', () => {
    const sources = files.filter(file => /^(harness|vm|labs)\//.test(file))
    expect(choice(...sources).untested).to.deep.equal([])
  })
})

describe('what is known of this project beside its imports', () => {
  let tree: Tree
  before(async () => {
    tree = await readTree(top, (await differences(top, 'HEAD')).files, [])
  })

  // Whatever else a board takes affects all who use any of its words: a new look that its text does not tell, too.
  const always: Record<string, string[]> = {
    'harness/looks/look.ts': ['harness/docker.ts', 'harness/looks/container.ts', 'harness/looks/place.ts'],
    'harness/expect/plugin.ts': ['harness/expect/judge.ts', 'harness/expect/where.ts'],
    'harness/run/words.ts': ['harness/run/register.ts'],
    'harness/containers/fixtures.ts': [],
  }
  for (const [file, those] of Object.entries(always)) {
    it(`${file} hands on the rest of what it takes under words`, () => {
      const source = tree.sources.get(file)
      const board = switchboards[file]
      if (!source || !board) throw new Error(`${file} is no board`)
      const words = handedOn(source, board)
      const taken = source.imports.flatMap(({ to, type }) => (type || words.has(to) ? [] : [to]))
      expect(taken).to.have.members(those)
      expect([...words.keys()]).not.to.deep.equal([])
    })
  }

  it('who takes a board hands it on, or may say its words', () => {
    const takers = (board: string) =>
      [...tree.sources].flatMap(([file, { imports }]) =>
        /^(harness|vm)\//.test(file) && imports.some(({ to, type }) => to === board && !type) ? [file] : [],
      )
    for (const [board, { passedBy = [] }] of Object.entries(switchboards))
      expect(takers(board), board).to.have.members(passedBy)
  })

  it('each command of npm run lab reads all labs, or does not', () => {
    const [reads, others] = [
      ['coverage', 'why', 'ledger', 'mutations', 'matrix', 'docs'],
      ['doctor', 'merge', 'prepare', 'ps', 'shell', 'rm', 'gc', 'cache'],
    ]
    expect(program(() => {}).commands.map(command => command.name())).to.have.members([...reads, ...others])
    for (const command of reads) expect(`bootstrap.cjs lab ${command} a.json`).to.match(readsAllLabs)
    for (const command of [...others, 'rm --all', 'bridge-nat'])
      expect(`bootstrap.cjs lab ${command}`).not.to.match(readsAllLabs)
    expect('bootstrap.cjs lab --on sandbox --all').to.match(readsAllLabs)
  })

  it('is of files that are there', () => {
    const named = [ofEveryTest, ofTheCheck, opensNoLab, readFor, startsNothingOfOurs, switchboards].flatMap(Object.keys)
    for (const file of [...named, ...keptByLab]) expect(existsSync(join(top, file)), file).to.equal(true)
  })
})
