import type { Probe } from '../looks/probe.ts'

/*
 * What a kernel has is found out by trying, in a netns of its own that is gone at once. Nothing else tells the truth
 * everywhere: what is built in may have no trace in /sys/module, modules.builtin belongs to the kernel that was installed and
 * not to the one that runs, and a module that is there may be one that can't be loaded from a sandbox.
 */

/** Makes a link of this kind and looks whether it is there: the kernel loads what it needs for it. */
const link = (kind: string) => `ip link add probed type ${kind}`
const linkOn = (kind: string) =>
  `ip link add parent type veth peer name other && ip link add link parent name probed type ${kind}`

/** By the name that people know it by, what succeeds where the kernel has it: `sh`, in a fresh netns. */
const features = {
  '8021q': linkOn('vlan id 2'),
  bonding: link('bond'),
  br_netfilter: 'modprobe -q br_netfilter; test -e /proc/sys/net/bridge/bridge-nf-call-iptables',
  dummy: link('dummy'),
  // With the cipher that IPsec, and an encrypted overlay network, most often uses.
  esp4: `ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1 mode transport \\
    aead 'rfc4106(gcm(aes))' 0x${'0f'.repeat(20)} 64`,
  gre: link('gre remote 192.0.2.1 local 192.0.2.2'),
  ifb: link('ifb'),
  ip_vs: 'modprobe -q ip_vs; test -e /proc/net/ip_vs',
  ipip: link('ipip remote 192.0.2.1 local 192.0.2.2'),
  ipvlan: linkOn('ipvlan mode l2'),
  macvlan: linkOn('macvlan mode bridge'),
  macvtap: linkOn('macvtap mode bridge'),
  sch_netem: 'tc qdisc add dev lo root netem delay 1ms',
  sit: link('sit remote 192.0.2.1 local 192.0.2.2'),
  vrf: link('vrf table 10'),
  vxlan: link('vxlan id 1 dstport 4789'),
  wireguard: link('wireguard'),
} as const

/** Something that not every kernel has. */
export type KernelFeature = keyof typeof features

export function isKernelFeature(name: string): name is KernelFeature {
  return Object.hasOwn(features, name)
}

export const kernelFeatures = Object.keys(features) as KernelFeature[]

/** Which of these the machine's kernel does not have. */
export function missingFeatures(asked: readonly KernelFeature[]): Probe<KernelFeature[]> {
  return {
    title: `whether the kernel has ${asked.join(', ')}`,
    script: asked.map(name => `unshare --net sh >&2 <<'END' || echo ${name}\n${features[name]}\nEND\n`).join(''),
    parse: ({ stdout }) => stdout.split('\n').filter(isKernelFeature),
  }
}
