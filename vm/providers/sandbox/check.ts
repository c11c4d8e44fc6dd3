import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import type { Finding } from '../../machine.ts'

/** Looks whether this host can have sandboxes. Changes nothing on it. */
export async function checkSandbox(): Promise<Finding[]> {
  const root = checkRoot()
  // Without root there is nothing to be learnt from trying.
  return [
    root,
    ...(await Promise.all(tools.map(checkTool))),
    ...(root.ok ? [await checkNamespaces()] : []),
    ...(await Promise.all(['overlay', 'squashfs', 'loop'].map(checkKernelFeature))),
    await checkCgroups(),
  ]
}

function checkRoot(): Finding {
  const uid = process.getuid?.()
  const ok = process.platform === 'linux' && uid === 0
  return {
    need: 'root on Linux',
    ok,
    saw: `${process.platform}, user ${uid ?? 'unknown'}`,
    mend: ok ? '' : 'use sudo, or --on qemu, which needs no root',
  }
}

const tools = [
  { name: 'unshare', packageName: 'util-linux' },
  { name: 'setpriv', packageName: 'util-linux' },
  { name: 'nsenter', packageName: 'util-linux' },
  { name: 'pivot_root', packageName: 'util-linux' },
  { name: 'mount', packageName: 'mount' },
] as const

async function checkTool({ name, packageName }: (typeof tools)[number]): Promise<Finding> {
  const { stdout, failed } = await execa(name, ['--version'], attempt)
  return {
    need: `the program ${name}`,
    ok: !failed,
    saw: failed ? 'not installed' : stdout,
    mend: failed ? `sudo apt-get install ${packageName}` : '',
  }
}

async function checkNamespaces(): Promise<Finding> {
  const kinds = ['--net', '--mount', '--pid', '--uts', '--ipc', '--cgroup', '--fork']
  const script = 'mount -t tmpfs tmpfs /mnt && mount -t proc proc /mnt && mount -t sysfs sysfs /mnt'
  const { failed, stderr, shortMessage } = await execa('unshare', [...kinds, 'sh', '-c', script], attempt)
  return {
    need: 'the right to make namespaces and to mount in them',
    ok: !failed,
    saw: failed ? stderr.trim() || shortMessage || 'it failed' : 'works',
    mend: failed ? 'in a container: run it with --privileged; else use --on qemu' : '',
  }
}

async function checkKernelFeature(name: string): Promise<Finding> {
  const filesystems = await readFile('/proc/filesystems', 'utf8').catch(() => '')
  // A module is loaded when it's mounted for the first time: what counts is that modprobe would find it.
  const modprobe = async () => !(await execa('modprobe', ['--dry-run', '--quiet', name], attempt)).failed
  const present =
    name === 'loop'
      ? await readFile('/proc/devices', 'utf8').then(text => / loop$/m.test(text))
      : new RegExp(`\\t${name}$`, 'm').test(filesystems)
  const ok = present || (await modprobe())
  return {
    need: name === 'loop' ? 'loop devices' : `the file system ${name}`,
    ok,
    saw: present ? 'in the kernel' : ok ? 'a module' : 'neither in the kernel nor a module',
    mend: ok ? '' : 'use a kernel that has it (Debian’s has), or --on qemu',
  }
}

async function checkCgroups(): Promise<Finding> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const types = [...mountinfo.matchAll(/ - (cgroup2?) /g)].map(([, type]) => type)
  const versions = [types.includes('cgroup') && 'version 1', types.includes('cgroup2') && 'version 2'].filter(Boolean)
  const ok = versions.length > 0
  return {
    need: 'cgroups',
    ok,
    saw: ok ? versions.join(' and ') : 'not mounted',
    mend: ok ? '' : 'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  }
}

const attempt = { reject: false, timeout: 5000, stripFinalNewline: true } as const
