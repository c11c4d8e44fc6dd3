import { expect } from 'chai'
import { HostError } from '../../../vm/errors.ts'
import { type Host, installPlan, missingPackages, thisHost } from '../../../vm/host/packages.ts'

function host(lacks: string[], rest: Partial<Host> = {}): Host {
  return { root: true, askable: false, has: program => !lacks.includes(program), ...rest }
}

describe('packages of the host', () => {
  it('nothing is missing where every program is there', () => {
    expect(missingPackages(['sandbox', 'qemu', 'keep', 'test'], host([]))).to.deep.equal([])
  })

  it('a missing program names its package, once', () => {
    expect(missingPackages(['sandbox'], host(['mksquashfs', 'unsquashfs', 'mmdebstrap']))).to.deep.equal([
      ...['mmdebstrap', 'squashfs-tools'],
    ])
  })

  it('only what the use takes is asked for', () => {
    const bare = host(['socat', 'sshd', 'mount', 'newuidmap'])
    expect(missingPackages(['qemu'], bare)).to.deep.equal([])
    expect(missingPackages(['qemu', 'keep'], bare)).to.deep.equal(['socat'])
    expect(missingPackages(['sandbox'], bare)).to.deep.equal(['mount'])
    expect(missingPackages(['test'], bare)).to.deep.equal(['uidmap', 'openssh-server'])
    expect(missingPackages(['qemu'], { ...bare, root: false })).to.deep.equal(['uidmap'])
  })

  it('root installs by itself', () => {
    const { install, update } = installPlan(['zstd', 'uidmap'], host([]))
    expect(install.join(' ')).to.match(
      /^env DEBIAN_FRONTEND=noninteractive apt-get .*-y .*install --no-install-recommends zstd uidmap$/,
    )
    expect(update.at(-1)).to.equal('update')
  })

  it('an ordinary user is asked by sudo, where a terminal is there to ask', () => {
    expect(installPlan(['zstd'], host([], { root: false, askable: true })).install.slice(0, 2)).to.deep.equal([
      'sudo',
      'env',
    ])
  })

  it('an ordinary user without a terminal, or without sudo, is given the one line', () => {
    for (const poor of [host([], { root: false }), host(['sudo'], { root: false, askable: true })]) {
      expect(() => installPlan(['zstd', 'uidmap'], poor))
        .to.throw(HostError)
        .with.property('mend', 'sudo apt-get install --no-install-recommends zstd uidmap')
    }
  })

  it('a host without apt is told what to look for', () => {
    expect(() => installPlan(['zstd'], host(['apt-get']))).to.throw(
      HostError,
      /what Debian has in the packages zstd, and has no apt-get/,
    )
  })

  it("programs of the administrator's folders are found without them on PATH", () => {
    const { has } = thisHost({ PATH: '/nowhere' })
    expect(has('/bin/sh')).to.equal(true)
    expect(has('/no/such/file')).to.equal(false)
    expect(has('sh')).to.equal(false)
    expect(thisHost({ PATH: '/nowhere:/bin' }).has('sh')).to.equal(true)
    expect(has('sysctl') || has('ip'), 'a program of /usr/sbin or /sbin').to.equal(true)
  })
})
