/** The keys under which two JSON objects differ; undefined where one of the texts is none, so that all of it may differ. */
export function partsThatDiffer(before: string | undefined, now: string): ReadonlySet<string> | undefined {
  const [one, other] = [before, now].map(asObject)
  if (!one || !other) return undefined
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return new Set([...keys].filter(key => JSON.stringify(one[key]) !== JSON.stringify(other[key])))
}

function asObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
