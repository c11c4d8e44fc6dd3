import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { stepHashes } from '../../harness/mutate/hash.ts'
import { type LabFile, loadLab } from '../../harness/run/registry.ts'
import type { Break } from './break.ts'
import { broken } from './noticed.ts'
import { isNoticed, type Outcome } from './outcome.ts'

const harness = pathToFileURL(join(import.meta.dirname, '../../harness/index.ts')).href

const text = `import { lab } from '${harness}'
export default lab({ title: 'A wire', document: null, topology: '', engine: false }, ({ $, look, expect, step, defer }) => {
  step('a wire', async () => {
    await $\`ip link add left type veth peer name right\`
    defer\`ip link delete left\`
  })
  step('something else', async () => {
    await $\`true\`
  })
  step('has an address', async () => {
    await $\`ip addr add 192.0.2.1/24 dev left\`
    await expect(look.link('left')).to.have.address('192.0.2.1/24')
  })
})
`

describe('a lab that is broken on purpose in some of its steps', function () {
  this.timeout(120_000)
  let folder: string
  let lab: LabFile
  let hashes: string[]
  before(async function () {
    if (process.getuid?.() !== 0) this.skip()
    folder = await mkdtemp('/tmp/vethlab-test-')
    const path = join(folder, 'wire.ts')
    await writeFile(path, text)
    lab = await loadLab(path)
    hashes = await stepHashes(lab)
  })
  after(async () => {
    if (folder) await rm(folder, { recursive: true })
  })

  const one: Break = {
    title: 'the address is another',
    from: '192.0.2.1/24 dev',
    to: '192.0.2.2/24 dev',
    step: 'has an address',
    says: /should have address/,
  }
  const shortcut = (...steps: number[]) => ({ steps, until: hashes[Math.max(...steps) - 1] ?? '', tookMs: 10 })
  /** The steps that were run. */
  const ran = ({ events }: Outcome) =>
    events.flatMap(event => (event.type === 'step-started' ? [event.step.number] : []))

  it('is noticed as it must be, and the others are not run', async () => {
    const outcome = await broken(lab, one, shortcut(1, 3))
    expect(isNoticed(outcome, one), outcome.failure?.message).to.equal(true)
    expect(ran(outcome)).to.deep.equal([1, 3])
  })

  it('is broken as a whole where the shortcut is of another text, misses what is changed, or does not suffice', async () => {
    for (const useless of [{ ...shortcut(1, 3), until: 'another' }, shortcut(1, 2), shortcut(3)]) {
      const outcome = await broken(lab, one, useless)
      expect(isNoticed(outcome, one), outcome.failure?.message).to.equal(true)
      expect(ran(outcome)).to.deep.equal([1, 2, 3])
    }
  })

  it('is not said to be noticed where another step fails, other words are said, or nothing fails', async () => {
    const { to: _, ...rest } = one
    const elsewhere = await broken(lab, { ...rest, from: 'ip link add left', to: 'ip link add other' }, shortcut(1, 3))
    expect(isNoticed(elsewhere, { ...one, step: 'a wire' })).to.equal(false)
    const outcome = await broken(lab, one, shortcut(1, 3))
    expect(isNoticed(outcome, { ...one, says: /something else/ })).to.equal(false)
    const unbroken = await broken(lab, { ...rest, from: '$`true`', to: '$`:`' }, shortcut(1, 2, 3))
    expect(isNoticed(unbroken, one)).to.equal(false)
  })

  it('is cleaned up where what it leaves must tell', async () => {
    const kept = { ...one, from: 'defer`ip link delete left`', to: '', step: undefined, says: /\+ link left/ }
    const outcome = await broken(lab, kept, shortcut(1))
    expect(isNoticed(outcome, kept), outcome.failure?.message).to.equal(true)
    expect(ran(outcome)).to.deep.equal([1])
  })
})
