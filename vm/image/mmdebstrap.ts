import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerImage } from './containers.ts'
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
    ...recipe.containers.map(image => hook('container') + containerCalls(image, recipe.arch)),
    hook('tidy'),
  ]
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

/** The calls of container.sh's words that make this image. */
function containerCalls(image: ContainerImage, arch: Arch): string {
  const config = {
    architecture: arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: image.command,
      ExposedPorts: Object.fromEntries(image.ports.map(port => [port, {}])),
    },
    rootfs: { type: 'layers', diff_ids: ['sha256:@LAYER@'] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: `vethlab ${image.name}` }],
  }
  const manifest = [{ Config: '@CONFIG@', RepoTags: image.tags, Layers: ['layer.tar'] }]
  const calls = [
    ['begin'],
    ...image.folders.map(path => ['folder', path]),
    ...image.programs.map(path => ['program', path]),
    ...image.copies.map(path => ['copy', path]),
    ...Object.entries(image.files).map(([path, content]) => ['file', path, content]),
    ...Object.entries(image.links).map(([path, target]) => ['link', path, target]),
    ['applets'],
    ['finish', image.name, JSON.stringify(config), JSON.stringify(manifest)],
  ]
  return calls.map(call => `${call.map(quote).join(' ')}\n`).join('')
}

function quote(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
