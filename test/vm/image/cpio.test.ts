import { expect } from 'chai'
import { type CpioEntry, writeCpio } from '../../../vm/image/cpio.ts'

describe('a cpio archive', () => {
  it('begins each record with a header that says what follows', () => {
    const archive = writeCpio([{ path: 'init', kind: 'file', mode: 0o755, content: '#!/bin/sh\n' }])
    const [magic, ...fields] = [archive.toString('latin1', 0, 6), ...numbers(archive, 0)]
    expect(magic).to.equal('070701')
    // inode, mode, uid, gid, links, time, size, device, node, length of the name with its end, check
    expect(fields).to.deep.equal([1, 0o100755, 0, 0, 1, 0, 10, 0, 0, 0, 0, 5, 0])
    expect(archive.toString('latin1', 110, 115)).to.equal('init\0')
    expect(archive.toString('latin1', 116, 126)).to.equal('#!/bin/sh\n')
  })

  it('holds files, folders and symbolic links as they were given', () => {
    const entries: CpioEntry[] = [
      { path: 'etc', kind: 'directory', mode: 0o700 },
      { path: 'etc/key', kind: 'file', mode: 0o600, content: Buffer.from([0, 255, 10]) },
      { path: 'etc/öffentlich', kind: 'symlink', target: 'key' },
    ]
    expect(read(writeCpio(entries))).to.deep.equal([
      { path: 'etc', mode: 0o040700, data: '' },
      { path: 'etc/key', mode: 0o100600, data: '\x00\xff\n' },
      { path: 'etc/öffentlich', mode: 0o120777, data: 'key' },
    ])
  })

  it('adds the parents that were not given, once, before what is in them', () => {
    const entries = ['seed/etc/a', 'seed/etc/b', 'seed/usr/c'].map(path => file(path))
    expect(read(writeCpio(entries)).map(({ path }) => path)).to.deep.equal([
      'seed',
      'seed/etc',
      'seed/etc/a',
      'seed/etc/b',
      'seed/usr',
      'seed/usr/c',
    ])
  })

  it('has a length that another archive can follow, whatever its content', () => {
    for (let size = 0; size < 8; size++) {
      const archive = writeCpio([{ path: 'x'.repeat(size + 1), kind: 'file', mode: 0o644, content: 'y'.repeat(size) }])
      expect(archive.length % 4, `${size} bytes`).to.equal(0)
      expect(read(archive)).to.have.length(1)
    }
  })

  it('is the same for the same entries', () => {
    expect(writeCpio([file('a/b')]).equals(writeCpio([file('a/b')]))).to.equal(true)
  })

  it('refuses a path that leads out of it', () => {
    for (const path of ['/etc/passwd', '../x', 'a//b', 'a/./b', '']) {
      expect(() => writeCpio([file(path)]), path).to.throw(TypeError, 'not a plain relative path')
    }
  })
})

function file(path: string): CpioEntry {
  return { path, kind: 'file', mode: 0o644, content: path }
}

function numbers(archive: Buffer, start: number): number[] {
  const header = archive.toString('latin1', start + 6, start + 110)
  return (header.match(/.{8}/g) ?? []).map(digits => Number.parseInt(digits, 16))
}

/** Reads an archive as the kernel does: name and data each end on a multiple of 4. */
function read(archive: Buffer): { path: string; mode: number; data: string }[] {
  const records = []
  for (let at = 0; ; ) {
    const [, mode = 0, , , , , size = 0, , , , , nameSize = 0] = numbers(archive, at)
    const path = archive.toString('utf8', at + 110, at + 110 + nameSize - 1)
    const data = at + pad4(110 + nameSize)
    at = data + pad4(size)
    if (path === 'TRAILER!!!') return records
    records.push({ path, mode, data: archive.toString('latin1', data, data + size) })
  }
}

function pad4(size: number): number {
  return Math.ceil(size / 4) * 4
}
