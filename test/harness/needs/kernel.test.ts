import { expect } from 'chai'
import { kernelFeatures, missingFeatures } from '../../../harness/needs/kernel.ts'
import type { Machine } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../../vm/suite.ts'

describe('what a kernel has', () => {
  let machine: Machine
  before(async function () {
    if (process.getuid?.() !== 0) this.skip()
    const { signal } = new AbortController()
    machine = await sandbox.start({
      ...{ label: 'kernel', suite: defaultSuite, engine: false, keep: false, signal },
      report: () => {},
    })
  })
  after(() => machine?.[Symbol.asyncDispose]())

  const missing = async (names = kernelFeatures) => {
    const { script, parse } = missingFeatures(names)
    return parse(await machine.exec(script))
  }

  it('is found out by trying: what is said to be there works, and what is not does not', async () => {
    const lacks = await missing()
    // Every host of a sandbox has veths and bridges; whatever else is there, these four can be told in a second way.
    const kinds = {
      dummy: 'dummy',
      vrf: 'vrf table 9',
      vxlan: 'vxlan id 9 dstport 4789',
      ipip: 'ipip remote 192.0.2.9',
    } as const
    for (const [name, kind] of Object.entries(kinds)) {
      const { exitCode } = await machine.exec(`ip link add other9 type ${kind} && ip link delete other9`)
      expect({ [name]: exitCode === 0 }).to.deep.equal({ [name]: !lacks.includes(name as keyof typeof kinds) })
    }
  })

  it('is told also of what is no link', async () => {
    const lacks = await missing(['br_netfilter', 'ip_vs'])
    const inProc = { br_netfilter: '/proc/sys/net/bridge/bridge-nf-call-iptables', ip_vs: '/proc/net/ip_vs' } as const
    for (const [name, path] of Object.entries(inProc)) {
      const { exitCode } = await machine.exec(`test -e ${path}`)
      expect({ [name]: exitCode === 0 }).to.deep.equal({ [name]: !lacks.includes(name as keyof typeof inProc) })
    }
  })

  it('is the same for one alone, and leaves no link behind', async () => {
    const links = async () => (await machine.exec('ip -o link | cut -d: -f2')).stdout
    const [lacks, before] = [await missing(), await links()]
    for (const name of kernelFeatures)
      expect(await missing([name]), name).to.deep.equal(lacks.includes(name) ? [name] : [])
    expect(await links()).to.equal(before)
  })

  it('says nothing of what is not asked', async () => {
    expect(await missing([])).to.deep.equal([])
  })
})
