import type { JsonReport, JsonStep } from '../reporters/json-report.ts'
import type { Coverage, Proof } from './coverage.ts'
import { appliesTo, type Circumstances } from './verdict.ts'

/** A proof that no run has given, and why, in a few words. */
export interface Unproved {
  proof: Proof
  why: string
}

/**
 * Which proofs stand in a lab but were given in none of these runs: the step must have passed, with an expectation that held, on
 * a machine for which the judgement is meant. What no lab can test needs no proof.
 */
export function unprovedIn({ claims }: Coverage, reports: readonly JsonReport[]): Unproved[] {
  const runs = reports.flatMap(({ labs }) => labs)
  return claims
    .flatMap(({ proofs }) => proofs)
    .flatMap(proof => {
      const { lab, step, judgement } = proof
      if (!step) return []
      const ran = runs.filter(({ name }) => name === lab)
      if (ran.length === 0) return [{ proof, why: 'no run of the lab' }]
      const meant = ran.filter(
        ({ machine }) => machine && appliesTo(judgement, { engine: machine.engine, backend: machine.iptablesBackend }),
      )
      if (meant.length === 0) return [{ proof, why: `no run with ${inWords(judgement.on)}` }]
      const steps = meant.flatMap(({ steps }) => steps.filter(({ number }) => number === step.number))
      const proves = steps.some(
        ({ status, expectations }) => status === 'passed' && expectations.some(one => one.status === 'passed'),
      )
      if (proves) return []
      const reached = new Set(steps.map(({ status }) => status))
      const end = reached.has('failed') ? 'failed' : reached.has('passed') ? 'judged nothing' : skippedFor(steps)
      return [{ proof, why: `the step ${end}` }]
    })
}

function skippedFor(steps: readonly JsonStep[]): string {
  const reason = steps.find(({ reason }) => reason)?.reason
  return reason ? `was skipped: ${reason}` : 'was skipped'
}

function inWords(on: Circumstances): string {
  const parts = Object.entries(on).map(([name, value]) => `${name} ${value}`)
  return parts.join(' and ') || 'a machine that came up'
}
