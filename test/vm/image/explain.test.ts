import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { explainFailure, explainFileError } from '../../../vm/image/explain.ts'

// Each is what mmdebstrap wrote when this was the matter, with the mirror's name replaced.
function told(fixture: string, more: { mirror?: string; mksquashfs?: string } = {}) {
  const error = explainFailure({
    suite: 'trixie',
    mirror: more.mirror,
    scripts: [],
    mmdebstrap: read(fixture),
    mksquashfs: more.mksquashfs ?? 'FATAL ERROR: Error occurred reading tar file.  Aborting\n',
    dir: '/cache/images/.building/files',
    work: '/cache/images/.building/tree',
    exits,
  })
  return { message: error.message, mend: error.mend }
}

function read(fixture: string): string {
  return readFileSync(join(import.meta.dirname, '../../fixtures/mmdebstrap', `${fixture}.txt`), 'utf8')
}

const exits = { mmdebstrap: 'exit code 25', mksquashfs: 'exit code 1' }

describe('vm/image/explain', () => {
  it('says which mirror cannot be reached and what apt saw', () => {
    const { message, mend } = told('unreachable', { mirror: 'http://127.0.0.1:9/debian' })
    expect(message).to.match(
      /^the trixie image can't be built: the mirror http:\/\/127\.0\.0\.1:9\/debian can't be reached/,
    )
    expect(message).to.include('Connection refused')
    expect(mend).to.equal('set VETHLAB_MIRROR to another mirror, or unset it')
  })

  it("asks for VETHLAB_MIRROR when mmdebstrap's own mirror cannot be reached", () => {
    const { message, mend } = told('unresolvable')
    expect(message).to.include("mmdebstrap's default mirror can't be reached").and.include('Could not resolve')
    expect(mend).to.include('VETHLAB_MIRROR')
  })

  it('says that a server which has no such suite is no mirror', () => {
    expect(told('not-a-mirror', { mirror: 'http://127.0.0.1:8765/debian' }).message).to.include(
      'does not have a Release file',
    )
  })

  it("names the keyring when it doesn't know the suite's key", () => {
    const { message, mend } = told('unknown-key')
    expect(message)
      .to.include("debian-archive-keyring.gpg doesn't know the key that signs trixie")
      .and.include('NO_PUBKEY')
    expect(mend).to.include('apt-get install debian-archive-keyring')
  })

  it('suspects the clock when a Release file is past its time', () => {
    expect(told('expired')).to.have.property('message').that.includes('clock').and.includes('is expired')
  })

  it('says that the disk of the tree is full, though apt calls it a failed download', () => {
    const { message, mend } = told('work-full')
    expect(message).to.include('too full').and.include('No space left on device')
    expect(mend).to.match(/^free \d+ MB there/)
  })

  it("says that the disk of the image's files is full", () => {
    expect(told('files-full', { mksquashfs: read('files-full.mksquashfs') }).message).to.include(
      'No space left on device',
    )
  })

  it('shows the end of what was said about anything else', () => {
    const { message } = told('unknown-package')
    expect(message).to.include('mmdebstrap: exit code 25').and.include('Unable to locate package no-such-package')
  })

  it('leaves out the text of the scripts, which mmdebstrap prints', () => {
    const script = 'set -eu\nNo space left on device\nCould not connect\n'
    const mmdebstrap = `I: running --customize-hook in shell: sh -c '${script}' exec /tree\ncp: no such file\nE: setup failed: E: command failed: ${script}\n`
    const failure = {
      suite: 'trixie',
      mirror: undefined,
      scripts: [script],
      mmdebstrap,
      mksquashfs: '',
      dir: '/a',
      work: '/b',
      exits,
    }
    const { message } = explainFailure({ ...failure, suite: 'trixie' })
    expect(message)
      .to.include('mmdebstrap: exit code 25')
      .and.include('cp: no such file')
      .and.not.include('Could not connect')
  })

  it("turns a file system's refusals into what to do about them", () => {
    const refusal = (code: string) =>
      explainFileError(Object.assign(new Error(`${code}: refused`), { code }), '/cache/images')
    for (const code of ['EACCES', 'EROFS', 'ENOTDIR']) {
      expect(refusal(code), code).to.have.property('mend').that.includes('XDG_CACHE_HOME')
    }
    expect(refusal('ENOSPC'))
      .to.have.property('mend')
      .that.matches(/^free \d+ MB/)
    expect(refusal('EIO')).not.to.have.property('mend')
  })
})
