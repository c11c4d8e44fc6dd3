import { appendFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { imageName, recipeHash } from '../../../vm/image/address.ts'
import { type Recipe, recipeOf } from '../../../vm/image/recipe.ts'

const root = join(import.meta.dirname, '../../..')

describe('vm/image/address', () => {
  const recipe = recipeOf('trixie', 'amd64')

  it('gives an image another name when any part of its recipe changes', () => {
    const others: { [K in keyof Recipe]: Recipe[K] } = {
      format: recipe.format + 1,
      suite: 'bookworm',
      arch: 'arm64',
      variant: 'extract',
      packages: [...recipe.packages, 'one-more'],
      kernel: 'linux-image-amd64',
      aptOptions: ['Acquire::Retries "3"'],
      droppedPaths: recipe.droppedPaths.slice(1),
      droppedDrivers: recipe.droppedDrivers.slice(1),
      initrdModules: recipe.initrdModules.slice(1),
      containers: recipe.containers.slice(1),
    }
    expect(Object.keys(others)).to.have.members(Object.keys(recipe))
    const names = Object.entries(others).map(([part, value]) => imageName({ ...recipe, [part]: value }))
    expect(new Set([imageName(recipe), ...names])).to.have.property('size', names.length + 1)
  })

  it('looks into container images', () => {
    const containers = recipe.containers.map(image => ({ ...image, files: { ...image.files, '/etc/issue': 'new' } }))
    expect(recipeHash({ ...recipe, containers })).not.to.equal(recipeHash(recipe))
  })

  it("doesn't mind in which order a recipe was written down", () => {
    const reversed = Object.fromEntries(Object.entries(recipe).reverse()) as unknown as Recipe
    expect(recipeHash(reversed)).to.equal(recipeHash(recipe))
  })

  it('gives another name when the text of any script that runs in the build changes', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    try {
      await cp(join(root, 'vm'), join(copy, 'vm'), { recursive: true })
      await cp(join(root, 'package.json'), join(copy, 'package.json'))
      await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
      const names = [await nameIn(copy)]
      expect(names).to.deep.equal([imageName(recipe)])
      for (const script of ['kernel', 'container', 'tidy']) {
        await appendFile(join(copy, 'vm/image/hooks', `${script}.sh`), '# one line more\n')
        names.push(await nameIn(copy))
      }
      expect(new Set(names)).to.have.property('size', 4)
    } finally {
      await rm(copy, { recursive: true })
    }
  })
})

async function nameIn(folder: string): Promise<string> {
  const script = `
    import { imageName } from '${folder}/vm/image/address.ts'
    import { recipeOf } from '${folder}/vm/image/recipe.ts'
    console.log(imageName(recipeOf('trixie', 'amd64')))`
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script])
  return stdout
}
