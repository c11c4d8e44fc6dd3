import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/*
 * `npm run bench`: every benchmark, one after the other; `npm run bench -- lab boot`: these. Each is a program of its
 * own, as what one has loaded would quicken the next.
 */

const folder = fileURLToPath(new URL('.', import.meta.url))
const known = readdirSync(folder)
  .filter(file => file.endsWith('.ts') && file !== 'all.ts')
  .map(file => file.replace(/\.ts$/, ''))
const names = process.argv.length > 2 ? process.argv.slice(2) : known
const unknown = names.find(name => !known.includes(name))

if (unknown !== undefined) {
  process.stderr.write(`there is no benchmark "${unknown}"; known: ${known.join(', ')}\n`)
  process.exitCode = 2
} else {
  for (const name of names) {
    process.stdout.write(`\n${name}\n`)
    const { exitCode } = await execa(process.execPath, [`${folder}${name}.ts`], { stdio: 'inherit', reject: false })
    if (exitCode !== 0) process.exitCode = 1
  }
}
