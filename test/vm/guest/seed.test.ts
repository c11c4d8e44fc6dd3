import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import ssh2 from 'ssh2'
import { makeSeed } from '../../../vm/guest/seed.ts'

const request = { engine: true, keep: false, channel: 'fd:3' } as const

describe('a seed', () => {
  it('lets in the client whose key it hands out, and nobody else', async () => {
    const { files, login } = await makeSeed(request)
    const key = ssh2.utils.parseKey(login.privateKey)
    if (key instanceof Error) throw key
    const lines = content(files, '/etc/vethlab/authorized_keys').trim().split('\n')
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include(key.getPublicSSH().toString('base64'))
  })

  it('holds the host key that the client is told to pin, readable by root only', async () => {
    const { files, login } = await makeSeed(request)
    const key = ssh2.utils.parseKey(content(files, '/etc/vethlab/host_key'))
    if (key instanceof Error) throw key
    expect(login.hostKey).to.equal(`ssh-ed25519 ${key.getPublicSSH().toString('base64')}`)
    expect(files.find(file => file.path === '/etc/vethlab/host_key')?.mode).to.equal(0o600)
  })

  it('has keys of its own', async () => {
    const [one, other] = await Promise.all([makeSeed(request), makeSeed(request)])
    expect(one.login.hostKey).to.not.equal(other.login.hostKey)
    expect(one.login.privateKey).to.not.equal(other.login.privateKey)
  })

  it('tells init what was asked for', async () => {
    const { files } = await makeSeed({ engine: false, keep: true, channel: 'port:ssh' })
    expect(content(files, '/etc/vethlab/machine')).to.equal('ENGINE=0\nKEEP=1\nCHANNEL=port:ssh\n')
  })

  it('refuses a channel that the shell would read as something else', async () => {
    const failed = await makeSeed({ ...request, channel: 'port:$(reboot)' }).catch(error => error)
    expect(failed).to.be.instanceOf(TypeError)
  })

  for (const name of ['init', 'network']) {
    it(`brings a script vethlab-${name} that the shell can parse`, async () => {
      const { files } = await makeSeed(request)
      const script = content(files, `/usr/sbin/vethlab-${name}`)
      expect(script).to.match(/^#!\/bin\/sh\n/)
      execFileSync('sh', ['-n'], { input: script })
    })
  }

  it('names the guest, in its hosts file too', async () => {
    const { files } = await makeSeed({ ...request, hostname: 'left' })
    expect(content(files, '/etc/hostname')).to.equal('left\n')
    expect(content(files, '/etc/hosts')).to.match(/^127\.0\.1\.1 left$/m)
  })
})

function content(files: { path: string; content: string }[], path: string): string {
  const file = files.find(candidate => candidate.path === path)
  if (file === undefined) throw new Error(`the seed has no ${path}`)
  return file.content
}
