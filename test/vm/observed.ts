import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { changes, hostState, networkSocketsOf } from '../faults/host-state.ts'
import type { LabProcess } from '../faults/private-host.ts'

/** Looks at the host before, while and after a lab acts in a machine. */
export async function observed(start: () => LabProcess, look: () => Promise<void>) {
  const before = await hostState()
  const lab = start()
  try {
    await lab.printed('$ ip link add br01')
    expect(changes(before, await hostState()), 'what it changes while it goes on').to.deep.equal([])
    expect(await networkSocketsOf(lab.pid), 'what listens or talks').to.deep.equal([])
    await look()
  } finally {
    lab.kill('SIGINT')
    await lab.ended
  }
  expect((await lab.ended).exitCode).to.equal(130)
  expect(changes(before, await hostState()), 'what it has changed').to.deep.equal([])
}

/** Everything in the folder belongs to this user, who alone gets in; what holds a key nobody else could read even so. */
export async function onlyOwnersRead(folder: string, uid: number) {
  const found = await readdir(folder, { recursive: true })
  const keys: string[] = []
  for (const path of ['', ...found]) {
    const stat = await lstat(join(folder, path))
    expect(stat.uid, path).to.equal(uid)
    if (!path.includes('/')) expect(stat.mode & 0o777, path).to.equal(0o700)
    if (!stat.isFile()) continue
    const text = await readFile(join(folder, path), 'latin1')
    // As OpenSSH writes it, and as dropbear does.
    if (!/PRIVATE KEY-----|ssh-ed25519\0\0\0\x40/.test(text)) continue
    keys.push(path)
    expect(stat.mode & 0o077, path).to.equal(0)
  }
  expect(keys).to.not.deep.equal([])
}
