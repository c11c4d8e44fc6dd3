import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadReporter } from '../../../harness/reporters/load.ts'
import { HostError } from '../../../vm/errors.ts'
import { memoryOutput } from './memory-output.ts'
import { failedRun } from './sample-run.ts'

async function refusal(name: string): Promise<HostError> {
  const error = await loadReporter(name).then(
    () => undefined,
    thrown => thrown,
  )
  expect(error).to.be.instanceOf(HostError)
  return error
}

describe('loading a reporter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  after(() => rmSync(folder, { recursive: true }))

  it('a module that exports `reporter` is told in events', async () => {
    const path = file(
      'counter.ts',
      'export const reporter = (output: { write(s: string): void }) => ({ on: (e: { type: string }) => output.write(e.type + "\\n") })',
    )
    const loaded = await loadReporter(path)
    if (!('factory' in loaded)) throw new Error('not told in events')
    const output = memoryOutput()
    const { on } = loaded.factory(output)
    for (const event of failedRun) on(event)
    expect(output.text()).to.match(/^run-started\nlab-started\n/)
  })

  it('a module whose default is a class is a mocha reporter, also in CommonJS', async () => {
    const path = file('old.cjs', 'module.exports = class { constructor(runner) {} }')
    expect(await loadReporter(path)).to.have.property('mocha')
  })

  it('an unknown name lists the known ones', async () => {
    const { message, mend } = await refusal('jsno')
    expect(message).to.equal('there is no reporter "jsno"')
    expect(mend).to.include('line, json, junit').and.to.include('spec').and.to.include('tap')
  })

  it('no name reaches into the machinery', async () => {
    for (const name of ['constructor', 'toString', '__proto__', 'base', './labs', '']) await refusal(name)
  })

  it('a module that is no reporter, or breaks, is named', async () => {
    expect((await refusal(file('none.ts', 'export const x = 1'))).message).to.match(/none\.ts is no reporter/)
    expect((await refusal(file('broken.ts', 'throw new Error("oh")'))).message).to.match(
      /broken\.ts can't be loaded: oh/,
    )
  })
})
