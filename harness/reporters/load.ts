import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HostError } from '../../vm/errors.ts'
import type { Reporter } from '../events.ts'
import type { MochaReporterClass } from './mocha.ts'
import type { Output } from './output.ts'

/** A reporter of ours or of a user's, told in events; what a module exports as `reporter`. */
export type ReporterFactory = (output: Output) => Reporter

/** What a name stands for. */
export type LoadedReporter = { factory: ReporterFactory } | { mocha: MochaReporterClass }

const own: Record<string, () => Promise<{ reporter: ReporterFactory }>> = {
  line: () => import('./line.ts'),
  json: () => import('./json.ts'),
  junit: () => import('./junit.ts'),
  blob: () => import('./blob.ts'),
  github: () => import('./github.ts'),
  summary: () => import('./summary.ts'),
}

/** The reporters that need no file or package. */
export const reporterNames = Object.keys(own)

/**
 * Loads a reporter: one of ours, a file, one of mocha's own, or a package; a file and a package are looked for from the
 * current folder. A module exports `reporter` (told in events) or, as its default, a class made for mocha.
 * @throws HostError when there is none of that name, or it can't be loaded
 */
export async function loadReporter(name: string): Promise<LoadedReporter> {
  const ours = Object.hasOwn(own, name) ? own[name] : undefined
  if (ours) return { factory: (await ours()).reporter }
  const mochas = await mochaReporters()
  const mocha = mochas.get(name)
  if (mocha) return { mocha }
  const path = moduleOf(name)
  if (path === undefined) {
    const names = [...reporterNames, ...mochas.keys()]
    throw new HostError(`there is no reporter "${name}"`, {
      mend: `name one of ${names.join(', ')}, a file (./my-reporter.ts), or an installed package`,
    })
  }
  const module = await importReporter(name, path)
  if (typeof module.reporter === 'function') return { factory: module.reporter as ReporterFactory }
  if (typeof module.default === 'function') return { mocha: module.default as MochaReporterClass }
  throw new HostError(`${name} is no reporter`, {
    mend: 'export function reporter(output), told in events, or a mocha reporter class as the default',
  })
}

/** Mocha's own reporters by the names that people give them: each is there under its class's name too. */
async function mochaReporters(): Promise<Map<string, MochaReporterClass>> {
  const { reporters } = (await import('mocha')).default
  const forPeople = /^(?!base$|html$)[a-z-]+$/
  return new Map(
    Object.entries(reporters as unknown as Record<string, MochaReporterClass>).filter(([name]) => forPeople.test(name)),
  )
}

function moduleOf(name: string): string | undefined {
  const file = resolve(name)
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file
  if (/^[./]/.test(name)) return undefined
  try {
    return createRequire(join(process.cwd(), 'package.json')).resolve(name)
  } catch {
    return undefined
  }
}

async function importReporter(name: string, path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HostError(`the reporter ${name} can't be loaded: ${reason}`, { mend: `mend ${path}`, cause })
  }
}
