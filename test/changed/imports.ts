import { posix } from 'node:path'
import type { Node, Program } from 'oxc-parser'
import type { Import, Place } from './source.ts'
import { erased } from './syntax.ts'

/** An import of a literal at run time, and where it stands. */
export interface Dynamic {
  specifier: string
  place: Place
}

export function importsOf(file: string, program: Program, dynamic: readonly Dynamic[]): Import[] {
  const from = (specifier: string) => posix.join(posix.dirname(file), specifier)
  const found: (Omit<Import, 'to'> & { specifier: string })[] = dynamic.map(({ specifier, place }) => ({
    ...{ specifier, place, type: false, names: undefined },
  }))
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') {
      const names = new Map<string, string>()
      let any = false
      for (const one of node.specifiers) {
        if (one.type === 'ImportNamespaceSpecifier') any = true
        else if (one.type === 'ImportDefaultSpecifier') names.set('default', one.local.name)
        else if (one.importKind !== 'type') names.set(nameOf(one.imported), one.local.name)
      }
      const type = node.importKind === 'type'
      found.push({ specifier: node.source.value, type, names: any ? undefined : names })
    }
    if (node.type === 'ExportAllDeclaration') {
      found.push({ specifier: node.source.value, type: node.exportKind === 'type', names: undefined })
    }
    if (node.type === 'ExportNamedDeclaration' && node.source) {
      const names = new Map(node.specifiers.map(({ local, exported }) => [nameOf(local), nameOf(exported)]))
      found.push({ specifier: node.source.value, type: node.exportKind === 'type', names, again: true })
    }
  }
  return found
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, ...rest }) => ({ to: from(specifier), ...rest }))
}

function nameOf(node: { type: 'Identifier'; name: string } | { type: 'Literal'; value: unknown } | Node): string {
  return node.type === 'Identifier' ? (node as { name: string }).name : String((node as { value: unknown }).value)
}

export function runs(statement: Program['body'][number]): boolean {
  if (erased(statement)) return false
  if (statement.type === 'ImportDeclaration') return statement.importKind !== 'type'
  if (statement.type === 'ExportAllDeclaration') return statement.exportKind !== 'type'
  if (statement.type !== 'ExportNamedDeclaration') return true
  return statement.exportKind !== 'type' && !(statement.declaration && erased(statement.declaration))
}
