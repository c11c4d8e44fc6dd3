import { readdirSync, readFileSync } from 'node:fs'
import type { Backend, Family } from '../../../harness/iptables/model.ts'
import { type Suite, suites } from '../../../vm/suite.ts'

/** What iptables-save of a suite printed; test/fixtures/record.sh says how it was recorded. */
export interface RecordedSave {
  /** trixie/engine/published.inet.nft */
  name: string
  suite: Suite
  family: Family
  backend: Backend
  text: string
}

/** Rules as typed, each with the line that iptables-save made of it. */
export interface RecordedTranscript extends Omit<RecordedSave, 'text'> {
  rules: { typed: string; saved: string }[]
  /** What the tool did not take, and what it said. */
  refused: { typed: string; said: string }[]
}

const top = new URL('../../fixtures/', import.meta.url)

/** The text of one recording, e.g. `trixie/iptables/both.inet.nft.save`. */
export function recorded(name: string): string {
  return readFileSync(new URL(name, top), 'utf8')
}

/** Every recorded iptables-save, of all suites, backends and families. */
export function recordedSaves(): RecordedSave[] {
  return files(/^(?<name>.*\.(?<family>inet6?)\.(?<backend>nft|legacy))\.save$/)
}

/** Every recorded transcript of typed rules. */
export function recordedTranscripts(): RecordedTranscript[] {
  return files(/^(?<name>typed\.(?<family>inet6?)\.(?<backend>nft|legacy))\.txt$/).map(({ text, ...about }) => {
    const entries = [...text.matchAll(/^\$ (?<typed>.*)\n(?:! (?<said>.*)|(?<saved>-A .*))$/gm)].map(
      ({ groups }) => groups,
    )
    const rules = entries.flatMap(one => (one?.typed && one.saved ? [{ typed: one.typed, saved: one.saved }] : []))
    const refused = entries.flatMap(one => (one?.typed && one.said ? [{ typed: one.typed, said: one.said }] : []))
    return { ...about, rules, refused }
  })
}

function files(pattern: RegExp): RecordedSave[] {
  return suites.flatMap(suite =>
    ['iptables', 'engine'].flatMap(subject =>
      readdirSync(new URL(`${suite}/${subject}`, top)).flatMap(file => {
        const { name, family, backend } = pattern.exec(file)?.groups ?? {}
        if (name === undefined) return []
        return [
          {
            name: `${suite}/${subject}/${name}`,
            suite,
            family: family as Family,
            backend: backend as Backend,
            text: recorded(`${suite}/${subject}/${file}`),
          },
        ]
      }),
    ),
  )
}
