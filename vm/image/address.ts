import { createHash } from 'node:crypto'
import { hooks } from './mmdebstrap.ts'
import type { Recipe } from './recipe.ts'

/** SHA-256 of everything that goes into an image: the recipe's data and the text of the scripts that run in the build. */
export function recipeHash(recipe: Recipe): string {
  return createHash('sha256')
    .update(JSON.stringify([sorted(recipe), hooks(recipe)]))
    .digest('hex')
}

/** The name of an image's folder, such as `trixie-0123456789ab`. */
export function imageName(recipe: Recipe): string {
  return `${recipe.suite}-${recipeHash(recipe).slice(0, 12)}`
}

/** Keys in order, so that the order in which the recipe was written down doesn't count. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, child]) => [key, sorted(child)])
}
