import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { checkImageTools } from '../../../vm/image/check.ts'
import type { Finding } from '../../../vm/machine.ts'

const source = join(import.meta.dirname, '../../../vm/image/check.ts')

describe('vm/image/check', () => {
  it('finds on a host that can build all that building needs, each where it is', async () => {
    const findings = await checkImageTools()
    expect(findings.filter(({ ok }) => !ok)).to.deep.equal([])
    expect(findings.map(({ mend }) => mend).join('')).to.equal('')
    expect(findings.find(({ need }) => need === 'mmdebstrap')?.saw).to.match(/^\/.*\/mmdebstrap$/)
  })

  it('says for each program that is not on PATH which package has it', async () => {
    const lacks = (await findingsOf({ env: { PATH: '/nonexistent' } })).filter(({ ok }) => !ok)
    expect(lacks.map(({ need }) => need)).to.include.members(['mmdebstrap', 'mksquashfs', 'xz', 'flock'])
    expect(lacks.find(({ need }) => need === 'mksquashfs')?.mend).to.match(/apt-get install squashfs-tools$/)
  })

  it('says that a user without subordinate ids cannot have a user namespace, and how to give them', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const [lack, ...others] = (await findingsOf({ as: nobody })).filter(({ ok }) => !ok)
    expect(others).to.deep.equal([])
    expect(lack?.need).to.include('user namespace')
    expect(lack?.saw).to.match(/subuid/)
    expect(lack?.mend).to.match(/^sudo usermod --add-subuids/)
  })
})

const nobody = 65534

/** What is found in another environment, or by another user: one who may be unable to read our sources, so they are loaded before. */
async function findingsOf({ env = {}, as }: { env?: Record<string, string>; as?: number }): Promise<Finding[]> {
  const become = as === undefined ? '' : `process.setgroups([]); process.setgid(${as}); process.setuid(${as})`
  const script = `
    import { checkImageTools } from '${source}'
    process.chdir('/')
    ${become}
    console.log(JSON.stringify(await checkImageTools()))`
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script], { env })
  return JSON.parse(stdout)
}
