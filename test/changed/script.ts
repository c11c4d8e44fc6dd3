import type { Source } from './source.ts'

const nowhere = { holder: undefined, property: undefined, call: undefined, command: undefined, callee: undefined }

/**
 * What a file says that is no TypeScript, but is run or followed: a shell script, a workflow, the settings of mocha. Every word
 * with a slash or a dot in it may be a path, and `npm run NAME` starts a program.
 */
export function readScript(text: string): Source {
  // What a variable holds, a folder most often, is not known.
  const code = text.replace(/^\s*#.*$/gm, '').replace(/\$\{?\w+\}?/g, ' ')
  const paths = (code.match(/[\w./-]+/g) ?? []).filter(path => /[./]/.test(path)).map(path => path.replace(/^\//, ''))
  const started = [...code.matchAll(/\bnpm (?:run )?(?:--silent )?([\w:]+)(.*)/g)]
  return {
    imports: [],
    opens: paths.map(path => ({ path, ...nowhere })),
    ...{ words: new Set(), strings: new Set(), keys: new Set(), uses: [], exported: new Set(), runs: true },
    lines: started.map(([, name, rest]) => `bootstrap.cjs ${name}${rest}`),
  }
}
