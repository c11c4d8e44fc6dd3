import type { Unproved } from '../../harness/claims/proved.ts'
import { appliesTo } from '../../harness/claims/verdict.ts'
import type { JsonReport } from '../../harness/reporters/json-report.ts'

/** What needs another kernel than this host's is proved in a virtual machine, by whoever runs the lab there. */
const elsewhere = /^the step was skipped: the kernel has no /

/** What one run of one lab has left unproved, in words, of what it should have: what is meant for other machines is theirs to prove. */
export function toldOf(unproved: readonly Unproved[], { labs: [run] }: Pick<JsonReport, 'labs'>): string[] {
  const machine = { engine: run?.machine?.engine ?? null, backend: run?.machine?.iptablesBackend ?? null }
  return unproved.filter(({ why, proof }) => appliesTo(proof.judgement, machine) && !elsewhere.test(why)).map(inWords)
}

/** What runs of all labs on all kinds of machines have left unproved, in words. */
export function toldOfAll(unproved: readonly Unproved[]): string[] {
  return unproved.filter(({ why }) => !elsewhere.test(why)).map(inWords)
}

function inWords({ proof, why }: Unproved): string {
  return `${proof.judgement.id} by ${proof.lab} ${proof.step?.number}: ${why}`
}
