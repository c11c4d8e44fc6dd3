import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Manifest } from '../../../../vm/image/manifest.ts'
import { qemuProgram } from '../../../../vm/providers/qemu/argv.ts'
import { type makeTemplate, templateFiles } from '../../../../vm/providers/qemu/template/make.ts'
import { ensureTemplate, type TemplateRequest } from '../../../../vm/providers/qemu/template.ts'

/** What a test's templates are made of: of an image that is only named, in an instant. */
export function smallTemplate(cache: string): TemplateRequest {
  const none = { size: 0, sha256: 'none' }
  const manifest = { files: { 'root.sqfs': none, vmlinuz: none, initrd: none } } as unknown as Manifest
  return {
    ...{ suite: 'trixie', engine: false, accelerator: 'tcg' },
    program: qemuProgram('x64') ?? '',
    image: { kernel: '', initrd: '', rootfs: '', manifest },
    cache,
    make: makeSmall,
    report: () => {},
    signal: new AbortController().signal,
  }
}

const makeSmall: typeof makeTemplate = async (_recipe, { files }) => {
  for (const name of Object.values(templateFiles)) await writeFile(join(files, name), `the bytes of ${name}`)
}

// `node small-template.ts CACHE`: a process of its own, which says what it is told; it waits in the middle of the making
// for a line.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const request: TemplateRequest = {
    ...smallTemplate(process.argv[2] ?? ''),
    report: line => console.log(line),
    make: async (recipe, place) => {
      await makeSmall(recipe, place)
      console.log('half-made')
      await new Promise(resolve => process.stdin.once('data', resolve))
    },
  }
  console.log(JSON.stringify(await ensureTemplate(request)))
  process.stdin.destroy()
}
