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

/*
 * As a process of its own: `node small-image.ts CACHE [WORDS]` prints what it reports, then the folder or the error as JSON. At the first
 * report with these words it stops itself: so whoever wants to do something while it builds can't come too late.
 */
if (import.meta.main) {
  const [cache = '', stopAt] = process.argv.slice(2)
  let stopped = false
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort(new Error('interrupted')))
  try {
    const image = await ensureImage('trixie', {
      cache,
      recipe: smallRecipe,
      report(line) {
        console.log(line)
        if (stopped || stopAt === undefined || !line.includes(stopAt)) return
        stopped = true
        process.kill(process.pid, 'SIGSTOP')
      },
      signal: controller.signal,
    })
    console.log(JSON.stringify({ dir: image.dir }))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    console.log(JSON.stringify({ name: error.name, message: error.message, mend: 'mend' in error ? error.mend : null }))
    process.exitCode = 2
  }
}
