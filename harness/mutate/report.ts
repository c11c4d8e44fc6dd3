import type { Mutation } from './mutation.ts'
import type { Outcome } from './trial.ts'

/** What breaking labs on purpose came to; the file that `--mutate --reporter json=PATH` writes. */
export interface MutationReport {
  schema: 'vethlab-mutations/1'
  /** The day, `2026-03-01`. */
  on: string
  labs: LabMutations[]
}

/** One lab, broken in every way that was found. */
export interface LabMutations {
  lab: string
  /** In which machine: `sandbox:trixie, engine 26.1.5, iptables nft`. */
  machine: string
  /** How many commands its steps have, and how many of them only look, which are not broken. */
  commands: number
  looking: number
  mutations: Tried[]
  /** Explanations in the lab that explain nothing: what they are about is seen, or isn't there. */
  idleExplanations: string[]
}

/** A mutation and what came of it. */
export interface Tried extends Mutation {
  outcome: Outcome | { result: 'not applicable'; because: string }
  /** Why nothing can see it, where the lab says so. */
  unseen: string | null
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
