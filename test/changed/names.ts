import type { Expression, Node, Program } from 'oxc-parser'
import type { Constants } from './path-expression.ts'
import { eachChild, erased } from './syntax.ts'

/** Every constant of a file that has one meaning there. */
export function constantsOf(program: Program): Constants {
  const found = new Map<string, Expression | undefined>()
  const visit = (node: Node) => {
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') {
      found.set(node.id.name, found.has(node.id.name) ? undefined : (node.init ?? undefined))
    }
    if (!erased(node)) eachChild(node, visit)
  }
  visit(program)
  return new Map([...found].flatMap(([name, value]) => (value ? [[name, value] as const] : [])))
}

/** The names that a statement of the top makes. */
export function namesOf(statement: Program['body'][number]): string[] {
  if (statement.type === 'ImportDeclaration') {
    return statement.importKind === 'type' ? [] : statement.specifiers.map(({ local }) => local.name)
  }
  if (statement.type === 'ExportNamedDeclaration') return statement.declaration ? declaredBy(statement.declaration) : []
  return declaredBy(statement)
}

export function declaredBy(node: Node): string[] {
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') return node.id ? [node.id.name] : []
  if (node.type !== 'VariableDeclaration') return []
  return node.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []))
}
