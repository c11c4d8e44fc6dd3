import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/*
 * Loaded by mocha before the tests. Each of several workers keeps its machines' files in a folder of its own: what lists, sweeps or
 * removes machines there has nothing to do with those of other files' tests.
 */

const { MOCHA_WORKER_ID: worker, XDG_RUNTIME_DIR: folder } = process.env
if (worker !== undefined && folder !== undefined) {
  const own = join(folder, worker)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  process.env.XDG_RUNTIME_DIR = own
  process.env.VETHLAB_TEST_FOLDER = own
  // Of the processes that tests start none is a worker.
  delete process.env.MOCHA_WORKER_ID
}
