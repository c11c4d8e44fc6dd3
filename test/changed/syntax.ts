import { type Node, visitorKeys } from 'oxc-parser'

/*
 * Small questions about a node of a source's syntax tree.
 */

/** What stands in a file only for the type checker. */
export const erased = ({ type }: Node): boolean => type.startsWith('TS') && !keptInTypes.has(type)

const keptInTypes = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSInstantiationExpression',
])

/** The name of `command('name')` in a chain of calls. */
export function commandOf(callee: Node): string | undefined {
  for (let at = callee; at.type === 'MemberExpression' && at.object.type === 'CallExpression'; at = at.object.callee) {
    const { callee, arguments: args } = at.object
    const [first] = args
    const isCommand =
      callee.type === 'MemberExpression' && callee.property.type === 'Identifier' && callee.property.name === 'command'
    if (isCommand && first?.type === 'Literal') return String(first.value)
  }
  return undefined
}

export function wordsIn(text: string): string[] {
  return [...text.matchAll(/\.([A-Za-z]\w*)/g)].map(([, word = '']) => word)
}

/** The strings side by side, `*` for what is none. */
export function line(nodes: readonly (Node | null)[]): string {
  return nodes.map(node => (node && textOf(node)) ?? '*').join(' ')
}

export function textOf(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  return node.type === 'TemplateLiteral' ? node.quasis.map(({ value }) => value.cooked).join('*') : undefined
}

/** A name that is no use of what is called so: `.name`, `name:`. */
export function isNameOnly(node: Node, key: string): boolean {
  if (node.type === 'MemberExpression') return key === 'property' && !node.computed
  if (node.type === 'Property') return key === 'key' && !node.computed && !node.shorthand
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') return key === 'id'
  return node.type === 'VariableDeclarator' && key === 'id' && node.id.type === 'Identifier'
}

export function eachChild(node: Node, visit: (child: Node, key: string) => void): void {
  const fields = node as unknown as Record<string, Node | (Node | null)[] | null | undefined>
  for (const key of visitorKeys[node.type] ?? []) {
    const value = fields[key]
    if (Array.isArray(value)) for (const child of value) child && visit(child, key)
    else if (value) visit(value, key)
  }
}
