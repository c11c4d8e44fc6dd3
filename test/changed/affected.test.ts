import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { HostError } from '../../vm/errors.ts'
import { affectedBy, type Choice, choiceInWords } from './affected.ts'

/** A small project: two modules, what tests them, and what is read. */
const project: Record<string, string> = {
  'vm/a.ts': 'export const a = 1\n',
  'vm/types.ts': 'export interface A { a: 1 }\n',
  'harness/b.ts':
    "import { a } from '../vm/a.ts'\nimport type { A } from '../vm/types.ts'\nexport const b: A = { a }\n",
  'test/vm/a.test.ts': "import { a } from '../../vm/a.ts'\n",
  'test/harness/b.test.ts': "import { b } from '../../harness/b.ts'\n",
  'test/harness/b.all.test.ts': "import { b } from '../../harness/b.ts'\n",
  'test/reads.test.ts': "read(join(import.meta.dirname, 'fixtures', name + '.txt'))\n",
  'test/sources.check.test.ts': "globSync('{vm,harness}/**/*.ts')\n",
  'test/fixtures/one.txt': 'one\n',
  'test/runner/main.ts': "import './jobs.ts'\n",
  'test/runner/jobs.ts': 'export const jobs = 2\n',
  'labs/one.ts': "import '../harness/b.ts'\n",
  'labs/two.ts': "import '../harness/b.ts'\n",
  'test/breaks/shortcuts.json': '{ "one": 1, "two": 2 }\n',
  'test/breaks/test-lab.ts':
    "read(new URL('shortcuts.json', import.meta.url))\nload(join(import.meta.dirname, '../../labs', name + '.ts'))\n",
  'test/labs/one.test.ts': "import { testLab } from '../breaks/test-lab.ts'\ntestLab('one')\n",
  'test/labs/two.test.ts': "import { testLab } from '../breaks/test-lab.ts'\ntestLab('two')\n",
  'docs/page.md': '# A page\n',
  '.gitignore': '*.log\n',
}

describe('npm test -- --changed', () => {
  const top = mkdtempSync(join(tmpdir(), 'vethlab-changed-'))
  after(() => rmSync(top, { recursive: true }))

  // Whatever this host's user has told git.
  const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: top, env })
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(top, file)), { recursive: true })
    writeFileSync(join(top, file), text)
  }
  const edit = (file: string) => write(file, `${readFileSync(join(top, file), 'utf8')}// edited\n`)
  const remove = (file: string) => rmSync(join(top, file))
  const files = ({ chosen }: Choice) => chosen.map(({ file }) => file)

  before(async () => {
    for (const [file, text] of Object.entries(project)) write(file, text)
    await git('init', '--quiet', '--initial-branch=main')
    await git('add', '--all')
    await git('commit', '--quiet', '--message=all')
  })
  afterEach(async () => {
    await git('checkout', '--quiet', '--force', 'main')
    await git('clean', '--quiet', '--force', '-d', '-x')
  })

  it('runs nothing where nothing has changed', async () => {
    const choice = await affectedBy('HEAD', top)
    expect(files(choice)).to.deep.equal([])
    expect(choiceInWords(choice)).to.equal('Nothing has changed since HEAD.\n')
  })

  it('runs what reaches a changed module, says by which way, and what runs elsewhere', async () => {
    edit('vm/a.ts')
    const choice = await affectedBy('HEAD', top)
    expect(choice.chosen).to.deep.equal([
      { file: 'test/harness/b.test.ts', by: 'vm/a.ts', why: 'it takes harness/b.ts, that vm/a.ts' },
      ...['one', 'two'].map(lab => {
        const why = `it takes test/breaks/test-lab.ts, that labs/${lab}.ts, that harness/b.ts, that vm/a.ts`
        return { file: `test/labs/${lab}.test.ts`, by: 'vm/a.ts', why }
      }),
      { file: 'test/vm/a.test.ts', by: 'vm/a.ts', why: 'it takes vm/a.ts' },
    ])
    expect(choiceInWords(choice)).to.equal(
      [
        ...['1 file has changed since HEAD: 4 of 5 test files can be affected.', ''],
        ...['vm/a.ts', '  test/harness: b', '  test/labs: one, two', '  test/vm: a', ''],
        ...['npm run check has, which runs in any case:', '  test: sources', ''],
        ...['npm run test:all has besides:', '  test/harness: b', ''],
      ].join('\n'),
    )
  })

  it('runs a test that has changed, staged or not, and what reads a changed fixture', async () => {
    edit('test/vm/a.test.ts')
    await git('add', '--all')
    edit('test/fixtures/one.txt')
    expect(files(await affectedBy('HEAD', top))).to.deep.equal(['test/reads.test.ts', 'test/vm/a.test.ts'])
  })

  it('runs of the labs those that have changed, or of which a part has changed in what is kept of all of them', async () => {
    edit('labs/one.ts')
    expect(files(await affectedBy('HEAD', top))).to.deep.equal(['test/labs/one.test.ts'])
    write('test/breaks/shortcuts.json', '{ "one": 1, "two": 3 }\n')
    expect(files(await affectedBy('HEAD', top))).to.deep.equal(['test/labs/one.test.ts', 'test/labs/two.test.ts'])
    await git('checkout', '--quiet', 'labs/one.ts')
    expect(files(await affectedBy('HEAD', top))).to.deep.equal(['test/labs/two.test.ts'])
    write('test/breaks/shortcuts.json', 'no JSON')
    expect(files(await affectedBy('HEAD', top))).to.deep.equal(['test/labs/one.test.ts', 'test/labs/two.test.ts'])
  })

  it('counts what is new and not ignored, and says what no test reaches', async () => {
    write('vm/new.ts', 'export const c = 1\n')
    write('vm/new.log', 'ignored\n')
    write('test/new.test.ts', "import '../harness/b.ts'\n")
    edit('docs/page.md')
    const choice = await affectedBy('HEAD', top)
    expect(files(choice)).to.deep.equal(['test/new.test.ts'])
    expect(choice.changed).to.deep.equal(['docs/page.md', 'test/new.test.ts', 'vm/new.ts'])
    // The check reads all sources, and tests none of them.
    expect(choice.untested).to.deep.equal(['docs/page.md', 'vm/new.ts'])
    expect(choiceInWords(choice)).to.match(/^No test reaches:\n {2}docs\/page\.md\n {2}vm\/new\.ts\n/m)
  })

  it('leaves types to the check, as nothing of them is there at run time', async () => {
    edit('vm/types.ts')
    const { chosen, untested, checked } = await affectedBy('HEAD', top)
    expect({ chosen, untested }).to.deep.equal({ chosen: [], untested: [] })
    expect(checked).to.deep.equal([{ file: 'vm/types.ts', why: 'it has types only' }])
  })

  it('runs what still asks for a file that is gone, by its name or by a pattern', async () => {
    remove('harness/b.ts')
    remove('test/fixtures/one.txt')
    remove('test/vm/a.test.ts')
    const choice = await affectedBy('HEAD', top)
    expect(files(choice)).to.deep.equal([
      ...['test/harness/b.test.ts', 'test/labs/one.test.ts', 'test/labs/two.test.ts', 'test/reads.test.ts'],
    ])
    expect(choice.untested).to.deep.equal([])
  })

  it('takes what is renamed for gone and new', async () => {
    await git('mv', 'vm/a.ts', 'vm/c.ts')
    const choice = await affectedBy('HEAD', top)
    expect(choice.changed).to.deep.equal(['vm/a.ts', 'vm/c.ts'])
    expect(files(choice)).to.include.members(['test/harness/b.test.ts', 'test/vm/a.test.ts'])
    expect(choice.untested).to.deep.equal(['vm/c.ts'])
  })

  it('counts from where HEAD has left another branch, be it committed or not', async () => {
    await git('checkout', '--quiet', '-B', 'work')
    edit('harness/b.ts')
    await git('commit', '--quiet', '--all', '--message=b')
    await git('checkout', '--quiet', '-B', 'other', 'main')
    edit('vm/a.ts')
    await git('commit', '--quiet', '--all', '--message=a')
    await git('checkout', '--quiet', 'work')
    expect(files(await affectedBy('HEAD', top))).to.deep.equal([])
    expect((await affectedBy('other', top)).changed).to.deep.equal(['harness/b.ts'])
    edit('test/fixtures/one.txt')
    expect((await affectedBy('other', top)).changed).to.deep.equal(['harness/b.ts', 'test/fixtures/one.txt'])
  })

  it('runs every test where what runs them has changed', async () => {
    edit('test/runner/jobs.ts')
    const choice = await affectedBy('HEAD', top)
    expect(files(choice)).to.have.length(choice.of)
    expect(choiceInWords(choice)).to.include('\ntest/runner/jobs.ts runs the tests.\n')
  })

  it('refuses a name that is no commit’s, and a folder that is in no clone', async () => {
    const refusal = async (ref: string, folder = top) => {
      const error = await affectedBy(ref, folder).catch(error => error)
      expect(error).to.be.instanceOf(HostError)
      return `${error.message}; ${error.mend}`
    }
    expect(await refusal('mian')).to.match(/^there is no commit "mian"; name a branch/)
    expect(await refusal('--all')).to.match(/^there is no commit "--all"/)
    const empty = mkdtempSync(join(tmpdir(), 'vethlab-changed-'))
    try {
      expect(await refusal('HEAD', empty)).to.match(/^git can't tell what has changed: .*not a git repository/)
    } finally {
      rmSync(empty, { recursive: true })
    }
  })
})
