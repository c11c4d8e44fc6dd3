import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { argvInLog, meantArguments } from '../../../harness/cli/npm-flags.ts'
import { HostError } from '../../../vm/errors.ts'

const env = { npm_lifecycle_event: 'lab' }
const meant = (args: string[], typed?: string[], more: NodeJS.ProcessEnv = {}) =>
  meantArguments({ args, typed, env: { ...env, ...more } })

describe('flags that npm takes for its own', () => {
  it('are left alone behind a --', () => {
    const typed = ['run', 'lab', 'bridge-nat', '--', '--on', 'qemu']
    expect(meant(['bridge-nat', '--on', 'qemu'], typed)).to.deep.equal({ args: ['bridge-nat', '--on', 'qemu'] })
  })

  it('are read as they were typed, and the right way to type them is told', () => {
    const typed = ['run', 'lab', '--until', 'no NAT', 'bridge-nat', '--on', 'qemu', '--keep', '--reporter=json']
    expect(meant(['no NAT', 'bridge-nat'], typed, { npm_config_keep: 'true', npm_config_until: 'true' })).to.deep.equal(
      {
        args: ['--until', 'no NAT', 'bridge-nat', '--on', 'qemu', '--keep', '--reporter=json'],
        note: "npm took our flags for its own; read as: npm run lab -- --until 'no NAT' bridge-nat --on qemu --keep --reporter=json",
      },
    )
  })

  it("are told from npm's own flags and their values", () => {
    const typed = ['run', '--silent', 'lab', '--loglevel', 'error', 'bridge-nat', '--suite', 'forky', '--', '--keep']
    expect(meant(['bridge-nat', 'forky', '--keep'], typed).args).to.deep.equal([
      'bridge-nat',
      '--suite',
      'forky',
      '--keep',
    ])
  })

  it('are read from the environment where what was typed is not known', () => {
    expect(
      meant(['bridge-nat'], undefined, { npm_config_keep: 'true', npm_config_reporter: 'json\n\njunit=x.xml' }).args,
    ).to.deep.equal([...['bridge-nat', '--reporter=json', '--reporter=junit=x.xml', '--keep']])
  })

  it('are refused where the value can only be guessed, with what to type', () => {
    const typed = ['run', 'lab', 'a', '--on', 'ssh://u:***@h']
    for (const known of [undefined, typed]) {
      expect(() => meant(['forky', 'a'], known, { npm_config_suite: 'true' }))
        .to.throw(HostError, 'npm took --suite for its own')
        .with.property('mend', 'put -- before the flags: npm run lab NAME -- --suite …')
    }
  })

  it('are no matter of a run without npm, or of another script', () => {
    const args = ['bridge-nat']
    const taken = { npm_config_keep: 'true' }
    expect(meantArguments({ args, typed: undefined, env: taken })).to.deep.equal({ args })
    expect(meantArguments({ args, typed: undefined, env: { ...taken, npm_lifecycle_event: 'test' } })).to.deep.equal({
      args,
    })
  })

  it("npm's log is read as npm writes it", () => {
    const log =
      '10 verbose title npm run lab\n11 verbose argv "run" "lab" "a \\"b\\"" "--on" "qemu"\n12 verbose logfile x\n'
    expect(argvInLog(log)).to.deep.equal(['run', 'lab', 'a "b"', '--on', 'qemu'])
    expect(argvInLog('')).to.equal(undefined)
  })
})

describe('flags before a real npm', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  before(() => {
    const module = new URL('../../../harness/cli/npm-flags.ts', import.meta.url).href
    const script = `import { meantArguments, typedAfterNpm } from '${module}'
      const { args } = meantArguments({ args: process.argv.slice(2), env: process.env, typed: typedAfterNpm() })
      console.log(JSON.stringify(args))`
    writeFileSync(join(folder, 'show.ts'), script)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { lab: `"${process.execPath}" show.ts` } }))
  })
  after(() => rmSync(folder, { recursive: true }))

  const cases: [string, string[], string[]][] = [
    ['behind a --', ['a', '--', '--on', 'qemu'], ['a', '--on', 'qemu']],
    ['--on, which npm drops', ['a', '--on', 'qemu'], ['a', '--on', 'qemu']],
    ['--on before the name', ['--on', 'qemu', 'a'], ['--on', 'qemu', 'a']],
    [
      'flags of all kinds',
      ['a', '--keep', '--until', 'b c', '--reporter=json'],
      ['a', '--keep', '--until', 'b c', '--reporter', 'json'],
    ],
    ['none', ['a', 'b'], ['a', 'b']],
  ]
  for (const [title, typed, args] of cases) {
    it(`arrive: ${title}`, async () => {
      const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
      const options = { cwd: folder, env: clean, extendEnv: false }
      const { stdout } = await execa('npm', ['run', '--silent', 'lab', ...typed], options)
      expect(JSON.parse(stdout)).to.deep.equal(args)
    })
  }
})
