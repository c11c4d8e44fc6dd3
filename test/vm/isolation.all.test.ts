import { chown, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { faultyLab, type PrivateHost, privateHost } from '../faults/private-host.ts'
import { observed, onlyOwnersRead } from './observed.ts'

const top = fileURLToPath(new URL('../..', import.meta.url))
/** Some number that is no user's. */
const user = 47110

describe('a run', function () {
  this.timeout(300_000) // An emulated machine boots.
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost({ copied: true })
  })
  afterEach('nothing is left', async () => expect(await host.leftovers()).to.deep.equal([]))
  after(() => host?.[Symbol.asyncDispose]())

  it('in a virtual machine needs no more than an ordinary user, and the same holds', async () => {
    // What is root's alone is bound to where everybody may go.
    const [clone, own] = ['/mnt/clone', '/mnt/own']
    const within = relative(top, process.execPath)
    const node = within.startsWith('..') ? process.execPath : within
    const script = `mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir ${clone} ${own} &&
      mount --bind "$0" ${clone} && mount --bind "$1" ${own} && cd ${clone} && shift 2 &&
      exec setpriv --reuid ${user} --regid ${user} --clear-groups --inh-caps=-all --no-new-privs ${node} "$@"`
    for (const folder of ['', 'home', 'cache', 'cache/vethlab', 'cache/vethlab/images', 'run', 'tmp']) {
      await mkdir(join(host.folder, folder), { recursive: true })
      await chown(join(host.folder, folder), user, user)
    }
    const env = {
      ...{ HOME: `${own}/home`, USER: 'somebody', TMPDIR: `${own}/tmp` },
      ...{ XDG_CACHE_HOME: `${own}/cache`, XDG_RUNTIME_DIR: `${own}/run` },
    }
    const behind = ['unshare', '--mount', 'sh', '-c', script, top, host.folder]
    const started = () =>
      host.lab([faultyLab('waits'), '--on', 'qemu', '--cold'], {
        ...{ env, report: false },
        behind,
      })
    const runs = join(host.folder, 'run', `vethlab-${user}`)
    await observed(started, async () => {
      const [run = ''] = await readdir(runs)
      const pid = Number.parseInt(await readFile(join(runs, run, 'machine'), 'utf8'), 10)
      expect(await readFile(`/proc/${pid}/status`, 'utf8')).to.match(
        new RegExp(`^Uid:\\t${user}\\t${user}\\t${user}`, 'm'),
      )
      expect(await readFile(`/proc/${pid}/status`, 'utf8')).to.match(/^CapEff:\t0+$/m)
      await onlyOwnersRead(runs, user)
    })
    expect(await readdir(runs)).to.deep.equal([])
    await rm(runs, { recursive: true })
  })
})
