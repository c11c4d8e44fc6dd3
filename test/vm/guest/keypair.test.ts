import { execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import ssh2 from 'ssh2'
import { formatKeyPair, makeKeyPair } from '../../../vm/guest/keypair.ts'

describe('a key pair', () => {
  it('is one that OpenSSH reads, both halves belonging together', async () => {
    const pair = makeKeyPair('a comment')
    const folder = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    try {
      await writeFile(join(folder, 'key'), pair.private, { mode: 0o600 })
      expect(execFileSync('ssh-keygen', ['-y', '-f', join(folder, 'key')], { encoding: 'utf8' }).trim()).to.equal(
        pair.public,
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('is one that ssh2 reads and signs with', () => {
    const pair = makeKeyPair('')
    const key = ssh2.utils.parseKey(pair.private)
    if (key instanceof Error) throw key
    const signature = key.sign('text')
    expect(key.verify('text', signature as unknown as Buffer)).to.equal(true)
    expect(key.getPublicSSH().toString('base64')).to.equal(pair.public.split(' ')[1])
  })

  it('keeps the leading zero bytes of a public key', () => {
    // Found by trying: the public key of this seed begins with two zero bytes.
    const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
    const seed = Buffer.from('0002543e00000000000000000000000000000000000000000000000000000000', 'hex')
    const pair = formatKeyPair(
      createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' }),
      'zero',
    )
    const blob = Buffer.from(pair.public.split(' ')[1] ?? '', 'base64')
    expect(blob.subarray(-32, -30)).to.deep.equal(Buffer.from([0, 0]))
    expect(ssh2.utils.parseKey(pair.private)).to.have.property('type', 'ssh-ed25519')
  })

  it('is another one each time', () => {
    expect(makeKeyPair('').private).to.not.equal(makeKeyPair('').private)
  })
})
