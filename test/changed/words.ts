import type { Affected, Choice } from './choose.ts'

const width = 96
/** So many names of a folder are told; of more, their number. */
const named = 10

/** What was chosen and why, for people: a changed file, and below it the tests that it affects. */
export function choiceInWords({ since, changed, chosen, later, untested, checked, checks, of }: Choice): string {
  if (changed.length === 0) return `Nothing has changed since ${since}.\n`
  const files = changed.length === 1 ? '1 file has' : `${changed.length} files have`
  const sum = `${files} changed since ${since}: ${chosen.length} of ${of} test files can be affected.`
  return [
    sum,
    ...affectedInWords(chosen),
    ...section('No test reaches', untested),
    ...section(
      'npm run check, which runs in any case, reads',
      checked.map(({ file, why }) => `${file}: ${why}`),
    ),
    ...list('npm run check has, which runs in any case', checks),
    ...list('npm run test:all has besides', later),
  ]
    .map(line => `${line}\n`)
    .join('')
}

function affectedInWords(chosen: readonly Affected[]): string[] {
  const [first] = chosen
  // What runs the tests affects all of them alike.
  if (first && chosen.every(({ why }) => why === first.why) && !first.why.startsWith('it '))
    return ['', `${first.why}.`]
  const groups = Map.groupBy(chosen, ({ by }) => by)
  return [...groups]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([by, those]) => ['', by, ...folders(those)])
}

/** The tests by their folders, without the end that all have: `test/labs: cnm, ipv6`. */
function folders(those: readonly Affected[]): string[] {
  const byFolder = Map.groupBy(those, ({ file }) => file.slice(0, file.lastIndexOf('/')))
  return [...byFolder]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([folder, files]) => {
      const names = files.map(({ file }) => file.slice(folder.length + 1).replace(/(\.check|\.all)?\.test\.ts$/, ''))
      return wrapped(`  ${folder}:`, names.length > named ? [`${names.length} files`] : names)
    })
}

function list(title: string, those: readonly Affected[]): string[] {
  return those.length === 0 ? [] : ['', `${title}:`, ...folders(those)]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map(line => `  ${line}`)]
}

function wrapped(start: string, names: readonly string[]): string[] {
  const lines = [start]
  for (const [i, name] of names.entries()) {
    const word = ` ${name}${i < names.length - 1 ? ',' : ''}`
    const last = lines.at(-1) ?? ''
    if (last.length + word.length > width) lines.push(`   ${word}`)
    else lines[lines.length - 1] = last + word
  }
  return lines
}
