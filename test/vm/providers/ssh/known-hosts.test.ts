import { expect } from 'chai'
import { readEntries } from '../../../../vm/providers/ssh/known-hosts.ts'

describe('entries of known_hosts', () => {
  it('vouch with type and key, whether the name is plain or hashed', () => {
    const lines = [
      '# Host 192.0.2.7 found: line 3',
      '192.0.2.7 ssh-ed25519 AAAAplain comment',
      '|1|c2FsdA==|aGFzaA== ecdsa-sha2-nistp256 AAAAhashed',
    ]
    expect(readEntries(lines.join('\n'))).to.deep.equal(['ssh-ed25519 AAAAplain', 'ecdsa-sha2-nistp256 AAAAhashed'])
  })

  it('vouch for nothing when they are revoked, or an authority’s', () => {
    const lines = [
      '@revoked * ssh-ed25519 AAAAstolen',
      '@cert-authority *.example ssh-ed25519 AAAAauthority',
      '192.0.2.7 ssh-ed25519 AAAAstolen',
      '192.0.2.7 ssh-rsa AAAAgood',
    ]
    expect(readEntries(lines.join('\n'))).to.deep.equal(['ssh-rsa AAAAgood'])
  })
})
