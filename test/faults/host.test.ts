import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeKeyPair } from '../../vm/guest/keypair.ts'
import { disposable, introduce, network, type SshHost, startSshHost } from '../vm/providers/ssh/host.ts'
import { type Ended, type LabOptions, type PrivateHost, privateHost } from './private-host.ts'

/** Nobody listens there. */
const noMirror = { VETHLAB_MIRROR: 'http://127.0.0.1:9/debian' }
const sandbox = ['bridge-nat', '--on', 'sandbox']
const qemu = ['bridge-nat', '--on', 'qemu']

/** What every refusal must come to: exit code 2, told as the host's fault, in every report, with a remedy and without a stack. */
function refusal({ exitCode, stdout, stderr, report }: Ended): { message: string; mend: string } {
  expect({ exitCode, stderr }).to.deep.equal({ exitCode: 2, stderr: '' })
  expect(stdout)
    .to.match(/^HostError: [^\n]+\n(?:.+\n)* {2}mend {2}\S/m)
    .and.to.match(/\nNothing was tested\.$/)
  expect(stdout).not.to.match(/^ +(stack|at) /m)
  expect(report?.exitCode).to.equal(2)
  const [failure] = report?.failures ?? []
  for (const each of report?.failures ?? []) expect(each).to.include({ kind: 'host', message: failure?.message })
  return { message: failure?.message ?? '', mend: failure?.mend ?? '' }
}

describe('a host that lacks something', function () {
  this.timeout(180_000)
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost()
  })
  afterEach('nothing is left', async () => expect(await host.leftovers()).to.deep.equal([]))
  after(() => host?.[Symbol.asyncDispose]())

  const run = async (args: string[], options: LabOptions = {}) => refusal(await host.lab(args, options).ended)
  const withoutPrograms = (programs: string[], ...then: string[]) => {
    // A device is nothing that can be run.
    const script = `for program in ${programs.join(' ')}; do mount --bind /dev/null "$(command -v "$program")"; done; exec "$@"`
    return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...then]
  }
  // In a user namespace without a mapping, root is nobody.
  const nobody = ['unshare', '--user']

  it('root: the sandbox names who has what it takes, and what needs no root', async () => {
    const { message, mend } = await run(sandbox, { behind: nobody })
    expect(message).to.equal('the sandbox needs root on Linux: linux, user 65534')
    expect(mend).to.equal('use sudo, or --on qemu, which needs no root')
  })

  for (const [lacks, packages] of [
    [['mmdebstrap', 'mksquashfs', 'unsquashfs'], 'mmdebstrap squashfs-tools'],
    [['qemu-system-x86_64'], 'qemu-system-x86'],
  ] as const) {
    it(`${lacks.join(', ')}, and somebody to ask for a password: one line for apt`, async () => {
      const { message, mend } = await run(qemu, { behind: withoutPrograms([...lacks], ...nobody) })
      expect(message).to.equal(`this host lacks the packages ${packages}`)
      expect(mend).to.equal(`sudo apt-get install --no-install-recommends ${packages}`)
    })
  }

  it('mmdebstrap, and a mirror to install it from: apt has said why', async () => {
    // A real apt of a Debian that has never been reached.
    const config = join(host.folder, 'apt.conf')
    const empty = join(host.folder, 'apt')
    await mkdir(join(empty, 'lists/partial'), { recursive: true })
    for (const file of ['status', 'extended_states']) await writeFile(join(empty, file), '')
    await writeFile(join(empty, 'sources.list'), 'deb [trusted=yes] http://127.0.0.1:9/debian trixie main\n')
    await writeFile(
      config,
      `Dir::State "${empty}"; Dir::State::status "${empty}/status"; Dir::Cache "${empty}"; Dir::Etc::sourcelist "${empty}/sources.list"; Dir::Etc::sourceparts "-"; Acquire::Retries "0";`,
    )
    const { exitCode, stdout, stderr } = await host.lab(sandbox, {
      behind: withoutPrograms(['mmdebstrap']),
      env: { APT_CONFIG: config },
    }).ended
    expect(exitCode).to.equal(2)
    expect(stderr).to.match(
      /E: Unable to locate package mmdebstrap|E: Package 'mmdebstrap' has no installation candidate/,
    )
    expect(stdout).to.match(/HostError: the packages mmdebstrap were not installed\n {2}mend {2}\S/)
  })

  it('room for the files of a machine', async () => {
    const tiny = join(host.folder, 'tiny')
    await mkdir(tiny)
    const behind = ['unshare', '--mount', 'sh', '-c', `mount -t tmpfs -o size=16k tmpfs ${tiny} && exec "$@"`, 'sh']
    for (const args of [sandbox, qemu]) {
      const { message, mend } = await run(args, { behind, env: { XDG_RUNTIME_DIR: tiny } })
      expect(message).to.match(/^the folder for a machine's own files, .*\/tiny, is full: ENOSPC/)
      expect(mend).to.include('XDG_RUNTIME_DIR')
    }
  })

  it('a folder that it may write for them', async () => {
    const file = join(host.folder, 'file')
    await writeFile(file, '')
    const { message } = await run(sandbox, { env: { XDG_RUNTIME_DIR: file } })
    expect(message).to.match(/^the folder for a machine's own files, .*\/file, can't be written: ENOTDIR/)
  })

  it('a folder of its own: what is read there is believed', async () => {
    const open = join(host.folder, 'open')
    await mkdir(join(open, 'vethlab-0'), { recursive: true, mode: 0o777 })
    const { message, mend } = await run(sandbox, { env: { XDG_RUNTIME_DIR: open } })
    expect(message).to.equal(`${open}/vethlab-0 is not a private folder of user 0`)
    expect(mend).to.equal(`remove it: sudo rm -r ${open}/vethlab-0`)
  })

  it('a whole image: the damage is told, and why it can’t be mended', async () => {
    await using damaged = await privateHost()
    const [name = ''] = await readdir(join(damaged.cache, 'vethlab/images'))
    const path = join(damaged.cache, 'vethlab/images', name, 'vmlinuz')
    // Removed first: it is a hard link to the real one.
    await rm(path)
    await writeFile(path, 'no kernel')
    const ended = await damaged.lab(sandbox, { env: noMirror }).ended
    expect(ended.stdout).to.match(
      /… image damaged \(checksum\): .*\/vmlinuz, expected [0-9a-f]{64}, seen [0-9a-f]{64}; building it anew\n/,
    )
    expect(refusal(ended).message).to.include("can't be reached")
    expect(await damaged.leftovers()).to.deep.equal([])
  })
})

describe('a host without an image', function () {
  this.timeout(120_000)
  let host: PrivateHost
  before(async function () {
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost({ image: false })
  })
  afterEach('nothing is left', async () => expect(await host.leftovers()).to.deep.equal([]))
  after(() => host?.[Symbol.asyncDispose]())

  it('that reaches no mirror: told which, and how to name another; labs that need the same are not tried again', async () => {
    const labs = ['publish-port', 'ifindex-pairing', '--on', 'sandbox']
    const ended = await host.lab(labs, { env: noMirror }).ended
    const { message, mend } = refusal(ended)
    expect(message).to.match(
      /^the trixie image can't be built: the mirror http:\/\/127\.0\.0\.1:9\/debian can't be reached\n/,
    )
    expect(mend).to.equal('set VETHLAB_MIRROR to another mirror, or unset it')
    expect(ended.stdout.match(/… building the trixie image/g)).to.have.length(1)
    expect(ended.report?.labs.map(({ status }) => status)).to.deep.equal(['failed', 'failed'])
    expect(ended.report?.totals.steps).to.include({ passed: 0, failed: 0 })
  })

  it('that has no network at all', async () => {
    const { message, mend } = refusal(await host.lab(sandbox, { behind: ['unshare', '--net'] }).ended)
    expect(message).to.match(/^the trixie image can't be built: mmdebstrap's default mirror can't be reached\n/)
    expect(mend).to.include('set VETHLAB_MIRROR')
  })

  it('that may not write its cache', async () => {
    const file = join(host.folder, 'file')
    await writeFile(file, '')
    const { message, mend } = refusal(await host.lab(sandbox, { env: { XDG_CACHE_HOME: file } }).ended)
    expect(message).to.match(/^the cache folder .*\/file\/vethlab\/images can't be written: /)
    expect(mend).to.match(/set XDG_CACHE_HOME/)
  })

  it('whose disk is too full', async () => {
    const behind = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      `mount -t tmpfs -o size=200m tmpfs ${host.cache} && exec "$@"`,
      'sh',
    ]
    const { message, mend } = refusal(await host.lab(sandbox, { behind }).ended)
    expect(message).to.match(/^the disk is too full to build an image in .*: \d+ MB are free, a build takes \d+$/)
    expect(mend).to.match(/^free \d+ MB there, or set XDG_CACHE_HOME/)
  })
})

describe('a host of somebody’s, by ssh', () => {
  let here: PrivateHost
  let there: SshHost | undefined
  before(async () => {
    here = await privateHost({ image: false })
  })
  afterEach(async () => {
    await there?.[Symbol.asyncDispose]()
    there = undefined
    expect(await here.leftovers()).to.deep.equal([])
  })
  after(() => here?.[Symbol.asyncDispose]())

  const ready = async (before = `${disposable} && ${network}`) => {
    there = await startSshHost({ before })
    await introduce(there)
    return there
  }
  const lab = (url: string) =>
    here.lab(['test/fixtures/labs/waits.ts', '--on', url], {
      env: { HOME: there?.home, SSH_AUTH_SOCK: undefined, VETHLAB_SSH_KEY: undefined },
    })

  it('that is not declared disposable is left alone', async () => {
    const { url, port } = await ready(network)
    const { message, mend } = refusal(await lab(url).ended)
    expect(message).to.match(/^root@127\.0\.0\.1:\d+ is not declared disposable, and labs change the network/)
    expect(mend).to.include(`ssh -p ${port} root@127.0.0.1 'touch /etc/vethlab-disposable'`)
  })

  it('that shows another key is not trusted', async () => {
    const { url, home, port } = await ready()
    await writeFile(join(home, '.ssh/known_hosts'), `[127.0.0.1]:${port} ${makeKeyPair('old').public}\n`)
    const { message, mend } = refusal(await lab(url).ended)
    expect(message).to.match(/shows host key SHA256:\S+, expected SHA256:/)
    expect(mend).to.include(`ssh-keygen -R '[127.0.0.1]:${port}'`)
  })

  it('that takes no key of ours', async () => {
    const { url, home } = await ready()
    await writeFile(join(home, '.ssh/id_ed25519'), makeKeyPair('stranger').private, { mode: 0o600 })
    const { message, mend } = refusal(await lab(url).ended)
    expect(message).to.match(/refuses the key \(tried .*\/id_ed25519\)$/)
    expect(mend).to.match(/^ssh-copy-id -p /)
  })

  it('at which nobody listens', async () => {
    await ready()
    await writeFile(join(there?.home ?? '', '.ssh/known_hosts'), `[127.0.0.1]:9 ${makeKeyPair('x').public}\n`)
    const { message, mend } = refusal(await lab('ssh://root@127.0.0.1:9').ended)
    expect(message).to.equal("127.0.0.1, port 9, can't be reached: connection refused")
    expect(mend).to.include('ssh -p 9 root@127.0.0.1')
  })

  it('that goes away in mid-command: exit code 3', async () => {
    const { url } = await ready()
    const running = lab(url)
    await running.printed('$ ip link add br01')
    await there?.[Symbol.asyncDispose]()
    there = undefined
    const { exitCode, stdout, report } = await running.ended
    expect(exitCode).to.equal(3)
    expect(stdout).to.match(/MachineError: ssh:root@127\.0\.0\.1:\d+ was lost: .+\n/)
    expect(report?.failures.map(({ kind }) => kind)).to.deep.equal(['machine'])
  })
})
