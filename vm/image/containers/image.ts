/** A container image's file system, made from programs of the machine that it will be loaded in. Paths are absolute in the container. */
export interface ContainerTree {
  /** File name of its archive, without `.tar`. */
  name: string
  /** Packages that the machine does without: unpacked, with what they depend on, only to be copied from, and never configured. */
  packages: readonly string[]
  /** Copied from the machine or these packages, each with the shared libraries that it needs. */
  programs: readonly string[]
  /** Copied from the machine or these packages as they are. */
  copies: readonly string[]
  /** Made empty. */
  folders: readonly string[]
  files: Readonly<Record<string, string>>
  /** Files that can be run. */
  scripts: Readonly<Record<string, string>>
  /** Symbolic links: from what, to what. */
  links: Readonly<Record<string, string>>
  /** The images that have this tree as their only layer. */
  images: readonly ContainerImage[]
}

/** What an image says of itself, beside its layer. */
export interface ContainerImage {
  tags: readonly string[]
  ports: readonly `${number}/${'tcp' | 'udp'}`[]
  environment: Readonly<Record<string, string>>
  /** The folder that its command starts in; '' for `/`. */
  folder: string
  command: readonly string[]
}

/** What every tree needs to know of users and names. */
export const accounts = {
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101:nginx:/nonexistent:/bin/false\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  '/etc/group': 'root:x:0:\nnginx:x:101:\nnogroup:x:65534:\n',
  '/etc/nsswitch.conf': 'hosts: files dns\n',
}
