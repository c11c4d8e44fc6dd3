import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { type PrivateHost, privateHost } from './private-host.ts'

const passing = ['bridge-nat', '--on', 'sandbox', '--until', '2']

describe('a report that cannot be had', function () {
  this.timeout(180_000)
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost()
  })
  after('nothing is left', async () => {
    const left = await host?.leftovers()
    await host?.[Symbol.asyncDispose]()
    expect(left ?? []).to.deep.equal([])
  })
  const reporter = async (name: string, text: string) => {
    const path = join(host.folder, name)
    await writeFile(path, text)
    return path
  }

  it('as its file cannot be made: known before anything is run', async () => {
    const run = host.lab([...passing, '--reporter', 'junit=/proc/report.xml'])
    const { exitCode, stdout, stderr, report } = await run.ended
    expect({ exitCode, stdout, report }).to.deep.equal({ exitCode: 2, stdout: '', report: undefined })
    expect(stderr).to.match(
      /^HostError: the report can't be written to \/proc\/report\.xml: ENOENT: .*\n {2}mend {2}name a file that can be written/,
    )
  })

  for (const name of ['line', 'junit', 'tap']) {
    it(`as the disk is full (${name}): told, the other reports are whole, and all is not well`, async () => {
      const { exitCode, stderr, report } = await host.lab([...passing, '--reporter', `${name}=/dev/full`]).ended
      expect(stderr).to.equal(
        "HostError: the report can't be written to /dev/full: ENOSPC: no space left on device, write\n" +
          '  mend  name a file that can be written, on a disk with room',
      )
      expect(exitCode).to.equal(2)
      expect(report?.labs[0]).to.include({ status: 'passed' })
    })
  }

  it('as standard output is full: told, and the other reports are whole', async () => {
    const behind = ['sh', '-c', 'exec "$@" >/dev/full', 'sh']
    for (const args of [passing, ['doctor'], ['--help'], []]) {
      const { exitCode, stderr, report } = await host.lab(args, { behind, report: args === passing }).ended
      expect(stderr).to.match(/^HostError: standard output can't be written: ENOSPC: .*\n {2}mend {2}make room/)
      expect(exitCode).to.equal(2)
      if (args === passing) expect(report?.labs[0]).to.include({ status: 'passed' })
    }
  })

  const bad: [what: string, text: string, says: RegExp][] = [
    [
      'throws when it is told something',
      `export const reporter = () => ({ on({ type }) { if (type === 'step-ended') throw new Error('not this') } })`,
      /failed: not this\n {2}mend {2}mend it: .*reporter-0\.mjs:1/,
    ],
    [
      'throws at the end',
      `export const reporter = () => ({ on() {}, end() { throw new Error('not now') } })`,
      /failed: not now\n/,
    ],
    [
      'is made for mocha and throws',
      `export default class { constructor(runner) { runner.on('pass', () => { throw new Error('not that') }) } }`,
      /failed: not that\n/,
    ],
  ]
  for (const [index, [what, text, says]] of bad.entries()) {
    it(`as its reporter ${what}: told once, with its line, and the run goes on`, async () => {
      const path = await reporter(`reporter-${index}.mjs`, text)
      const { exitCode, stderr, report } = await host.lab([...passing, '--reporter', path]).ended
      expect(stderr).to.match(says)
      expect(stderr.match(/HostError/g)).to.have.length(1)
      expect(exitCode).to.equal(2)
      expect(report?.labs[0]).to.include({ status: 'passed' })
    })
  }
})
