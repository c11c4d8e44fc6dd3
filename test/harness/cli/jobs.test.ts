import { expect } from 'chai'
import { jobsMeant, jobsThatFit, narrowest, numberMeant, type Room, roomHere } from '../../../harness/cli/jobs.ts'
import { HostError } from '../../../vm/errors.ts'

const roomy: Room = { provider: 'sandbox', accelerator: 'host', cores: 4, freeMiB: 16_384, machines: 1 }

describe('how many labs go on side by side', () => {
  const fits = (room: Partial<Room>) => jobsThatFit({ ...roomy, ...room })

  it('is one a core, with as many machines as the memory bears', () => {
    expect(fits({})).to.deep.equal({ number: 4, machines: 32, why: '4 cores' })
    expect(fits({ cores: 1 })).to.include({ number: 1, why: '1 core' })
    expect(fits({ provider: 'qemu', accelerator: 'kvm' })).to.deep.equal({ number: 4, machines: 16, why: '4 cores' })
  })

  it('is no more than the memory bears, of which a virtual machine takes more', () => {
    expect(fits({ freeMiB: 1100 })).to.deep.equal({ number: 2, machines: 2, why: '1.1 GiB of free memory' })
    expect(fits({ provider: 'qemu', accelerator: 'kvm', freeMiB: 3100 })).to.deep.equal({
      ...{ number: 3, machines: 3, why: '3.0 GiB of free memory' },
    })
    expect(fits({ freeMiB: 10 })).to.deep.equal({ number: 1, machines: 1, why: '0.0 GiB of free memory' })
  })

  it('under emulation is one machine a core, so fewer labs where they have several', () => {
    const why = '4 cores, a machine each, as they are emulated'
    expect(fits({ provider: 'qemu', accelerator: 'tcg' })).to.deep.equal({ number: 4, machines: 4, why })
  })

  it('is one on a host of somebody’s own, and can be no other', () => {
    const ssh = { ...roomy, provider: 'ssh' } as const
    expect(jobsMeant(undefined, ssh)).to.deep.equal({ number: 1, machines: 1, why: 'one host' })
    expect(jobsMeant(1, ssh).number).to.equal(1)
    expect(() => jobsMeant(2, ssh)).to.throw(HostError, '--jobs 2 needs as many machines, and there is one host')
  })

  it('is one with Vagrant, unless somebody asks for more', () => {
    const vagrant = { ...roomy, provider: 'vagrant' } as const
    expect(jobsMeant(undefined, vagrant)).to.include({ number: 1, why: 'Vagrant makes one machine at a time' })
    expect(jobsMeant(2, vagrant)).to.include({ number: 2, machines: 2 })
  })

  it('is as many as somebody asks for, who is told where that is more', () => {
    expect(jobsMeant(2, { ...roomy, machines: 3 })).to.deep.equal({ number: 2, machines: 6, why: 'as you asked' })
    expect(jobsMeant(9, roomy)).to.deep.equal({
      ...{ number: 9, machines: 9, why: 'as you asked; this host has room for 4: 4 cores' },
    })
  })

  it('is for all providers together what fits with the one that leaves room for the fewest', () => {
    const kvm = { ...roomy, provider: 'qemu', accelerator: 'kvm' } as const
    const vagrant = { ...roomy, provider: 'vagrant' } as const
    expect(narrowest([roomy])).to.equal(roomy)
    expect(narrowest([roomy, kvm])).to.equal(kvm)
    expect(narrowest([vagrant, roomy, kvm])).to.equal(vagrant)
  })

  it('is at least one here', () => {
    const here = jobsThatFit(roomHere({ provider: 'sandbox', accelerator: 'host', machines: 1 }))
    expect(here.number).to.be.at.least(1)
  })

  it('is a whole number from 1', () => {
    expect(numberMeant('jobs', '12')).to.equal(12)
    for (const text of ['0', '-1', '1.5', 'x', '', '2x', '1e3', '9999999']) {
      expect(() => numberMeant('jobs', text), text)
        .to.throw(HostError, `--jobs ${text} is no number`)
        .with.property('mend', 'a whole number from 1: --jobs 2')
    }
  })
})
