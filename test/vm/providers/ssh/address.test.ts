import { expect } from 'chai'
import { HostError } from '../../../../vm/errors.ts'
import { formatAddress, parseAddress, sshCommand } from '../../../../vm/providers/ssh/address.ts'

describe("a machine's address", () => {
  it('is read with and without user and port, IPv6 in brackets', () => {
    expect(parseAddress('ssh://lab@192.0.2.7:2222')).to.deep.equal({ username: 'lab', host: '192.0.2.7', port: 2222 })
    expect(parseAddress('ssh://box.example/')).to.deep.equal({ username: 'root', host: 'box.example', port: 22 })
    expect(parseAddress('ssh://[2001:db8::7]')).to.deep.equal({ username: 'root', host: '2001:db8::7', port: 22 })
  })

  it('is written as people write it, and as ssh takes it', () => {
    const address = parseAddress('ssh://lab@[2001:db8::7]:2222')
    expect(formatAddress(address)).to.equal('lab@[2001:db8::7]:2222')
    expect(sshCommand(address, 'true')).to.equal('ssh -p 2222 lab@2001:db8::7 true')
    expect(formatAddress(parseAddress('ssh://192.0.2.7'))).to.equal('root@192.0.2.7')
  })

  for (const [url, why] of [
    ['ssh://', 'names no host'],
    ['ssh://root:secret@192.0.2.7', 'password'],
    ['ssh://192.0.2.7/tmp', 'goes on'],
    ['http://192.0.2.7', 'ssh://'],
    ['192.0.2.7', 'not a URL'],
    ['ssh://192.0.2.7:port', 'not a URL'],
  ] as const) {
    it(`is refused as ${url || 'nothing'}`, () => {
      expect(() => parseAddress(url)).to.throw(HostError, why)
    })
  }
})
