import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { failureInWords } from '../../harness/reporters/words.ts'
import { HostError } from '../../vm/errors.ts'
import { installMissing } from '../../vm/host/packages.ts'
import { ensureImage, type Image } from '../../vm/image/image.ts'
import { type Recipe, recipeOf } from '../../vm/image/recipe.ts'

/*
 * `npm run test:vagrant`: the Vagrantfile and `--on vagrant`, with Debian's vagrant and libvirt, under plain QEMU. All that
 * takes is built from Debian's packages: a host with vagrant and libvirt (bookworm), which runs in namespaces of its own, so
 * that nothing is installed here and libvirt's bridge, dnsmasq and rules are in nobody's network; and a box, of trixie.
 * Arguments go to mocha. Root, about 3 GB of disk in /var/tmp and 15 minutes.
 */

const top = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const here = (name: string) => join(import.meta.dirname, name)
const report = (line: string) => process.stdout.write(`${line}\n`)

/** A Debian host as somebody who uses Vagrant has it. */
const host: Recipe = {
  ...recipeOf('bookworm'),
  packages: [
    ...['vagrant', 'vagrant-libvirt', 'libvirt-daemon-system', 'libvirt-clients', 'qemu-system-x86', 'qemu-utils'],
    ...['busybox-static', 'dnsmasq-base', 'iproute2', 'iptables', 'kmod', 'openssh-client', 'procps', 'util-linux'],
  ],
  containers: [],
}

/** What the machine gets only when it is provisioned, so that this is tested as well: what starts by itself, and a tool. */
const later = ['docker.io', 'docker-cli', 'nginx', 'ethtool']

/** A box of Debian's, but for what a machine of ours has anyhow: emulated, it would take long to install. */
const guest: Recipe = {
  ...recipeOf('trixie'),
  packages: [
    ...recipeOf('trixie').packages.filter(name => !later.includes(name)),
    ...['apt', 'dbus', 'ifupdown', 'initramfs-tools', 'isc-dhcp-client', 'systemd-sysv', 'udev', 'zstd'],
  ],
  containers: [],
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof HostError)) throw error
  process.stderr.write(`${failureInWords({ kind: 'host', message: error.message, mend: error.mend })}\n`)
  process.exitCode = 2
}

async function main(args: string[]): Promise<number> {
  if (process.getuid?.() !== 0) {
    throw new HostError('libvirt and a box are set up as root', { mend: 'sudo npm run test:vagrant' })
  }
  await installMissing(['sandbox', 'test'])
  const signal = new AbortController().signal
  const [ofHost, ofGuest] = await Promise.all(
    [host, guest].map(recipe => ensureImage(recipe.suite, { recipe, report, signal })),
  )
  if (!ofHost || !ofGuest) return 2
  const work = await mkdtemp('/var/tmp/vethlab-vagrant-')
  try {
    report('making the box')
    await makeBox(work, ofHost, ofGuest)
    const before = await networkOfHost()
    const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--exit', '--bail', '--timeout=0', ...args]
    const { exitCode } = await execa(
      'sh',
      [here('enter.sh'), ofHost.rootfs, work, top, process.execPath, ...mocha, here('provider.ts')],
      { stdio: ['ignore', 'inherit', 'inherit'], reject: false },
    )
    if ((await networkOfHost()) !== before) {
      report('the network of this host is not as it was before')
      return 1
    }
    return exitCode ?? 1
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Makes `WORK/box`, the files that a libvirt box is packed from. */
async function makeBox(work: string, ofHost: Image, ofGuest: Image): Promise<void> {
  const box = join(work, 'box')
  await mkdir(box)
  const gem = 'usr/share/rubygems-integration/all/gems/vagrant-2.3.4/keys/vagrant.pub'
  const key = await execa('unsquashfs', ['-cat', ofHost.rootfs, gem])
  await writeFile(join(box, 'key'), `${key.stdout}\n`)
  const forContainers = recipeOf('trixie').containers.flatMap(({ packages }) => packages)
  const packages = [...later, ...forContainers].join(' ')
  await execa('unshare', ['--mount', 'sh', here('box.sh'), ofGuest.dir, join(box, 'key'), packages, box])
}

/** What libvirt would change if it ran in the wrong network: links, rules, forwarding. */
async function networkOfHost(): Promise<string> {
  const script =
    'ip -o link; ip rule; ip route; iptables-save 2>/dev/null | grep ^-A; cat /proc/sys/net/ipv4/ip_forward'
  const { stdout } = await execa('sh', ['-c', script], { reject: false })
  return stdout
}
