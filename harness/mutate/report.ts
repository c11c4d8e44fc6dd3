import type { Shard } from '../events.ts'
import type { Mutation } from './mutation.ts'
import type { Outcome } from './trial.ts'

/** What breaking labs on purpose came to; the file that `--mutate --reporter json=PATH` writes. */
export interface MutationReport {
  schema: 'vethlab-mutations/2'
  /** The day, `2026-03-01`. */
  on: string
  /** Which part of a run it is of; none of a whole one. Each lab is in one part. */
  shard?: Shard
  labs: LabMutations[]
}

/** One lab, broken in every way that was found. */
export interface LabMutations {
  lab: string
  /** Of the lab's file, in hex: another text is another lab. */
  sha256: string
  /** Of all that decides what happens up to the end of each step; see `stepHashes`. */
  steps: string[]
  /** In which machine: `sandbox:trixie, engine 26.1.5, iptables nft`. */
  machine: string
  /** How many commands its steps have, and how many of them only look, which are not broken. */
  commands: number
  looking: number
  /** How many mutations there are in all; `mutations` has fewer where only some were asked for, or the run was cut off. */
  found: number
  mutations: Tried[]
  /** What the lab says that nothing can see anywhere, as sources of regular expressions. */
  unseen: string[]
}

/** A mutation and what came of it. */
export interface Tried extends Mutation {
  outcome: Outcome | { result: 'not applicable'; because: string }
  /** Why nothing can see it, where the lab says so. */
  unseen: string | null
}

/** What a lab explains for nothing, as it is seen or isn't there; none where only some of its mutations were tried. */
export function idleExplanations({ mutations, found, unseen }: LabMutations): string[] {
  if (mutations.length < found) return []
  const survivors = mutations.filter(({ outcome }) => outcome.result === 'survived')
  return unseen.filter(source => !survivors.some(({ change }) => new RegExp(source).test(change)))
}

/** Sums over mutations. */
export interface Score {
  killed: number
  survived: number
  /** Of those that survived, how many no lab explains. */
  unexplained: number
  notApplicable: number
  untried: number
  /** Killed of those that could be, from 0 to 1; 1 where there are none. */
  score: number
  /** How long a kill takes, in ms: the median; undefined where there is none. */
  medianMs: number | undefined
}

/** Sums the mutations of labs up. */
export function scoreOf(mutations: readonly Tried[]): Score {
  const those = <Result extends Tried['outcome']['result']>(result: Result) =>
    mutations.filter(({ outcome }) => outcome.result === result)
  const [killed, survived] = [those('killed'), those('survived')]
  const times = killed.flatMap(({ outcome }) => (outcome.result === 'killed' ? [outcome.by.ms] : []))
  const tried = killed.length + survived.length
  return {
    killed: killed.length,
    survived: survived.length,
    unexplained: survived.filter(({ unseen }) => unseen === null).length,
    notApplicable: those('not applicable').length,
    untried: those('untried').length,
    score: tried === 0 ? 1 : killed.length / tried,
    medianMs: times.toSorted((one, other) => one - other)[Math.floor((times.length - 1) / 2)],
  }
}
