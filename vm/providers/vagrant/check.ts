import { execa } from 'execa'
import { findTool } from '../../image/tools.ts'
import type { Finding } from '../../machine.ts'

export const installVagrant =
  'on Debian or Ubuntu: sudo apt-get install vagrant vagrant-libvirt libvirt-daemon-system (or --on auto)'

/** What `--on vagrant` needs of this host, for the doctor. Brings nothing up. */
export async function checkVagrant(): Promise<Finding[]> {
  const found = findTool('vagrant')
  if (!found) return [{ need: 'vagrant', ok: false, saw: 'not on PATH', mend: installVagrant }]
  const [version, plugins, boxes] = await Promise.all(
    [['--version'], ['plugin', 'list'], ['box', 'list']].map(async args => {
      const { stdout, stderr, failed } = await execa(found, args, { reject: false, stdin: 'ignore', cwd: '/' })
      return { ok: !failed, said: stdout || stderr }
    }),
  )
  const box = process.env.VETHLAB_BOX
  const own = boxes?.said.match(/^(debian\/\S+|vethlab\/\S+)/gm) ?? []
  return [
    { need: 'vagrant', ok: version?.ok === true, saw: version?.said ?? '', mend: version?.ok ? '' : installVagrant },
    hypervisor({ virtualbox: findTool('VBoxManage'), libvirt: /^vagrant-libvirt .*/m.exec(plugins?.said ?? '')?.[0] }),
    {
      need: 'a box (Debian’s is downloaded where none is here)',
      ok: box !== undefined || own.length > 0,
      optional: true,
      saw: box ?? (own.join(', ') || 'none of Debian’s yet'),
      mend: box || own.length > 0 ? '' : 'vagrant box add debian/bookworm64, or name one of your own in VETHLAB_BOX',
    },
  ]
}

function hypervisor({ virtualbox, libvirt }: { virtualbox: string | undefined; libvirt: string | undefined }): Finding {
  const saw = [virtualbox, libvirt].filter(part => part !== undefined)
  return {
    need: 'VirtualBox, or libvirt with vagrant’s plugin for it',
    ok: saw.length > 0,
    saw: saw.join(', ') || 'neither',
    mend: saw.length > 0 ? '' : 'sudo apt-get install vagrant-libvirt libvirt-daemon-system, or install VirtualBox',
  }
}
