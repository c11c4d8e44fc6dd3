import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import ssh2 from 'ssh2'
import { makeSeed, makeTemplateSeed, type SeedFile } from '../../../vm/guest/seed.ts'

const request = { engine: true, keep: false, channel: 'fd:3' } as const
const template = { engine: true, ports: { channel: 'ssh', identity: 'identity' } }

describe('a seed', () => {
  it('lets in the client whose key it hands out, and nobody else', async () => {
    const { files, login } = await makeSeed(request)
    const key = ssh2.utils.parseKey(login.privateKey)
    if (key instanceof Error) throw key
    const lines = content(files, '/root/.ssh/authorized_keys').trim().split('\n')
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include(key.getPublicSSH().toString('base64'))
  })

  it('holds the host key that the client is told to pin, readable by root only', async () => {
    const { files, login } = await makeSeed(request)
    const key = files.find(file => file.path === '/etc/dropbear/dropbear_ed25519_host_key')
    // Its last half is the public key.
    const point = Buffer.from(key?.content ?? '').subarray(-32)
    expect(Buffer.from(login.hostKey.split(' ')[1] ?? '', 'base64').subarray(-32)).to.deep.equal(point)
    expect(key?.mode).to.equal(0o600)
  })

  it('has keys of its own', async () => {
    const [one, other] = await Promise.all([makeSeed(request), makeSeed(request)])
    expect(one.login.hostKey).to.not.equal(other.login.hostKey)
    expect(one.login.privateKey).to.not.equal(other.login.privateKey)
  })

  it('tells init what was asked for', async () => {
    const { files } = await makeSeed({ engine: false, keep: true, channel: 'port:ssh' })
    expect(content(files, '/etc/vethlab/machine')).to.equal('ENGINE=0\nBACKEND=nft\nKEEP=1\nCHANNEL=port:ssh\n')
  })

  it('refuses a channel that the shell would read as something else', async () => {
    const failed = await makeSeed({ ...request, channel: 'port:$(reboot)' }).catch(error => error)
    expect(failed).to.be.instanceOf(TypeError)
  })

  for (const name of ['init', 'network', 'warm-up']) {
    it(`brings a script vethlab-${name} that the shell can parse`, async () => {
      const files = await makeTemplateSeed(template)
      const script = content(files, `/usr/sbin/vethlab-${name}`)
      expect(script).to.match(/^#!\/bin\/sh\n/)
      execFileSync('sh', ['-n'], { input: script })
    })
  }

  for (const name of ['relay', 'become', 'engine']) {
    it(`brings a script vethlab-${name} that perl can parse`, async () => {
      const script = content(await makeTemplateSeed(template), `/usr/sbin/vethlab-${name}`)
      execFileSync('perl', ['-c'], { input: script, stdio: ['pipe', 'ignore', 'ignore'] })
    })
  }

  it('of a template is the same each time, and holds nothing of any machine’s own', async () => {
    const files = await makeTemplateSeed(template)
    expect(files).to.deep.equal(await makeTemplateSeed(template))
    const own = (await makeSeed(request)).files.map(({ path }) => path).filter(path => /key|machine-id|host/.test(path))
    expect(own).to.have.length(6)
    expect(files.map(({ path }) => path)).to.not.include.any.members(own)
    expect(content(files, '/etc/vethlab/machine')).to.equal(
      'ENGINE=1\nBACKEND=nft\nKEEP=0\nCHANNEL=port:ssh\nIDENTITY=identity\n',
    )
  })

  it('names the guest, in its hosts file too', async () => {
    const { files } = await makeSeed({ ...request, hostname: 'left' })
    expect(content(files, '/etc/hostname')).to.equal('left\n')
    expect(content(files, '/etc/hosts')).to.match(/^127\.0\.1\.1 left$/m)
  })
})

function content(files: SeedFile[], path: string): string {
  const file = files.find(candidate => candidate.path === path)
  if (file === undefined) throw new Error(`the seed has no ${path}`)
  return file.content.toString()
}
