import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'

const top = fileURLToPath(new URL('../../..', import.meta.url))
const lab = (...args: string[]) =>
  execa(process.execPath, ['bootstrap.cjs', 'lab', ...args], { cwd: top, reject: false, stdin: 'ignore' })

describe('what runs are made of, ahead of them', () => {
  it('is made for each kind of machine that labs ask for', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const { exitCode, stdout, stderr } = await lab('cache', 'fill', '--on', 'sandbox', '--backend', 'nft,legacy')
    expect(exitCode, stderr).to.equal(0)
    expect(stdout.trim().split('\n')).to.deep.equal([
      'sandbox:trixie, iptables nft, without an engine: there',
      'sandbox:trixie, iptables nft, with an engine: there',
      'sandbox:trixie, iptables legacy, without an engine: there',
      'sandbox:trixie, iptables legacy, with an engine: there',
    ])
    const { stdout: listed } = await lab('cache')
    expect(listed)
      .to.match(/^image +trixie-/m)
      .and.to.match(/^engine data +trixie-/m)
  })

  it('is not made where nobody knows what', async () => {
    const { exitCode, stderr } = await lab('cache', 'fill', '--suite', 'potato')
    expect(exitCode).to.equal(2)
    expect(stderr).to.match(/there is no suite "potato"/)
    expect((await lab('cache', 'fil')).stderr).to.match(/known: prune, fill, key/)
  })

  it('has a key for the images, which is the same as long as their recipes are', async () => {
    const keys = [await lab('cache', 'key'), await lab('cache', 'key')].map(({ stdout }) => stdout)
    expect(keys[0]).to.match(/^[0-9a-f]{16}$/)
    expect(keys[1]).to.equal(keys[0])
  })
})
