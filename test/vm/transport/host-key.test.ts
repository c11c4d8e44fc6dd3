import { expect } from 'chai'
import { execa } from 'execa'
import { makeKeyPair } from '../../../vm/guest/keypair.ts'
import { fingerprint, parseHostKeys, signatureAlgorithms } from '../../../vm/transport/host-key.ts'

describe('host keys', () => {
  it('have the fingerprint that ssh-keygen prints', async () => {
    const line = makeKeyPair('a comment').public
    const [key] = parseHostKeys(line)
    const { stdout } = await execa('ssh-keygen', ['-lf', '-'], { input: line })
    expect(stdout.split(' ')[1]).to.equal(fingerprint(key?.blob ?? Buffer.alloc(0)))
  })

  it('are read one a line, empty lines and comments aside', () => {
    const keys = parseHostKeys('ssh-ed25519 AAAA one\n\n  ssh-rsa BBBB\n')
    expect(keys.map(({ type }) => type)).to.deep.equal(['ssh-ed25519', 'ssh-rsa'])
  })

  it('limit the signatures that a server may offer to those that the keys can make', () => {
    expect(signatureAlgorithms(parseHostKeys('ssh-rsa AAAA\nssh-ed25519 AAAA\nssh-dss AAAA'))).to.deep.equal([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-ed25519',
    ])
  })
})
