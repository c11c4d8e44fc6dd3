/** The engine versions that are meant: `<28`, `>=26.1`. */
export type VersionRange = `${'<' | '>='}${number}`

/** Whether a version (`26.1.5+dfsg1`) is one of these. */
export function isIn(range: VersionRange, version: string): boolean {
  const [, sign, bound = ''] = /^(<|>=)([\d.]+)$/.exec(range) ?? []
  const below = compareVersions(version, bound) < 0
  return sign === '<' ? below : !below
}

/** Compares the numbers of two versions from the left; what a version doesn't have counts as 0. */
function compareVersions(one: string, other: string): number {
  const numbers = (text: string) => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number)
  const [a, b] = [numbers(one), numbers(other)]
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
