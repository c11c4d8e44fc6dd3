import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { destroyMachine } from '../../../../vm/providers/vagrant/destroy.ts'
import { keptByVagrant } from '../../../../vm/providers/vagrant/kept.ts'
import {
  environmentOf,
  keepPlace,
  makePlace,
  type Place,
  placesLeft,
  removePlace,
  type Settings,
} from '../../../../vm/providers/vagrant/place.ts'

const settings: Settings = {
  label: 'bridge-nat',
  suite: 'trixie',
  engine: false,
  box: 'my/box',
  driver: undefined,
  kept: false,
}

/** As one of a process that is gone. */
async function orphaned(place: Place): Promise<Place> {
  const name = place.name.replace(/^vethlab-\d+-\d+/, 'vethlab-1-1')
  const path = join(place.path, '..', name)
  await rename(place.path, path)
  return { ...place, name, path }
}

/** As Vagrant does when the hypervisor has made the machine. */
async function made({ path, name }: Place): Promise<void> {
  const folder = join(path, 'machines', name, 'libvirt')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'id'), 'c6b974a3')
}

describe('the folder of a machine of Vagrant’s', () => {
  const saved = process.env.XDG_CACHE_HOME
  let cache = ''
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'vethlab-cache-'))
    process.env.XDG_CACHE_HOME = cache
  })
  afterEach(async () => {
    if (saved === undefined) delete process.env.XDG_CACHE_HOME
    else process.env.XDG_CACHE_HOME = saved
    await rm(cache, { recursive: true })
  })

  it('tells Vagrant all that it needs to make and to destroy it', async () => {
    const place = await makePlace(settings)
    expect(environmentOf(place)).to.include({
      VAGRANT_DOTFILE_PATH: place.path,
      VETHLAB_MACHINE: place.name,
      VETHLAB_SUITE: 'trixie',
      VETHLAB_ENGINE: '0',
      VETHLAB_BOX: 'my/box',
    })
    expect(existsSync(join(environmentOf(place).VAGRANT_CWD ?? '', 'Vagrantfile'))).to.equal(true)
  })

  it('is nobody’s when its process is gone, with what it takes to destroy the machine', async () => {
    const live = await makePlace(settings)
    const left = await orphaned(await makePlace(settings))
    await made(left)
    expect(await placesLeft()).to.deep.equal([left])
    await removePlace(left)
    expect(await placesLeft()).to.deep.equal([])
    expect(existsSync(live.path)).to.equal(true)
  })

  it('stays for a machine that is kept, until that is destroyed', async () => {
    const place = await makePlace(settings)
    await made(place)
    await keepPlace(place, { hostKey: 'ssh-ed25519 AAAA' })
    const kept = await orphaned(place)
    expect(await placesLeft()).to.deep.equal([])
    const [told] = await keptByVagrant()
    expect(told).to.include({ name: kept.name, label: 'bridge-nat', provider: 'vagrant', state: 'kept' })
    expect(told?.kept?.remove)
      .to.include(`VAGRANT_DOTFILE_PATH=${kept.path}`)
      .and.match(/ vagrant destroy --force$/)
    await rm(join(kept.path, 'machines', place.name), { recursive: true })
    expect((await placesLeft()).map(({ name }) => name)).to.deep.equal([kept.name])
  })

  it('goes without Vagrant where Vagrant had made nothing', async () => {
    const place = await makePlace(settings)
    await destroyMachine(place)
    expect(existsSync(place.path)).to.equal(false)
  })
})
