import { posix } from 'node:path'
import type { Expression, Node } from 'oxc-parser'

/** Stands in a path for what only a run knows. */
export const hole = '\0'

/** What a path begins with that is known from the project's top. */
export const fromTop = '@/'

/** The constants of a file, by their names. */
export type Constants = ReadonlyMap<string, Expression>

/**
 * The path that an expression makes, as far as its text tells: `join(import.meta.dirname, '../fixtures', suite)` is
 * `@/test/fixtures/` and a hole. A hole alone where it tells nothing.
 */
export function pathOf(node: Node, file: string, constants: Constants, depth = 0): string {
  // A constant that is made of itself has no end.
  const of = (part: Node): string => pathOf(part, file, constants, depth)
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? node.value : hole
    case 'TemplateLiteral':
      return tidy(
        node.quasis
          .map(({ value }, i) => `${i > 0 ? of(node.expressions[i - 1] as Node) : ''}${value.cooked}`)
          .join(''),
      )
    case 'BinaryExpression':
      return node.operator === '+' ? tidy(of(node.left) + of(node.right)) : hole
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'ParenthesizedExpression':
      return of(node.expression)
    case 'MemberExpression':
      return memberPath(node, file, of)
    case 'NewExpression':
      return node.callee.type === 'Identifier' && node.callee.name === 'URL' ? urlPath(node.arguments.map(of)) : hole
    case 'CallExpression':
      return callPath(node.callee, node.arguments, of)
    case 'Identifier': {
      const value = constants.get(node.name)
      return value && depth < 8 ? pathOf(value, file, constants, depth + 1) : hole
    }
    default:
      return hole
  }
}

type Member = Extract<Node, { type: 'MemberExpression' }>
type Call = Extract<Node, { type: 'CallExpression' }>

function memberPath({ object, property, computed }: Member, file: string, of: (node: Node) => string): string {
  if (computed || property.type !== 'Identifier') return hole
  if (object.type === 'MetaProperty') {
    if (property.name === 'dirname') return fromTop + posix.dirname(file)
    return ['filename', 'url'].includes(property.name) ? fromTop + file : hole
  }
  return ['href', 'pathname'].includes(property.name) ? of(object) : hole
}

function callPath(callee: Call['callee'], args: Call['arguments'], of: (node: Node) => string): string {
  const [first = hole] = args.slice(0, 1).map(of)
  if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier') {
    // A URL's or a folder's text, made to fit.
    const object = of(callee.object)
    if (['toString', 'replace'].includes(callee.property.name) && object.startsWith(fromTop)) return object
    return callee.property.name === 'stringify' ? first : hole
  }
  if (callee.type !== 'Identifier') return hole
  if (['fileURLToPath', 'pathToFileURL', 'String'].includes(callee.name)) return first
  if (callee.name === 'dirname') return first.startsWith(fromTop) ? posix.dirname(first) : hole
  if (!['join', 'resolve'].includes(callee.name)) return hole
  return tidy(args.map(arg => (arg.type === 'SpreadElement' ? hole : of(arg))).join('/'))
}

/** As `new URL(path, base)`: a base that is a file counts by its folder. */
function urlPath([path = hole, base]: string[]): string {
  if (base === undefined) return path
  const joined = tidy(`${base.slice(0, base.lastIndexOf('/'))}/${path}`)
  return /(^|\/)\.\.?$/.test(path) ? `${joined}/` : joined
}

function tidy(path: string): string {
  return path.startsWith(fromTop) || path.includes('/..') ? posix.normalize(path) : path
}
