/** A list whose order says nothing, sorted: 'RELATED,ESTABLISHED' → 'ESTABLISHED,RELATED'. Case is not kept. */
export function upperList(text: string): string {
  return [...new Set(text.toUpperCase().split(','))].sort().join(',')
}

/** The value that a table has for a name, or what was written. */
export function named(table: Readonly<Record<string, string>>): (text: string) => string {
  const values = new Map(Object.entries(table))
  return text => values.get(text.toLowerCase()) ?? text
}
