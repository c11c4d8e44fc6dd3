import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import { program } from '../../../harness/cli/program.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))

/** `npm run lab -- …` without npm. */
function lab(args: string[], env: NodeJS.ProcessEnv = {}) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const options = { cwd: top, reject: false, stdin: 'ignore', env: { ...clean, ...env }, extendEnv: false } as const
  return execa(process.execPath, ['bootstrap.cjs', 'lab', ...args], options)
}

describe('npm run lab', () => {
  it('lists every lab with its title, document, needs and steps', async () => {
    const { exitCode, stdout, stderr } = await lab([])
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' })
    const files = (await readdir(`${top}/labs`)).filter(file => file.endsWith('.ts'))
    for (const file of files) expect(stdout).to.match(new RegExp(`^${file.replace('.ts', '')}  \\S`, 'm'))
    expect(stdout).to.match(/^ {2}document \d{3}_[0-9a-f]+\n {2}needs {4}a machine .*\n {3}1\. /m)
  })

  it('explains itself: every flag, examples, exit codes', async () => {
    const { exitCode, stdout } = await lab(['--help'])
    expect(exitCode).to.equal(0)
    for (const word of [
      '--all',
      '--on',
      '--suite',
      '--until',
      '--step',
      '--keep',
      '--reporter',
      'doctor',
      'Examples:',
      'Exit codes:',
    ]) {
      expect(stdout).to.include(word)
    }
    expect((await lab(['doctor', '--help'])).stdout).to.include('Exit codes:')
  })

  it('names in its help only labs and flags that exist', async () => {
    const [{ stdout: help }, { stdout: list }] = await Promise.all([lab(['--help']), lab([])])
    const examples = help.slice(help.indexOf('Examples:'), help.indexOf('Exit codes:'))
    const flags = new Set([...help.slice(0, help.indexOf('Examples:')).matchAll(/--[a-z]+/g)].map(([flag]) => flag))
    for (const [flag] of examples.matchAll(/--[a-z]+/g)) expect(flags).to.include(flag)
    const commands = program(() => {}).commands.map(command => command.name())
    for (const [, name = ''] of examples.matchAll(/npm run lab ([a-z][a-z-]+)/g)) {
      if (!commands.includes(name)) expect(list).to.match(new RegExp(`^${name} `, 'm'))
    }
  })

  const wrong: [string, string[], RegExp][] = [
    [
      'an unknown lab',
      ['bridge-nta'],
      /there is no lab "bridge-nta"\n {2}mend {2}did you mean bridge-nat\? known: .*doctor/,
    ],
    ['an unknown command', ['docter'], /there is no lab "docter"\n {2}mend {2}did you mean doctor\?/],
    [
      'an unknown flag',
      ['bridge-nat', '--kep'],
      /unknown option '--kep'\n {2}mend {2}Did you mean --keep\? Known flags:\n +--all\n/,
    ],
    ['a flag without its value', ['bridge-nat', '--on'], /'--on <place>' argument missing/],
    [
      'an unknown place',
      ['bridge-nat', '--on', 'qmeu'],
      /no place "qmeu"\n {2}mend {2}did you mean qemu\? known: auto, qemu, sandbox, vagrant, ssh:/,
    ],
    [
      'an unknown suite',
      ['bridge-nat', '--suite', 'trixi'],
      /no suite "trixi"\n {2}mend {2}did you mean trixie\? known: bookworm, trixie, forky/,
    ],
    [
      'an unknown reporter',
      ['bridge-nat', '--reporter', 'jsno'],
      /no reporter "jsno"\n {2}mend {2}name one of line, json, junit,.* spec/,
    ],
    [
      'an unknown step',
      ['bridge-nat', '--until', '999'],
      /bridge-nat has no step "999"\n {2}mend {2}name one .*:\n +1\. /,
    ],
    [
      'two reports on one output',
      ['bridge-nat', '--reporter', 'line', '--reporter', 'json'],
      /line and json would both write/,
    ],
    ['--all with names', ['bridge-nat', '--all'], /--all runs every lab, and bridge-nat was named besides/],
    ['--until with several labs', ['bridge-nat', 'publish-port', '--until', '1'], /--until ends one lab/],
    [
      'no number of labs',
      ['bridge-nat', '--jobs', '0'],
      /--jobs 0 is no number\n {2}mend {2}a whole number from 1: --jobs 2/,
    ],
    [
      'no number of runs',
      ['bridge-nat', '--repeat', 'x'],
      /--repeat x is no number\n {2}mend {2}a whole number from 1: --repeat/,
    ],
    ['--repeat with --keep', ['bridge-nat', '--repeat', '3', '--keep'], /--keep would leave 3 machines of each/],
    ['--repeat without a lab', ['--repeat', '3'], /--repeat needs a lab/],
    ['--step without a terminal', ['bridge-nat', '--step'], /no terminal to ask at/],
    ['--disposable of a machine of ours', ['bridge-nat', '--disposable', '--on', 'qemu'], /--on names qemu/],
    ['no machine to prepare', ['prepare', 'http://192.0.2.7'], /not a machine's address: http/],
    ['a flag that needs a lab', ['--keep'], /--keep needs a lab/],
  ]
  for (const [what, args, said] of wrong) {
    it(`answers ${what} with exit code 2 and what to do`, async () => {
      const { exitCode, stdout, stderr } = await lab(args)
      expect(stderr).to.match(said)
      expect(exitCode).to.equal(2)
      expect(stdout).to.equal('')
    })
  }

  it('writes its report also when nothing can be run', async () => {
    const { exitCode, stdout } = await lab(['bridge-nat', '--reporter', 'json', '--on', 'ssh://root@127.0.0.1:9'])
    const report = JSON.parse(stdout)
    expect(exitCode).to.equal(report.exitCode)
    expect(report.failures[0].message).to.be.a('string')
  })

  /** The exit code of `npm run lab -- …` when nobody reads what it prints. */
  async function unread(args: string, env: NodeJS.ProcessEnv = {}): Promise<number | undefined> {
    const script = `"$0" bootstrap.cjs lab ${args} 2>&1 | true; exit \${PIPESTATUS[0]}`
    const { exitCode } = await execa('bash', ['-c', script, process.execPath], { cwd: top, reject: false, env })
    return exitCode
  }

  it('ends as ever when nobody reads what it prints', async () => {
    expect(await unread('')).to.equal(0)
    // Here it prints, to nobody, and goes on.
    const took = { npm_lifecycle_event: 'lab', npm_config_keep: 'true' }
    expect(await unread('bridge-nat --until 999', took)).to.equal(2)
  })

  it('doctor looks at every provider and says what can be used', async () => {
    const { exitCode, stdout } = await lab(['doctor'])
    for (const section of [/^image:/m, /^sandbox:/m, /^qemu:/m, /^vagrant:/m, /^ssh:/m])
      expect(stdout).to.match(section)
    expect(exitCode).to.equal(/\(usable\)/.test(stdout) ? 0 : 2)
  })

  it('every program is started by the bootstrap as package.json says', () => {
    const { scripts } = JSON.parse(readFileSync(`${top}/package.json`, 'utf8'))
    // `npm run test:all` is npm test's program, told so.
    const flags = new Map([['test:all', 'test --all']])
    for (const [name, script] of Object.entries(scripts))
      expect(script).to.equal(`node bootstrap.cjs ${flags.get(name) ?? name}`)
  })
})
