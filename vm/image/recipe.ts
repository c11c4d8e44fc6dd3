import type { Suite } from '../suite.ts'
import type { ContainerTree } from './containers/image.ts'
import { containerTrees } from './containers.ts'
import { rootModules } from './initrd.ts'

/** Debian's name of a processor architecture that machines can have. */
export type Arch = 'amd64' | 'arm64'

/** Everything that an image is made from, as data: two equal recipes are one image. */
export interface Recipe {
  /** Raise it when the code that builds makes something else out of the same recipe. */
  format: number
  suite: Suite
  arch: Arch
  /** mmdebstrap's variant: what is there beside the packages below. */
  variant: 'essential' | 'extract'
  /** Installed, with what they depend on, without what they recommend. */
  packages: readonly string[]
  /** The kernel's package. Its files are unpacked only: installed, it would bring initramfs-tools. */
  kernel: string
  /** Lines of apt.conf, beside those of any build. */
  aptOptions: readonly string[]
  /** Paths (with `*`) in packages that are not unpacked. */
  droppedPaths: readonly string[]
  /** Folders under the kernel's `drivers` that are removed. */
  droppedDrivers: readonly string[]
  /** Modules that the initrd loads. */
  initrdModules: readonly string[]
  /** Archives for `docker load` in /usr/share/vethlab/images. */
  containers: readonly ContainerTree[]
}

/** What every machine has. */
const machine = [
  ...[
    'bash',
    'bsdutils',
    'busybox-static',
    'ca-certificates',
    'dropbear-bin', // the control channel's server
    'kmod',
    'mount',
    'openssh-server',
    'procps',
    'sudo',
    'util-linux',
  ],
  ...['arping', 'bridge-utils', 'ethtool', 'iproute2', 'iputils-ping', 'net-tools', 'traceroute'], // links and routes
  ...['conntrack', 'iptables', 'nftables', 'tcpdump'], // netfilter, and what passes through it
  ...['bind9-dnsutils', 'curl', 'jq', 'mariadb-server-core', 'netcat-openbsd', 'nginx', 'telnet'], // both ends of an application
]

const engine: Record<Suite, readonly string[]> = {
  bookworm: ['docker.io'], // 20.10
  trixie: ['docker.io', 'docker-cli'], // 26.1
  forky: ['docker.io', 'docker-cli'], // 28.5
}

const aptOptions: Record<Suite, readonly string[]> = {
  bookworm: [],
  trixie: [],
  // Testing's Release files say for how long they are valid, and mirrors let that time pass.
  forky: ['Acquire::Check-Valid-Until "false"'],
}

/** What no engine of ours ever starts; a fifth of the image. */
const engineExtras = [
  ...['/usr/bin/ctr', '/usr/bin/containerd-shim', '/usr/bin/containerd-shim-runc-v1', '/usr/lib/containerd/*-fp*'],
  ...['/usr/bin/dnet', '/usr/sbin/ovrouter', '/usr/lib/cni/*', '/usr/lib/*/perl/*/CORE/*'],
]

const documentation = ['doc', 'doc-base', 'info', 'lintian', 'locale', 'man'].map(name => `/usr/share/${name}/*`)

/** The recipe of a suite's image. */
export function recipeOf(suite: Suite, arch: Arch = hostArch()): Recipe {
  return {
    format: 1,
    suite,
    arch,
    variant: 'essential',
    packages: [...engine[suite], ...machine],
    kernel: `linux-image-cloud-${arch}`,
    aptOptions: aptOptions[suite],
    droppedPaths: [...documentation, ...engineExtras],
    droppedDrivers: ['gpu', 'iio', 'infiniband', 'media', 'net/wireless', 'scsi', 'ufs'],
    initrdModules: rootModules,
    containers: containerTrees(suite),
  }
}

function hostArch(): Arch {
  return process.arch === 'arm64' ? 'arm64' : 'amd64'
}
