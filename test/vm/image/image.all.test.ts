import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killedAt } from './small-build.ts'

describe('an image that is built', function () {
  this.timeout(600_000)
  let cache: string
  before(async () => {
    cache = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
  })
  after(() => rm(cache, { recursive: true }))

  const stages = [
    ...['building', 'lists of packages', 'downloading', 'unpacking the kernel', 'making a container image', 'packing'],
    'making the initrd',
  ]
  for (const stage of stages) {
    it(`is no image when its building is killed at the report of "${stage}"`, () => killedAt(stage, cache))
  }
})
