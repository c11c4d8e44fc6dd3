import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultCache } from '../../image/cache.ts'
import type { Suite } from '../../suite.ts'
import { identifySelf, lifeOf } from '../run-dir/identity.ts'
import { folderName, ownerInName } from '../run-dir/record.ts'

/** What a machine of Vagrant's is made with. It is needed again to destroy it. */
export interface Settings {
  /** What people call it: the lab's name. */
  label: string
  suite: Suite
  engine: boolean
  /** A box of the user's own, instead of Debian's. */
  box: string | undefined
  /** libvirt's driver, instead of the one that the Vagrantfile chooses. */
  driver: string | undefined
  kept: boolean
  /** What a kept machine's sshd proves to be: `ssh-ed25519 BASE64`. */
  hostKey?: string
}

/**
 * Where Vagrant keeps what it knows of one machine: a folder in the cache, as the machine's disk outlives a reboot of this
 * host. Its name is that of the machine, here and in the hypervisor, and says whose it is.
 */
export interface Place {
  name: string
  path: string
  settings: Settings
}

const prefix = 'vethlab-'
let count = 0

export async function makePlace(settings: Settings): Promise<Place> {
  const name = `${prefix}${folderName(identifySelf(), count++)}`
  const path = join(places(), name)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const place = { name, path, settings }
  await writeSettings(place)
  return place
}

/** From now on the machine is left alone, whatever becomes of this process. */
export async function keepPlace(place: Place, { hostKey }: { hostKey: string }): Promise<void> {
  await writeSettings({ ...place, settings: { ...place.settings, kept: true, hostKey } })
}

/** Forgets a machine that has been destroyed. */
export async function removePlace({ path }: Place): Promise<void> {
  await rm(path, { recursive: true, force: true })
}

/** Machines of runs that have ended without destroying them, and what is left of kept ones that have been destroyed. */
export async function placesLeft(): Promise<Place[]> {
  const found = await allPlaces()
  return found.filter(({ owner, kept }) => lifeOf(owner) === 'gone' && !kept).map(({ place }) => place)
}

/** Machines that were kept and are still there, each with the number of the process that did so. */
export async function placesKept(): Promise<(Place & { owner: number })[]> {
  const found = await allPlaces()
  return found.filter(({ kept }) => kept).map(({ place, owner }) => ({ ...place, owner: owner.pid }))
}

async function allPlaces() {
  const names = await readdir(places()).catch(() => [])
  const found = names.map(async name => {
    const owner = ownerInName(name.slice(prefix.length))
    if (!owner) return []
    const place = { name, path: join(places(), name), settings: await readSettings(name) }
    return [{ place, owner, kept: place.settings.kept && (await isThere(place)) }]
  })
  return (await Promise.all(found)).flat()
}

/** Whether Vagrant knows of the machine: it notes its id as soon as the hypervisor has told it. */
async function isThere({ path }: Place): Promise<boolean> {
  const files = await readdir(join(path, 'machines'), { recursive: true }).catch(() => [])
  return files.some(file => file.endsWith('/id'))
}

/** What Vagrant and the Vagrantfile are told of a machine by their environment. */
export function environmentOf({ name, path, settings }: Place): Record<string, string> {
  const { suite, engine, box, driver } = settings
  return {
    VAGRANT_CWD: join(import.meta.dirname, '../../..'),
    VAGRANT_DOTFILE_PATH: path,
    VETHLAB_MACHINE: name,
    VETHLAB_SUITE: suite,
    VETHLAB_ENGINE: engine ? '1' : '0',
    ...(box && { VETHLAB_BOX: box }),
    ...(driver && { VETHLAB_LIBVIRT_DRIVER: driver }),
  }
}

function places(): string {
  return join(defaultCache(), 'vagrant')
}

async function writeSettings({ path, settings }: Place): Promise<void> {
  await writeFile(join(path, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`)
}

async function readSettings(name: string): Promise<Settings> {
  const text = await readFile(join(places(), name, 'settings.json'), 'utf8').catch(() => '{}')
  return {
    label: '',
    suite: 'bookworm',
    engine: false,
    box: undefined,
    driver: undefined,
    kept: false,
    ...JSON.parse(text),
  }
}
