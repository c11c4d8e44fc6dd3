import { type Node, type Program, parseSync } from 'oxc-parser'
import { type Dynamic, importsOf, runs } from './imports.ts'
import { constantsOf, declaredBy, namesOf } from './names.ts'
import { type Constants, fromTop, pathOf } from './path-expression.ts'
import { commandOf, eachChild, erased, isNameOnly, line, textOf, wordsIn } from './syntax.ts'

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
