import { posix } from 'node:path'
import { type Expression, type Node, type Program, parseSync, visitorKeys } from 'oxc-parser'
import { type Constants, fromTop, pathOf } from './path-expression.ts'

/** What the text of a source says of other files. Whoever runs it may reach them. */
export interface Source {
  imports: Import[]
  /** What names a file, a folder or several files. */
  opens: Opening[]
  /** The names of members that it asks for (`.fdb`), in its strings too: a test may write programs. */
  words: ReadonlySet<string>
  /** Its strings, whole. */
  strings: ReadonlySet<string>
  /** The names of properties that it gives. */
  keys: ReadonlySet<string>
  /** The strings of each list and of each call, side by side: `bootstrap.cjs lab --all`; `*` for what is no string. */
  lines: readonly string[]
  /** Where the names of its top, and members, are used. */
  uses: readonly Use[]
  /** The names of its top that others can import. */
  exported: ReadonlySet<string>
  /** false: types only, so that nothing of it is there at run time. */
  runs: boolean
}

/** A relative import or re-export, or a dynamic import of a literal. */
export interface Import {
  /** From the project's top. */
  to: string
  /** Node leaves it out. */
  type: boolean
  /** What is imported, by its own name and by the name here; `undefined`: anything. */
  names: ReadonlyMap<string, string> | undefined
  /** It is a re-export: the names here are those that others import. */
  again?: boolean
  /** Where a dynamic import stands. */
  place?: Place
}

type Dynamic = Required<Pick<Import, 'place'>> & { specifier: string }

/** A place in a source. */
export interface Place {
  /** The function or constant of the top that it stands in; undefined: in none, so it is run with the file. */
  holder: string | undefined
  /** The outermost property of an object literal in that holder that it stands in. */
  property: string | undefined
  /** The first string of the outermost call in that holder of which it is an argument. */
  call: string | undefined
  /** The command of `….command('name').….action(…)`, in the innermost call of that kind of which it is an argument. */
  command: string | undefined
  /** The name of the innermost function of which it is an argument. */
  callee: string | undefined
}

export interface Opening extends Place {
  /** As `pathOf` tells it. */
  path: string
}

/** A use of a name of the top, or of a member: `.name`. */
export interface Use extends Place {
  name: string
}

/** Reads a source. A text that can't be parsed says nothing: whoever runs it hears so. */
export function readSource(file: string, text: string): Source {
  const { program } = parseSync(file, text, { preserveParens: false })
  const reader = new Reader(file, program, text)
  reader.walk(program, nowhere, false)
  return {
    imports: importsOf(file, program, reader.dynamic),
    ...{
      opens: reader.opens,
      words: reader.words,
      strings: reader.strings,
      keys: reader.keys,
      lines: reader.lines,
      uses: reader.uses,
    },
    exported: reader.exported,
    runs: program.body.some(runs),
  }
}

/** Only the imports of a source, for who asks no more. */
export function readImports(file: string, text: string): Import[] {
  return readSource(file, text).imports
}

const nowhere: Place = {
  holder: undefined,
  property: undefined,
  call: undefined,
  command: undefined,
  callee: undefined,
}

/** What stands in a file only for the type checker. */
const erased = ({ type }: Node): boolean => type.startsWith('TS') && !keptInTypes.has(type)

const keptInTypes = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSInstantiationExpression',
])

class Reader {
  readonly opens: Opening[] = []
  readonly uses: Use[] = []
  readonly lines: string[] = []
  readonly words = new Set<string>()
  readonly strings = new Set<string>()
  readonly keys = new Set<string>()
  readonly exported = new Set<string>()
  readonly dynamic: Dynamic[] = []
  readonly #file: string
  readonly #constants: Constants
  readonly #tops: ReadonlySet<string>

  constructor(file: string, program: Program, text: string) {
    this.#file = file
    // Where no path is made of parts, a constant's own text tells all.
    this.#constants = /\b(?:dirname|url|join|resolve|URL)\b/.test(text) ? constantsOf(program) : new Map()
    this.#tops = new Set(program.body.flatMap(namesOf))
  }

  /** `covered`: what it says of a path has been told. */
  walk(node: Node, place: Place, covered: boolean): void {
    if (erased(node) || node.type === 'ImportDeclaration') return
    const told = this.#note(node, place, covered)
    eachChild(node, (child, key) => {
      if (!isNameOnly(node, key))
        this.walk(child, this.#placeOf(node, key, child, place), told || node.type === 'ImportExpression')
    })
  }

  #note(node: Node, place: Place, covered: boolean): boolean {
    if (node.type === 'Literal' && typeof node.value === 'string') this.#string(node.value)
    if (node.type === 'TemplateElement') for (const word of wordsIn(node.value.raw)) this.words.add(word)
    if (node.type === 'TemplateLiteral') this.lines.push(textOf(node) ?? '*')
    if (node.type === 'CallExpression' || node.type === 'NewExpression') this.lines.push(line(node.arguments))
    if (node.type === 'ArrayExpression') this.lines.push(line(node.elements))
    if (node.type === 'ImportExpression' && node.source.type === 'Literal')
      this.dynamic.push({ specifier: String(node.source.value), place })
    if (node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier') {
      this.words.add(node.property.name)
      this.uses.push({ name: `.${node.property.name}`, ...place })
    }
    if (node.type === 'Property' && node.key.type === 'Identifier') this.keys.add(node.key.name)
    if (node.type === 'ObjectPattern')
      for (const property of node.properties)
        if (property.type === 'Property' && property.key.type === 'Identifier') this.words.add(property.key.name)
    if (node.type === 'Identifier' && this.#tops.has(node.name)) this.uses.push({ name: node.name, ...place })
    return this.#path(node, place, covered)
  }

  #string(text: string): void {
    this.strings.add(text)
    for (const word of wordsIn(text)) this.words.add(word)
  }

  /** Notes the path that an expression makes, once for all of it. */
  #path(node: Node, place: Place, covered: boolean): boolean {
    if (!mayBePath.has(node.type)) return covered
    const path = pathOf(node, this.#file, this.#constants)
    // A program or a sentence may have a path in its middle, which is told when its turn comes.
    if (/\s/.test(path) || path.lastIndexOf(fromTop) > 0 || !/[^\0/]/.test(path)) return false
    // A constant is told of where it is used; where others can use it, here.
    const named = place.holder !== undefined && this.#constants.has(place.holder)
    const itself =
      named && !this.exported.has(place.holder as string) && this.#constants.get(place.holder as string) === node
    if (!covered && !itself) this.opens.push({ path, ...place })
    return true
  }

  #placeOf(node: Node, key: string, child: Node, place: Place): Place {
    if (node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration') {
      if (key === 'declaration') for (const name of declaredBy(child)) this.exported.add(name)
      if (node.type === 'ExportDefaultDeclaration') this.exported.add('default')
      if (child.type === 'ExportSpecifier' && child.local.type === 'Identifier') this.exported.add(child.local.name)
    }
    const called = node.type === 'CallExpression' && key === 'arguments' ? node : undefined
    const callee = called?.callee.type === 'Identifier' ? called.callee.name : called ? undefined : place.callee
    const command = (called && commandOf(called.callee)) ?? place.command
    const within = (slot: Partial<Place>): Place => ({ ...place, callee, command, ...slot })
    if (place.holder === undefined) {
      if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration')
        return within({ holder: node.id?.name })
      if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') return within({ holder: node.id.name })
      return called ? within({}) : place
    }
    if (place.property === undefined && node.type === 'Property' && key === 'value' && !node.computed) {
      const name =
        node.key.type === 'Identifier'
          ? node.key.name
          : node.key.type === 'Literal'
            ? String(node.key.value)
            : undefined
      return within({ property: name })
    }
    if (place.call === undefined && called) {
      const first = called.arguments.find(arg => arg.type === 'Literal' && typeof arg.value === 'string')
      return within({ call: first?.type === 'Literal' ? String(first.value) : undefined })
    }
    return called ? within({}) : place
  }
}

const mayBePath = new Set([
  'Literal',
  'TemplateLiteral',
  'BinaryExpression',
  'MemberExpression',
  'NewExpression',
  'CallExpression',
  'Identifier',
])

/** The name of `command('name')` in a chain of calls. */
function commandOf(callee: Node): string | undefined {
  for (let at = callee; at.type === 'MemberExpression' && at.object.type === 'CallExpression'; at = at.object.callee) {
    const { callee, arguments: args } = at.object
    const [first] = args
    const isCommand =
      callee.type === 'MemberExpression' && callee.property.type === 'Identifier' && callee.property.name === 'command'
    if (isCommand && first?.type === 'Literal') return String(first.value)
  }
  return undefined
}

function wordsIn(text: string): string[] {
  return [...text.matchAll(/\.([A-Za-z]\w*)/g)].map(([, word = '']) => word)
}

/** The strings side by side, `*` for what is none. */
function line(nodes: readonly (Node | null)[]): string {
  return nodes.map(node => (node && textOf(node)) ?? '*').join(' ')
}

function textOf(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  return node.type === 'TemplateLiteral' ? node.quasis.map(({ value }) => value.cooked).join('*') : undefined
}

/** A name that is no use of what is called so: `.name`, `name:`. */
function isNameOnly(node: Node, key: string): boolean {
  if (node.type === 'MemberExpression') return key === 'property' && !node.computed
  if (node.type === 'Property') return key === 'key' && !node.computed && !node.shorthand
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') return key === 'id'
  return node.type === 'VariableDeclarator' && key === 'id' && node.id.type === 'Identifier'
}

function eachChild(node: Node, visit: (child: Node, key: string) => void): void {
  const fields = node as unknown as Record<string, Node | (Node | null)[] | null | undefined>
  for (const key of visitorKeys[node.type] ?? []) {
    const value = fields[key]
    if (Array.isArray(value)) for (const child of value) child && visit(child, key)
    else if (value) visit(value, key)
  }
}

/** Every constant of a file that has one meaning there. */
function constantsOf(program: Program): Constants {
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
function namesOf(statement: Program['body'][number]): string[] {
  if (statement.type === 'ImportDeclaration') {
    return statement.importKind === 'type' ? [] : statement.specifiers.map(({ local }) => local.name)
  }
  if (statement.type === 'ExportNamedDeclaration') return statement.declaration ? declaredBy(statement.declaration) : []
  return declaredBy(statement)
}

function declaredBy(node: Node): string[] {
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') return node.id ? [node.id.name] : []
  if (node.type !== 'VariableDeclaration') return []
  return node.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []))
}

function importsOf(file: string, program: Program, dynamic: readonly Dynamic[]): Import[] {
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

function runs(statement: Program['body'][number]): boolean {
  if (erased(statement)) return false
  if (statement.type === 'ImportDeclaration') return statement.importKind !== 'type'
  if (statement.type === 'ExportAllDeclaration') return statement.exportKind !== 'type'
  if (statement.type !== 'ExportNamedDeclaration') return true
  return statement.exportKind !== 'type' && !(statement.declaration && erased(statement.declaration))
}
