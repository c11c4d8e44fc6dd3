import { busybox } from '../../../vm/image/containers/busybox.ts'
import { ensureImage } from '../../../vm/image/image.ts'
import { type Recipe, recipeOf } from '../../../vm/image/recipe.ts'

/** A real image with a real kernel, but of few packages, which are only unpacked: it takes a quarter of the time. */
export const smallRecipe: Recipe = {
  ...recipeOf('trixie'),
  variant: 'extract',
  packages: ['base-files', 'busybox-static', 'coreutils', 'kmod', 'liblzma5', 'libzstd1'],
  containers: [busybox],
}

// As a process of its own: `node small-image.ts CACHE` prints what it reports, then the folder or the error as JSON.
if (import.meta.main) {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort(new Error('interrupted')))
  try {
    const image = await ensureImage('trixie', {
      cache: process.argv[2] ?? '',
      recipe: smallRecipe,
      report: line => console.log(line),
      signal: controller.signal,
    })
    console.log(JSON.stringify({ dir: image.dir }))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    console.log(JSON.stringify({ name: error.name, message: error.message, mend: 'mend' in error ? error.mend : null }))
    process.exitCode = 2
  }
}
