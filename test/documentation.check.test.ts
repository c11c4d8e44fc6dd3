import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { program } from '../harness/cli/program.ts'
import { reporterNames } from '../harness/reporters/load.ts'

const top = fileURLToPath(new URL('..', import.meta.url))
const documents = globSync('{*,docs/*}.md', { cwd: top }).map(name => ({
  name,
  text: readFileSync(`${top}${name}`, 'utf8'),
}))

/** What follows `npm run lab` on a line, up to a comment or the end of the code. */
function labCommands(text: string): string[] {
  return [...text.matchAll(/npm run (?:--silent )?lab\b([^`\n#|]*)/g)].map(([, rest = '']) => rest.trim())
}

describe('documentation', () => {
  it('every npm script that a document names is there', () => {
    const { scripts } = JSON.parse(readFileSync(`${top}package.json`, 'utf8'))
    const known = [...Object.keys(scripts), 'install', 'ci']
    for (const { name, text } of documents) {
      const named = [...text.matchAll(/^(?: {4}|.*`)npm (?:run )?(?:--silent )?([a-z]+)/gm)].map(([, script]) => script)
      for (const script of named) expect(known, `what ${name} names`).to.include(script)
    }
  })

  it('every flag of npm run lab that a document names is there', () => {
    const whole = program(() => {})
    const known = [whole, ...whole.commands].flatMap(({ options }) => options.map(({ long }) => long))
    for (const { name, text } of documents) {
      const flags = labCommands(text).flatMap(rest => rest.match(/(?<=\s)--[a-z]+/g) ?? [])
      for (const flag of flags) expect([...known, '--help'], `what ${name} names`).to.include(flag)
    }
  })

  it('every lab that a document runs is there', () => {
    const commands = program(() => {}).commands.map(command => command.name())
    const labs = globSync('labs/*.ts', { cwd: top }).map(path => path.replace(/^labs\/|\.ts$/g, ''))
    for (const { name, text } of documents) {
      const named = labCommands(text).flatMap(rest => /^[a-z][a-z0-9-]+/.exec(rest) ?? [])
      for (const lab of named) expect([...labs, ...commands], `what ${name} runs`).to.include(lab)
    }
  })

  it('every reporter of ours is in the help', () => {
    const { description = '' } = program(() => {}).options.find(({ long }) => long === '--reporter') ?? {}
    for (const name of reporterNames) expect(description).to.include(name)
  })
})
