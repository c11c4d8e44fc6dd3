import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { median, seconds } from './parts/measure.ts'
import { image, start } from './parts/virtual-machine.ts'

/*
 * `node bench/virtme.ts [--rounds 3]`, as root: a clone, to its first command, against virtme-ng, Debian's package of
 * trixie, which boots the same kernel, emulated, to the same, in a root file system of its own. In turns, so that a noisy
 * host disturbs both alike; medians. Goal: at most 0.2. Making the root file system takes a minute or two.
 */

/** Runs the rest of the arguments in the tree, in the namespaces that it is started in. */
const enter = `#!/bin/sh
set -e
tree=$1
shift
mount --make-rprivate /
for folder in proc sys dev; do mount --rbind /$folder $tree/$folder; done
for folder in run tmp; do mount -t tmpfs tmpfs $tree/$folder; done
exec chroot $tree env PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
`

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const dir = await mkdtemp(join(tmpdir(), 'vethlab-virtme-'))
try {
  const tree = join(dir, 'tree')
  const packages = 'virtme-ng,virtiofsd,qemu-system-x86,busybox-static,iproute2,kmod,mount,procps,udev'
  await execa('mmdebstrap', [
    ...['--variant=apt', '--aptopt=APT::Install-Recommends "false"', '--dpkgopt=force-unsafe-io'],
    ...[`--include=${packages}`, 'trixie', tree],
    ...(process.env.VETHLAB_MIRROR ? [process.env.VETHLAB_MIRROR] : []),
  ])
  await copyFile(image.kernel, join(tree, 'boot/vmlinuz'))
  await writeFile(join(dir, 'enter'), enter, { mode: 0o755 })

  await clone() // the template is made
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    theirs.push(await seconds(() => virtme(tree)))
    ours.push(await seconds(clone))
  }
  console.log(`clone, to first command      ${median(ours).toFixed(2)} s`)
  console.log(`virtme-ng, to first command  ${median(theirs).toFixed(2)} s`)
  console.log(`ratio                        ${(median(ours) / median(theirs)).toFixed(3)} (goal: at most 0.2)`)
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function clone(): Promise<void> {
  await using machine = await start({ engine: false, cold: false })
  await machine.$`echo it runs`
}

/** Until the command's output is there: what virtme-ng does to end its machine is not counted. */
async function virtme(tree: string): Promise<void> {
  const own = ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', join(dir, 'enter'), tree]
  const flags = ['--disable-kvm', '--cpus', '1', '--memory', '2G', '--user', 'root', '--verbose']
  // Its console is what it prints, the command line itself included, in which there are backslashes before the quotes.
  const vng = `vng --run /boot/vmlinuz ${flags.join(' ')} --exec 'echo it \\"runs\\" >/dev/kmsg'`
  // It runs on a terminal only, and what ends on a terminal's input would end there as a character: so it stays open.
  const [program = '', ...args] = [...own, 'script', '--quiet', '--return', '--command', vng, '/dev/null']
  const child = execa(program, args, { reject: false, stdin: 'pipe', all: true, timeout: 300_000 })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.all.on('data', (chunk: Buffer) => {
      said += chunk
      if (said.includes('it "runs"')) resolve()
    })
    child.then(() => reject(new Error(`virtme-ng did not run the command:\n${said}`)))
  })
  child.kill('SIGKILL')
  await child
}
