import { join } from 'node:path'
import { backends } from '../backend.ts'
import { imageName } from '../image/address.ts'
import { imageFiles, type Manifest, readManifest } from '../image/manifest.ts'
import { type Recipe, recipeOf } from '../image/recipe.ts'
import { qemuProgram } from '../providers/qemu/argv.ts'
import { templateName, templateRecipe } from '../providers/qemu/template/recipe.ts'
import { engineDataHash, engineDataName } from '../providers/sandbox/engine-data.ts'
import { suites } from '../suite.ts'
import type { Store } from './stores.ts'

/** The names of all that a run of today would take from each store, and of the KVM verdicts that it would believe. */
export type Named = Record<Store | 'kvm', Set<string>>

/** Works out what the present recipes name. What is made of an image is named only while that image is there. */
export async function namedByRecipes(
  cache: string,
  recipes: Recipe[] = suites.map(suite => recipeOf(suite)),
): Promise<Named> {
  const named: Named = {
    images: new Set(recipes.map(imageName)),
    templates: new Set(),
    engines: new Set(),
    kvm: new Set(),
  }
  for (const recipe of recipes) {
    const manifest = await readManifest(join(cache, 'images', imageName(recipe)))
    if (manifest === undefined || manifest === 'unreadable') continue
    named.kvm.add(`${manifest.files[imageFiles.kernel].sha256.slice(0, 16)}.json`)
    named.engines.add(engineDataName({ manifest }, await engineDataHash({ manifest })))
    for (const name of await templatesOf(manifest)) named.templates.add(name)
  }
  return named
}

async function templatesOf(manifest: Manifest): Promise<string[]> {
  const program = qemuProgram(process.arch)
  if (program === undefined) return []
  const { suite } = manifest
  const shapes = [true, false].flatMap(engine =>
    (['kvm', 'tcg'] as const).flatMap(accelerator =>
      backends.map(backend => ({ suite, engine, accelerator, backend })),
    ),
  )
  return await Promise.all(
    shapes.map(async shape => templateName(await templateRecipe(shape, { program, image: { manifest } }))),
  )
}
