import { expect } from 'chai'
import { inWords } from '../../../harness/cli/doctor.ts'

describe('doctor', () => {
  const found = { need: 'mmdebstrap', ok: true, saw: '/usr/bin/mmdebstrap', mend: '' }
  const lack = { need: 'root on Linux', ok: false, saw: 'user 1000', mend: 'use sudo' }

  it('says of each need whether it is there, and how to mend a lack', () => {
    const text = inWords([{ title: 'sandbox: namespaces', usable: false, findings: [found, lack] }], false)
    expect(text).to.equal(
      'sandbox: namespaces (not usable)\n' +
        '  ✓ mmdebstrap: /usr/bin/mmdebstrap\n' +
        '  ✗ root on Linux: user 1000\n      mend  use sudo\n\n' +
        'Labs can run here only by ssh, until what is marked ✗ is mended. Packages, npm run lab NAME installs by itself.\n',
    )
  })

  it('names the providers that can be used, and marks what only would be nice', () => {
    const nice = { ...lack, need: '/dev/kvm', optional: true }
    const text = inWords([{ title: 'qemu: a VM', usable: true, findings: [nice] }], false)
    expect(text)
      .to.include('  - /dev/kvm')
      .and.to.match(/Labs can run here on qemu\.\n$/)
  })
})
