import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerImage, ContainerTree } from './containers/image.ts'
import type { Arch, Recipe } from './recipe.ts'

export interface MmdebstrapRequest {
  mode: 'root' | 'unshare'
  /** Where the kernel is put. */
  kernel: string
  /** Instead of mmdebstrap's own default. */
  mirror: string | undefined
}

/** mmdebstrap's arguments; it writes the machine's root file system as a tar to stdout. */
export function mmdebstrapArgs(recipe: Recipe, { mode, kernel, mirror }: MmdebstrapRequest): string[] {
  // Packages that are only unpacked are never customized.
  const hookFlag = recipe.variant === 'extract' ? '--extract-hook' : '--customize-hook'
  return [
    `--mode=${mode}`,
    `--variant=${recipe.variant}`,
    '--format=tar',
    `--architectures=${recipe.arch}`,
    ...[...anyBuild, ...recipe.aptOptions].map(option => `--aptopt=${option}`),
    '--dpkgopt=force-unsafe-io', // what a cut-off build leaves is thrown away anyhow
    ...recipe.droppedPaths.map(path => `--dpkgopt=path-exclude=${path}`),
    `--include=${recipe.packages.join(',')}`,
    ...[...hooks(recipe), `download /vmlinuz ${quote(kernel)}`, 'rm "$1/vmlinuz"'].map(hook => `${hookFlag}=${hook}`),
    recipe.suite,
    '-',
    ...(mirror === undefined ? [] : [mirror]),
  ]
}

/** The text of each script that runs in the build; it gets the path of the machine's tree as its only argument. */
export function hooks(recipe: Recipe): string[] {
  return [
    `KERNEL=${quote(recipe.kernel)}\nDROPPED=${quote(recipe.droppedDrivers.join(' '))}\n${hook('kernel')}`,
    ...recipe.containers.map(tree => containerScript(tree, recipe.arch)),
    hook('tidy'),
  ]
}

/** The text of the script that makes a tree's container images, for the machine's tree that is its only argument. */
export function containerScript(tree: ContainerTree, arch: Arch): string {
  return hook('container') + containerCalls(tree, arch)
}

// The scripts are handed over as text, not as files: an unprivileged build runs as another user, who may be unable to
// look into this one's home.
function hook(name: string): string {
  return readFileSync(join(import.meta.dirname, 'hooks', `${name}.sh`), 'utf8')
}

const anyBuild = [
  'APT::Install-Recommends "false"',
  'Acquire::Languages "none"',
  'Acquire::Retries "2"',
  'Acquire::http::Timeout "20"', // a mirror that swallows packets is noticed within a minute
]

/** The calls of container.sh's words that make this tree's images. */
function containerCalls(tree: ContainerTree, arch: Arch): string {
  const calls = [
    ['begin'],
    ...(tree.packages.length > 0 ? [['unpack', ...tree.packages]] : []),
    ...tree.folders.map(path => ['folder', path]),
    ...tree.programs.map(path => ['program', path]),
    ...tree.copies.map(path => ['copy', path]),
    ...Object.entries(tree.files).map(([path, content]) => ['file', path, content]),
    ...Object.entries(tree.scripts).map(([path, content]) => ['script', path, content]),
    ...Object.entries(tree.links).map(([path, target]) => ['link', path, target]),
    ['applets'],
    ['layer'],
    ...tree.images.map(image => ['image', JSON.stringify(configOf(image, arch)), JSON.stringify(image.tags)]),
    ['finish', tree.name],
  ]
  return calls.map(call => `${call.map(quote).join(' ')}\n`).join('')
}

/** An image's configuration, as the OCI image specification has it. */
function configOf({ tags, ports, environment, folder, command }: ContainerImage, architecture: Arch) {
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  return {
    architecture,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: [path, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
      Cmd: command,
      WorkingDir: folder,
      ExposedPorts: Object.fromEntries(ports.map(port => [port, {}])),
    },
    rootfs: { type: 'layers', diff_ids: ['sha256:@LAYER@'] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: `vethlab ${tags[0]}` }],
  }
}

function quote(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
