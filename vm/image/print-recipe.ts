import { suites } from '../suite.ts'
import { containerScript } from './mmdebstrap.ts'
import { recipeOf } from './recipe.ts'

/*
 * `node print-recipe.ts SUITE` prints, for a program that is not ours (the Vagrantfile), what a machine of a suite is made
 * of, as JSON: `packages`, by name, and `containers`, the shell scripts that make the container images out of the tree that
 * is their first argument.
 */
const suite = suites.find(name => name === process.argv[2])
if (!suite) throw new Error(`usage: node print-recipe.ts ${suites.join('|')}`)
const recipe = recipeOf(suite)
const containers = recipe.containers.map(tree => containerScript(tree, recipe.arch))
process.stdout.write(`${JSON.stringify({ packages: recipe.packages, containers }, null, 2)}\n`)
