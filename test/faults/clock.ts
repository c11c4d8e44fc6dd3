import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { oneOf } from './chance.ts'
import type { Fault } from './fault.ts'
import type { PrivateHost } from './private-host.ts'

/** Debian's libfaketime: what it is loaded into reads another time of day, which may change while it runs. */
const library = `/usr/lib/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu/faketime/libfaketimeMT.so.1`

const offsetFile = (host: PrivateHost) => join(host.folder, 'clock')

/** The run, and what it starts on the host, reads the time of day there. The machine has the kernel's own. */
export const steppedClock: NonNullable<Fault['setUp']> = async ({ host }) => {
  if (!existsSync(library)) throw new Error(`${library} is missing: sudo apt-get install faketime`)
  await writeFile(offsetFile(host), '+0')
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: offsetFile(host),
    FAKETIME_NO_CACHE: '1',
    // As when an administrator sets the clock: the monotonic one goes on.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  return { options: { env } }
}

/** Sets that clock. */
export const changedClock: NonNullable<Fault['strike']> = async ({ host, chance, run }) => {
  if (run.over()) return false
  await writeFile(offsetFile(host), oneOf(chance, ['-10m', '-2h', '-3y', '+2h', '+20y']))
  return true
}
