import type { Recipe } from './recipe.ts'

/** What a line of mmdebstrap's stderr says has begun, in words for people; undefined for a line that begins nothing. */
export function phaseOf(line: string, recipe: Pick<Recipe, 'suite' | 'packages'>): string | undefined {
  const [first, ...others] = recipe.packages
  const phases: Record<string, string> = {
    'I: running apt-get update': "reading the mirror's lists of packages",
    'I: downloading packages with apt': `downloading the essential packages of ${recipe.suite}`,
    'I: installing essential packages': 'installing them',
    'I: installing remaining packages': `downloading and installing ${first} and ${others.length} other packages`,
    "I: running --customize-hook in shell: sh -c 'KERNEL": 'unpacking the kernel',
    "I: running --customize-hook in shell: sh -c '# The words": 'making a container image',
    'I: creating tarball': 'packing the root file system',
  }
  return Object.entries(phases).find(([start]) => line.replace('--extract-', '--customize-').startsWith(start))?.[1]
}
