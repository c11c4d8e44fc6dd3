import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { HostError } from '../../../vm/errors.ts'
import { makeKeyPair } from '../../../vm/guest/keypair.ts'
import type { MachineRequest } from '../../../vm/machine.ts'
import { sshProvider } from '../../../vm/providers/ssh.ts'
import { disposable, introduce, network, type SshHost, startSshHost } from './ssh/host.ts'

const request: MachineRequest = {
  suite: 'trixie',
  engine: false,
  label: 'test',
  keep: false,
  report: () => {},
  signal: new AbortController().signal,
}
const refused = async (url: string, ask: Partial<MachineRequest> = {}): Promise<HostError> => {
  const error = await sshProvider(url)
    .start({ ...request, ...ask })
    .then(
      () => expect.fail('it started'),
      reason => reason,
    )
  expect(error).to.be.instanceOf(HostError)
  expect(error.mend).not.to.equal('')
  return error
}

describe('the ssh provider', () => {
  const saved = { agent: process.env.SSH_AUTH_SOCK, key: process.env.VETHLAB_SSH_KEY }
  let host: SshHost | undefined
  beforeEach(() => {
    delete process.env.SSH_AUTH_SOCK
    delete process.env.VETHLAB_SSH_KEY
  })
  afterEach(async () => {
    await host?.[Symbol.asyncDispose]()
    host = undefined
    for (const [name, value] of [
      ['SSH_AUTH_SOCK', saved.agent],
      ['VETHLAB_SSH_KEY', saved.key],
    ] as const)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  })
  const ready = async (before = `${disposable} && ${network}`) => {
    host = await startSshHost({ before })
    await introduce(host)
    return host
  }

  it('hands over a machine that is declared disposable and has its outside', async () => {
    const { url, port } = await ready()
    await using machine = await sshProvider(url).start(request)
    expect(machine.name).to.equal(`ssh:root@127.0.0.1:${port}`)
    expect((await machine.$`ip -n outside -o address show lan0`).stdout).to.contain('203.0.113.1/24')
    expect((await machine.exec('echo raw')).stdout).to.equal('raw\n')
    expect(machine.entry.enter).to.equal(`ssh -p ${port} root@127.0.0.1`)
  })

  it('refuses one that nobody declared disposable, and says how it is declared', async () => {
    const { url, port } = await ready(network)
    const error = await refused(url)
    expect(error.message).to.match(/not declared disposable/)
    expect(error.mend).to.contain(`ssh -p ${port} root@127.0.0.1 'touch /etc/vethlab-disposable'`)
  })

  it('takes one whose owner says that it is disposable, without a file on it', async () => {
    const { url } = await ready(`${disposable} && ${network} && rm /etc/vethlab-disposable`)
    await refused(url)
    await using machine = await sshProvider(url, { disposable: true }).start(request)
    expect(machine.lost.aborted).to.equal(false)
  })

  it('refuses one without the network that labs expect, and names what is missing', async () => {
    const { url } = await ready(disposable)
    const error = await refused(url)
    expect(error.message).to.contain('outside lacks 203.0.113.1/24 and 114.114.114.114/32')
    expect(error.message).to.contain('eth0 lacks 203.0.113.2/24')
  })

  it('refuses one without an engine to a lab that needs one', async () => {
    const { url } = await ready()
    expect((await refused(url, { engine: true })).message).to.contain('no engine that answers')
  })

  it('refuses one on which an engine has run to a lab that needs a virgin', async () => {
    const { url } = await ready(`${disposable} && ${network} && ip link add docker0 type bridge`)
    expect((await refused(url)).message).to.match(/on which no engine has ever run.*\(saw .*docker0/)
  })

  it('finds what an engine left in the firewall', async () => {
    const { url } = await ready(`${disposable} && ${network} && iptables-nft -N DOCKER-USER`)
    expect((await refused(url)).message).to.contain('DOCKER-USER')
  })

  it('refuses a host whose key nobody has accepted', async () => {
    host = await startSshHost()
    await writeFile(join(host.home, '.ssh/id_ed25519'), host.client.private, { mode: 0o600 })
    const error = await refused(host.url)
    expect(error.message).to.contain('is not known here')
    expect(error.mend).to.contain(`ssh -p ${host.port} root@127.0.0.1 true`)
  })

  it('refuses a host that shows another key, with both fingerprints', async () => {
    const { url, home, port } = await ready()
    await writeFile(join(home, '.ssh/known_hosts'), `[127.0.0.1]:${port} ${makeKeyPair('old').public}\n`)
    const error = await refused(url)
    expect(error.message).to.match(/shows host key SHA256:\S+, expected SHA256:/)
    expect(error.mend).to.contain(`ssh-keygen -R '[127.0.0.1]:${port}'`)
  })

  it('finds a host by its hashed name', async () => {
    const { url, home } = await ready()
    await execa('ssh-keygen', ['-H', '-f', join(home, '.ssh/known_hosts')])
    await using machine = await sshProvider(url).start(request)
    expect(machine.lost.aborted).to.equal(false)
  })

  it('says which keys were tried when the host takes none', async () => {
    const { url, home } = await ready()
    await writeFile(join(home, '.ssh/id_ed25519'), makeKeyPair('stranger').private, { mode: 0o600 })
    const error = await refused(url)
    expect(error.message).to.contain('refuses the key').and.contain(join(home, '.ssh/id_ed25519'))
    expect(error.mend).to.contain('ssh-copy-id')
  })

  it('says that there is no key at all, or one with a passphrase', async () => {
    host = await startSshHost()
    await writeFile(join(host.home, '.ssh/known_hosts'), host.knownHost)
    expect((await refused(host.url)).message).to.contain('no key to log in with')
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', join(host.home, '.ssh/id_ed25519')])
    expect((await refused(host.url)).message).to.contain('passphrase')
  })

  it('takes the key that VETHLAB_SSH_KEY names, and no other', async () => {
    const { url, home, client } = await ready()
    process.env.VETHLAB_SSH_KEY = join(home, 'elsewhere')
    expect((await refused(url)).message).to.contain('elsewhere: there is no such file')
    await writeFile(join(home, 'elsewhere'), client.private, { mode: 0o600 })
    await using machine = await sshProvider(url).start(request)
    expect(machine.lost.aborted).to.equal(false)
  })

  it('takes the key of an ssh-agent', async () => {
    host = await startSshHost({ before: `${disposable} && ${network}` })
    await writeFile(join(host.home, '.ssh/known_hosts'), host.knownHost)
    await writeFile(join(host.home, 'key'), host.client.private, { mode: 0o600 })
    const socket = join(host.home, 'agent')
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
    try {
      process.env.SSH_AUTH_SOCK = socket
      const add = () => execa('ssh-add', [join(host?.home ?? '', 'key')], { reject: false })
      while ((await add()).failed) await new Promise(resolve => setTimeout(resolve, 20))
      await using machine = await sshProvider(host.url).start(request)
      expect(machine.lost.aborted).to.equal(false)
    } finally {
      agent.kill()
    }
  })

  it('says that nobody listens there', async () => {
    const { url, home, port } = await ready()
    await host?.[Symbol.asyncDispose]()
    host = await startSshHost()
    await writeFile(join(host.home, '.ssh/id_ed25519'), host.client.private, { mode: 0o600 })
    await writeFile(join(host.home, '.ssh/known_hosts'), `[127.0.0.1]:${port} ${makeKeyPair('old').public}\n`)
    expect(home).not.to.equal(host.home)
    expect((await refused(url)).message).to.contain('connection refused')
  })

  it('checks step by step, up to the first lack', async () => {
    const { url, home, port } = await ready()
    const good = await sshProvider(url).check()
    expect(good.map(({ ok }) => ok)).to.deep.equal([true, true, true, true])
    expect(good[3]?.saw).to.equal('no engine')
    await writeFile(join(home, '.ssh/known_hosts'), '')
    const bad = await sshProvider(url).check()
    expect(bad.map(({ ok }) => ok)).to.deep.equal([true, false])
    expect(bad[1]?.mend).to.contain(`ssh -p ${port}`)
  })
})
