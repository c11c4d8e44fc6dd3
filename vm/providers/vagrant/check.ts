import { existsSync } from 'node:fs'
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
  return [
    { need: 'vagrant', ok: version?.ok === true, saw: version?.said ?? '', mend: version?.ok ? '' : installVagrant },
    hypervisorFinding({
      virtualbox: findTool('VBoxManage'),
      libvirt: /^vagrant-libvirt .*/m.exec(plugins?.said ?? '')?.[0],
    }),
    boxFinding(boxes?.said ?? '', process.env.VETHLAB_BOX),
  ]
}

/** Whether the box is here; `list` is what `vagrant box list` prints, `named` the user's own choice. */
export function boxFinding(list: string, named: string | undefined): Finding {
  const boxes = [...list.matchAll(/^(\S+) +\(/gm)].map(([, name = '']) => name)
  const here = named ? boxes.includes(named) || existsSync(named) : boxes.some(name => name.startsWith('debian/'))
  const need = named ? `the box ${named}, which VETHLAB_BOX names` : 'a box of Debian’s'
  const saw = boxes.join(', ') || 'no box'
  const mend = named ? `vagrant box add --name ${named} FILE` : 'none: the first run downloads it'
  return { need, ok: here, optional: true, saw, mend: here ? '' : mend }
}

function hypervisorFinding({
  virtualbox,
  libvirt,
}: {
  virtualbox: string | undefined
  libvirt: string | undefined
}): Finding {
  const saw = [virtualbox, libvirt].filter(part => part !== undefined)
  return {
    need: 'VirtualBox, or libvirt with vagrant’s plugin for it',
    ok: saw.length > 0,
    saw: saw.join(', ') || 'neither',
    mend: saw.length > 0 ? '' : 'sudo apt-get install vagrant-libvirt libvirt-daemon-system, or install VirtualBox',
  }
}
