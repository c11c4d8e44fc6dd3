import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { RunEvent } from '../../../harness/events.ts'
import { loadLab } from '../../../harness/run/registry.ts'
import { run } from '../../../harness/run/run.ts'
import { defaultBackend } from '../../../vm/backend.ts'
import { HostError } from '../../../vm/errors.ts'
import { makeKeyPair } from '../../../vm/guest/keypair.ts'
import { defaultCache } from '../../../vm/image/cache.ts'
import { parseAddress } from '../../../vm/providers/ssh/address.ts'
import { prepareSsh } from '../../../vm/providers/ssh/prepare.ts'
import { sshProvider } from '../../../vm/providers/ssh.ts'
import { defaultSuite } from '../../../vm/suite.ts'
import { type DebianHost, startDebianHost } from './ssh/debian-host.ts'

const real = (name: string) => join(import.meta.dirname, '../../../labs', `${name}.ts`)
const faulty = (name: string) => join(import.meta.dirname, '../../fixtures/labs', `${name}.ts`)

/** What can be seen of a host when a lab is over, by whoever owns it. */
const appearance = `ip -4 -o address; ip route | sed 's/ linkdown//'; ip rule; ip netns; ip -n outside route | sed 's/ linkdown//'
iptables-save | grep -e '^-A' -e ' DROP'; cat /proc/sys/net/ipv4/ip_forward
docker -H unix:///run/docker.sock ps -aq 2>/dev/null; ls /run/vethlab-in-use 2>&1`

describe('labs on somebody’s own Debian host, by ssh', function () {
  this.timeout(120_000)
  const saved = {
    home: process.env.HOME,
    agent: process.env.SSH_AUTH_SOCK,
    key: process.env.VETHLAB_SSH_KEY,
    cache: process.env.XDG_CACHE_HOME,
  }
  let home = ''
  let plain: DebianHost
  let docker: DebianHost
  const looks = new Map<DebianHost, string>()
  const look = async (host: DebianHost) => (await host.machine.exec(appearance)).stdout

  async function runLabs(
    host: DebianHost,
    names: string[],
    options: { keep?: boolean; stopAt?: number; stopBehind?: string; hangUpAt?: number } = {},
  ) {
    const { keep = false, stopAt, stopBehind, hangUpAt } = options
    const events: RunEvent[] = []
    const stop = new AbortController()
    const on = (event: RunEvent) => {
      events.push(event)
      if (event.type === 'step-ended' && event.step.number === stopAt && !keep) stop.abort(new Error('stopped'))
      if (event.type === 'step-ended' && event.step.number === hangUpAt) host.hangUp()
      if (event.type === 'command' && event.command === stopBehind) stop.abort(new Error('stopped'))
    }
    const labs = await Promise.all(names.map(name => loadLab(existsSync(faulty(name)) ? faulty(name) : real(name))))
    const exitCode = await run({
      labs,
      why: 'a test',
      cells: [{ suite: defaultSuite, backend: defaultBackend, provider: sshProvider(host.url) }],
      until: stopAt,
      keep,
      reporters: [{ on }],
      mochaReporters: [],
      signal: stop.signal,
    })
    const of = <Type extends RunEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type)
    return { exitCode, of, failures: of('lab-ended').map(({ failure }) => failure) }
  }

  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    const client = makeKeyPair('client')
    ;[plain, docker] = await Promise.all([
      startDebianHost({ engine: false, client }),
      startDebianHost({ engine: true, client }),
    ])
    home = await mkdtemp(join(tmpdir(), 'vethlab-home-'))
    await mkdir(join(home, '.ssh'), { mode: 0o700 })
    await writeFile(join(home, '.ssh/known_hosts'), plain.knownHost + docker.knownHost)
    await writeFile(join(home, '.ssh/id_ed25519'), client.private, { mode: 0o600 })
    // The images are this user's all the same.
    process.env.XDG_CACHE_HOME = join(defaultCache(), '..')
    process.env.HOME = home
    delete process.env.SSH_AUTH_SOCK
    delete process.env.VETHLAB_SSH_KEY
  })

  after(async () => {
    for (const [name, value] of [
      ['HOME', saved.home],
      ['SSH_AUTH_SOCK', saved.agent],
      ['VETHLAB_SSH_KEY', saved.key],
      ['XDG_CACHE_HOME', saved.cache],
    ] as const)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    await Promise.all([plain, docker].map(host => host?.[Symbol.asyncDispose]()))
    if (home !== '') await rm(home, { recursive: true })
  })

  it('are refused until it is prepared, with the command that prepares it', async () => {
    const { exitCode, failures } = await runLabs(plain, ['bridge-nat'])
    expect(exitCode).to.equal(2)
    expect(failures[0]?.message).to.contain('has not the network that labs expect')
    expect(failures[0]?.mend).to.contain('sh -s <vm/guest/network')
  })

  it('find no way to prepare one whose own link is eth0, and change nothing on it', async () => {
    const { machine } = plain
    await machine.$`ip link add eth0 type veth peer name far`
    const before = await look(plain)
    const refused = await plain.prepare()
    expect(refused).to.include({ exitCode: 1 })
    expect(refused.stderr).to.match(/^a link eth0 is there already.*\n.*systemd\.link/)
    expect(await look(plain)).to.equal(before)
    await machine.$`ip link delete eth0`
  })

  it('find it prepared by that one command, which leaves its default route and its settings alone', async () => {
    for (const host of [plain, docker]) {
      expect(await host.prepare()).to.include({ exitCode: 0, stderr: '' })
      const { stdout } = await host.machine.$`ip route; sysctl -n net.ipv4.conf.all.rp_filter`
      expect(stdout)
        .to.match(/^default via 198\.51\.100\.1 /m)
        .and.match(/^114\.114\.114\.114 via 203\.0\.113\.1 /m)
      expect(stdout).to.match(/^2$/m)
      looks.set(host, await look(host))
    }
    const again = await plain.prepare()
    expect(again).to.include({ exitCode: 1 })
    expect(again.stderr).to.contain('to make it anew: ip netns delete outside')
  })

  it('find what it has lost since made good by npm run lab prepare, which says what it does', async () => {
    await docker.machine.$`docker rmi vethlab/busybox busybox; ip netns delete outside; rm /etc/vethlab-disposable`
    const told: string[] = []
    const options = { report: (line: string) => told.push(line), signal: new AbortController().signal }
    const address = parseAddress(docker.url)
    const refused = await prepareSsh(address, { ...options, disposable: false }).catch(error => error)
    expect(refused).to.be.instanceOf(HostError)
    expect(refused.message).to.contain('not declared disposable')
    expect(told).to.deep.equal([])
    await docker.machine.$`touch /etc/vethlab-disposable`
    await prepareSsh(address, { ...options, disposable: false })
    expect(told.filter(line => !line.includes('image, '))).to.deep.equal([
      'making outside, and eth0, the uplink to it',
      ...['busybox', 'web', 'mysql', 'playground'].map(name => `loading the container images of ${name}`),
    ])
    expect(await look(docker)).to.equal(looks.get(docker))
    await docker.machine.$`mv /usr/sbin/brctl /usr/sbin/other`
    const failed = await prepareSsh(address, { ...options, disposable: false }).catch(error => error)
    expect(failed.message).to.match(/can't be prepared: /)
    await docker.machine.$`mv /usr/sbin/other /usr/sbin/brctl`
  })

  it('hold, one lab after another, and leave it alive and as it was', async () => {
    const runs = [
      { host: plain, labs: ['bridge-nat'] },
      { host: docker, labs: ['ifindex-pairing', 'publish-port'] },
    ]
    await Promise.all(
      runs.map(async ({ host, labs }) => {
        const { exitCode, of, failures } = await runLabs(host, labs)
        expect(failures).to.deep.equal(labs.map(() => undefined))
        expect(exitCode).to.equal(0)
        expect(of('residue').map(({ differences }) => differences)).to.deep.equal(labs.map(() => []))
        for (const { facts } of of('machine-started')) {
          expect(facts).to.include({ provider: 'ssh', suite: null, machine: host.url.replace('ssh://', 'ssh:') })
          expect(facts.kernel).to.match(/^\d/)
        }
        expect(host.machine.lost.aborted).to.equal(false)
        expect(await look(host)).to.equal(looks.get(host))
      }),
    )
  })

  it('are refused where forwarding is on already, or where a firewall has rules', async () => {
    const refused = async () => (await runLabs(plain, ['bridge-nat'])).failures[0]?.message
    await plain.machine.$`sysctl -w net.ipv4.ip_forward=1`
    expect(await refused()).to.contain('net.ipv4.ip_forward is 1')
    await plain.machine.$`sysctl -w net.ipv4.ip_forward=0; iptables -A INPUT -p icmp -j DROP`
    expect(await refused()).to.contain('(saw -A INPUT -p icmp -j DROP)')
    await plain.machine.$`iptables -D INPUT -p icmp -j DROP`
    // As firewalld or nftables.service make them: iptables knows nothing of it.
    await plain.machine.$`nft add table inet guard`
    await plain.machine.$`nft add chain inet guard in '{ type filter hook input priority 0; policy accept; }'`
    await plain.machine.$`nft add rule inet guard in icmp type echo-request drop`
    expect(await refused()).to.contain('(saw nft inet guard in: icmp type echo-request drop)')
    await plain.machine.$`nft delete table inet guard`
  })

  it('leave it as the last step left it when it is to be kept, and are refused from then on', async () => {
    const kept = await runLabs(plain, ['bridge-nat'], { keep: true, stopAt: 1 })
    expect(kept.exitCode).to.equal(0)
    const [told] = kept.of('machine-kept')
    expect(told?.enter).to.match(/^ssh -p \d+ root@127\.0\.0\.1$/)
    expect(told?.remove).to.match(/^ssh -p \d+ root@127\.0\.0\.1 bash \/run\/vethlab-in-use$/)
    await plain.machine.$`ip link show br01`
    const next = await runLabs(plain, ['bridge-nat'])
    expect(next.exitCode).to.equal(2)
    expect(next.failures[0]?.message).to.match(/is in use since \d{4}-.*lab bridge-nat[\s\S]*not undone yet: .*br01/)
    // As the refusal says.
    await plain.machine.$`bash /run/vethlab-in-use`
    expect(await look(plain)).to.equal(looks.get(plain))
  })

  it('undo what they did when they are interrupted, in the midst of a step or between two', async () => {
    const runs = [
      { lab: 'bridge-nat', stopAt: 14 },
      { lab: 'waits', stopBehind: 'ip link add br01 type bridge' },
    ]
    for (const { lab, ...stop } of runs) {
      const stopped = await runLabs(plain, [lab], stop)
      expect(stopped.exitCode).to.equal(130)
      expect(stopped.of('residue').map(({ differences }) => differences)).to.deep.equal([[]])
      expect(await look(plain)).to.equal(looks.get(plain))
    }
  })

  it('tell the host what differs when what they did can’t be undone', async () => {
    const { exitCode } = await runLabs(plain, ['leaves-behind'])
    expect(exitCode).to.equal(1)
    const [refused] = (await runLabs(plain, ['bridge-nat'])).failures
    expect(refused?.message).to.match(/lab leaves-behind[\s\S]*it differs from before: \+ link/)
    await plain.machine.$`ip link delete br01; iptables -D FORWARD -s 192.0.2.1 -j DROP; rm /run/vethlab-in-use`
    expect(await look(plain)).to.equal(looks.get(plain))
  })

  it('leave on the host, when the connection is lost, what undoes them', async () => {
    expect((await runLabs(plain, ['bridge-nat'], { hangUpAt: 12 })).exitCode).to.equal(3)
    const [refused] = (await runLabs(plain, ['bridge-nat'])).failures
    expect(refused?.message).to.match(/not undone yet: .*ip netns/)
    await plain.machine.$`bash /run/vethlab-in-use`
    expect(await look(plain)).to.equal(looks.get(plain))
  })

  it('leave on the host, killed at any moment, what undoes them', async () => {
    const main = join(import.meta.dirname, '../../../harness/cli/main.ts')
    const cli = spawn(process.execPath, [main, 'bridge-nat', '--on', plain.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const chunk of cli.stdout) if (`${chunk}`.includes('\n10. ')) break
    cli.kill('SIGKILL')
    await once(cli, 'exit')
    const [refused] = (await runLabs(plain, ['bridge-nat'])).failures
    expect(refused?.message).to.match(/not undone yet: .*ip netns/)
    await plain.machine.$`bash /run/vethlab-in-use`
    expect(await look(plain)).to.equal(looks.get(plain))
  })
})
