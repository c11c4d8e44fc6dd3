import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { type Backend, defaultBackend } from '../../../backend.ts'
import { makeTemplateSeed, type SeedFile } from '../../../guest/seed.ts'
import type { Image } from '../../../image/image.ts'
import type { Suite } from '../../../suite.ts'
import { type Accelerator, qemuArguments } from '../argv.ts'
import { bootInit, memoryMiB } from '../boot.ts'
import { portNames } from '../process.ts'
import { qemuBuild } from '../version.ts'

/** What a machine must be like to be cloned: one template for each. */
export interface Shape {
  suite: Suite
  /** An engine is up, its images loaded. */
  engine: boolean
  accelerator: Accelerator
  /** Default `nft`. */
  backend?: Backend | undefined
}

/** Everything that a template is made from, as data: two equal recipes are one template. */
export interface TemplateRecipe {
  /** Raise it when the code that freezes or clones makes something else of the same recipe. */
  format: number
  shape: Shape
  /** SHA-256 of the image's files. */
  image: string[]
  /** Which QEMU, and its arguments but for this run's own paths. */
  qemu: string
  arguments: string[]
  /** What the guest sees of the processor is the host's under KVM, and what its state looks like is up to the host's kernel. */
  host: string
  /** What is laid over the image, and the first process. */
  seed: SeedFile[]
  init: string
}

/** The recipe of the template that a machine of this shape is cloned from. */
export async function templateRecipe(
  shape: Shape,
  { program, image }: { program: string; image: Pick<Image, 'manifest'> },
): Promise<TemplateRecipe> {
  const { suite, engine, accelerator, backend = defaultBackend } = shape
  return {
    format: 1,
    shape: { suite, engine, accelerator, backend },
    image: Object.values(image.manifest.files).map(({ sha256 }) => sha256),
    qemu: qemuBuild(program) ?? '',
    arguments: qemuArguments({
      accelerator,
      memoryMiB,
      ...{ kernel: '', initrd: '', rootfs: '', serialLog: '', consoleSocket: undefined },
      memoryFile: { path: '', use: 'shared' },
      ports: Object.values(portNames).map((name, fd) => ({ name, fd })),
      qmp: undefined,
      incoming: false,
    }),
    host: accelerator === 'kvm' ? [os.cpus()[0]?.model, os.release(), os.version()].join(', ') : '',
    seed: await makeTemplateSeed({ engine, backend, ports: portNames }),
    init: await readFile(bootInit, 'utf8'),
  }
}

export function templateHash(recipe: TemplateRecipe): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex')
}

/** The name of a template's folder, such as `trixie-engine-tcg-0123456789ab`. */
export function templateName(recipe: TemplateRecipe): string {
  return `${shapeName(recipe.shape)}-${templateHash(recipe).slice(0, 12)}`
}

/** What the names of a shape's templates begin with. */
export function shapeName({ suite, engine, accelerator, backend = defaultBackend }: Shape): string {
  const kind = backend === defaultBackend ? '' : `-${backend}`
  return `${suite}-${engine ? 'engine' : 'bare'}${kind}-${accelerator}`
}
