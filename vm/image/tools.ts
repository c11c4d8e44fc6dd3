import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { HostError } from '../errors.ts'

/** What building an image runs on the host: each program, and Debian's package that has it. */
export const imageTools = {
  mmdebstrap: 'mmdebstrap',
  mksquashfs: 'squashfs-tools',
  unsquashfs: 'squashfs-tools',
  xz: 'xz-utils',
  tar: 'tar',
  flock: 'util-linux',
  unshare: 'util-linux',
} as const

/** What an ordinary user needs beside them. */
export const unprivilegedTools = { newuidmap: 'uidmap' } as const

export const keyring = { path: '/usr/share/keyrings/debian-archive-keyring.gpg', package: 'debian-archive-keyring' }

export type Tool = keyof typeof imageTools | keyof typeof unprivilegedTools

/** The programs that this user needs for building an image. */
export function neededTools(): Tool[] {
  const tools = Object.keys(imageTools) as (keyof typeof imageTools)[]
  return isRoot() ? tools : [...tools, ...(Object.keys(unprivilegedTools) as (keyof typeof unprivilegedTools)[])]
}

/** Root builds as such; anybody else in a user namespace. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Where a program is found on PATH; undefined if it isn't. */
export function findTool(tool: string, path = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, tool))
    .find(isExecutable)
}

/** The HostError for programs that are not installed. */
export function mendMissing(tools: readonly Tool[]): HostError {
  const verb = tools.length === 1 ? 'is' : 'are'
  return new HostError(`${tools.join(', ')} ${verb} not installed, which building an image needs`, {
    mend: aptLine(tools.map(packageOf)),
  })
}

export function packageOf(tool: Tool): string {
  return { ...imageTools, ...unprivilegedTools }[tool]
}

export function aptLine(packages: readonly string[]): string {
  return `${isRoot() ? '' : 'sudo '}apt-get install ${[...new Set(packages)].join(' ')}`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
