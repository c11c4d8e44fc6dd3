import type { CgroupLeaf } from './cgroups.ts'

export interface SandboxTree {
  /** An absolute path: the folder in which the tree is put together. */
  stage: string
  /** Path of the image's root file system, a squashfs. */
  rootfs: string
  /** Path of another squashfs that is laid over it. */
  engineData: string | undefined
  leaves: CgroupLeaf[]
}

/** The mounts that make a sandbox's tree in `stage`, as the text of an fstab, in their order. */
export function mountTable({ stage, rootfs, engineData, leaves }: SandboxTree): string {
  const root = `${stage}/root`
  const cgroups = leaves.map(({ type, options, place }) => ({
    type,
    source: type,
    target: `${root}${place}`,
    options: type === 'cgroup2' ? 'X-mount.mkdir' : `${options},X-mount.mkdir`,
  }))
  const mounts: Mount[] = [
    // Mounted here and nowhere else, the loop device goes with the mount namespace.
    { type: 'squashfs', source: rootfs, target: `${stage}/image`, options: 'ro,loop' },
    ...(engineData === undefined
      ? []
      : [{ type: 'squashfs', source: engineData, target: `${stage}/engine`, options: 'ro,loop' }]),
    // Relative to `stage`, the current folder, as the guest reads this in its list of mounts.
    {
      type: 'overlay',
      source: 'overlay',
      target: root,
      options: `lowerdir=${engineData === undefined ? 'image' : 'engine:image'},upperdir=upper,workdir=work`,
    },

    { type: 'proc', source: 'proc', target: `${root}/proc`, options: 'defaults' },
    // Of the kernel's settings the guest can change those of its netns. The others are the host's.
    { type: 'proc', source: 'proc', target: `${stage}/proc`, options: 'defaults' },
    { type: 'none', source: `${root}/proc/sys`, target: `${root}/proc/sys`, options: 'bind,ro' },
    { type: 'none', source: `${stage}/proc/sys/net`, target: `${root}/proc/sys/net`, options: 'bind' },

    { type: 'tmpfs', source: 'dev', target: `${root}/dev`, options: 'mode=755' },
    // Mounted anew it shows the links of our netns.
    { type: 'sysfs', source: 'sysfs', target: `${root}/sys`, options: 'defaults' },
    // Version 1 has a tree for each controller; version 2 alone is one tree.
    ...(leaves.some(({ place }) => place === '/sys/fs/cgroup')
      ? []
      : [{ type: 'tmpfs', source: 'tmpfs', target: `${root}/sys/fs/cgroup`, options: 'mode=755' }]),
    ...cgroups,
  ]
  return mounts
    .map(({ type, source, target, options }) => `${fstabField(source)} ${fstabField(target)} ${type} ${options}\n`)
    .join('')
}

interface Mount {
  type: string
  source: string
  target: string
  options: string
}

/** fstab separates its fields by white space, and writes what is in a field in octal. */
function fstabField(path: string): string {
  return path.replace(/[ \t\n\\]/g, character => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
