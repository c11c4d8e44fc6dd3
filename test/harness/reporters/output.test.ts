import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { fileOutput, wantsColor } from '../../../harness/reporters/output.ts'
import { HostError } from '../../../vm/errors.ts'

describe('output of reports', () => {
  it('a file is made with its folders, and holds what was written at once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
    try {
      const path = join(folder, 'a', 'b', 'report.txt')
      const output = fileOutput(path)
      output.write('öne\n')
      output.write('two\n')
      expect(readFileSync(path, 'utf8')).to.equal('öne\ntwo\n')
      output.close()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('a file that cannot be written is a matter of the host', () => {
    expect(() => fileOutput('/dev/null/report.txt').write('x')).to.throw(
      HostError,
      /can't be written to \/dev\/null\/report\.txt/,
    )
    expect(() => fileOutput('/dev/full').write('x')).to.throw(HostError, /ENOSPC/)
  })

  it('colour follows the terminal, unless NO_COLOR or FORCE_COLOR say otherwise', () => {
    expect(wantsColor(true, {})).to.equal(true)
    expect(wantsColor(false, {})).to.equal(false)
    expect(wantsColor(true, { NO_COLOR: '1' })).to.equal(false)
    expect(wantsColor(true, { NO_COLOR: '1', FORCE_COLOR: '1' })).to.equal(false)
    expect(wantsColor(false, { FORCE_COLOR: '1' })).to.equal(true)
    expect(wantsColor(true, { FORCE_COLOR: '0' })).to.equal(false)
    expect(wantsColor(true, { TERM: 'dumb' })).to.equal(false)
  })
})
