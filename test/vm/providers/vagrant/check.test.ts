import { expect } from 'chai'
import { boxFinding } from '../../../../vm/providers/vagrant/check.ts'

/** What vagrant 2.3.4 printed. */
const none = 'There are no installed boxes! Use `vagrant box add` to add some.'
const some = 'debian/bookworm64 (libvirt, 12.20250126.1)\nvethlab/test      (libvirt, 0)'

describe('the box for --on vagrant', () => {
  it('is Debian’s where none is named, and is downloaded when it is not here', () => {
    expect(boxFinding(some, undefined)).to.include({ ok: true, saw: 'debian/bookworm64, vethlab/test', mend: '' })
    expect(boxFinding(none, undefined)).to.include({ ok: false, optional: true, saw: 'no box' })
  })

  it('is the one that VETHLAB_BOX names: one that was added, or a file', () => {
    expect(boxFinding(some, 'vethlab/test').ok).to.equal(true)
    expect(boxFinding(none, import.meta.filename).ok).to.equal(true)
    const missing = boxFinding(some, 'vethlab/other')
    expect(missing.ok).to.equal(false)
    expect(missing.mend).to.include('vagrant box add --name vethlab/other')
  })
})
