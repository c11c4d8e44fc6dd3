import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { lastWords, readLastWords } from '../../../../vm/providers/qemu/last-words.ts'

const panic = join(import.meta.dirname, '../../../fixtures/trixie/panic.txt')

describe('the last words of a guest', () => {
  it('are why the kernel panicked, without its stack and registers', async () => {
    expect(lastWords(await readFile(panic, 'utf8'))).to.deep.equal([
      '[    6.539369] sysrq: Trigger a crash',
      '[    6.542593] Kernel panic - not syncing: sysrq triggered crash',
    ])
  })

  it('are few lines, without what steers a terminal', () => {
    const log = `\x1bc\x1b[?7l\x1b[2J${Array.from({ length: 30 }, (_, line) => `line ${line}\r\n`).join('\r\n')}`
    expect(lastWords(log)).to.have.length(10)
    expect(lastWords(log).at(-1)).to.equal('line 29')
    expect(lastWords('\x1bc\x1b[?7l\x1b[2Jonly\r')).to.deep.equal(['only'])
  })

  it('are nothing where nothing was said', async () => {
    expect(await readLastWords('/no/such/log')).to.equal('')
    expect(lastWords('')).to.deep.equal([])
  })
})
