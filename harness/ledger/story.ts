import { said } from './changes.ts'
import type { Evidence } from './evidence.ts'
import type { LedgerClaim } from './ledger.ts'
import { patch, upgradesOf } from './upgrades.ts'

/**
 * One claim's story for a terminal: what the document says and types, what each engine does, what upgrades changed, the evidence, and how to see it
 * oneself. `bold` and `dim` style a text.
 */
export function story(
  claim: LedgerClaim,
  evidence: readonly Evidence[],
  { bold, dim }: Record<'bold' | 'dim', (text: string) => string>,
): string {
  const { id, document, section, says, commands = [], cells, untestable } = claim
  const lines = [
    bold(`${id}  ${document}`) + dim(`, ${section}`),
    says,
    ...commands.map(command => `  $ ${command.replaceAll('\n', '\n    ')}`),
    '',
  ]
  if (untestable !== null) lines.push(`${bold('untestable')}: ${untestable}`)
  else if (cells.length === 0) lines.push('No run has judged it yet.')
  for (const cell of cells) {
    const { on, provider, suite, engine } = cell.proved
    lines.push(`${bold(`Docker ${cell.engine}, iptables-${cell.backend}`)}  ${said(cell)}`)
    lines.push(dim(`  proved ${on} with ${engine} in ${provider}${suite === null ? '' : `, ${suite}`}`))
  }
  const steps = new Map(cells.flatMap(({ proofs }) => proofs.map(proof => [`${proof.lab} ${proof.step}`, proof])))
  const upgrades = upgradesOf(evidence).filter(({ lab, step }) => steps.has(`${lab} ${step}`))
  for (const [what, its] of Map.groupBy(upgrades, ({ after, says }) => `Docker ${after.engine}: ${says}`)) {
    lines.push('', bold(`Changed with ${what}`), ...its.flatMap(patch).map(line => `  ${line}`))
  }
  for (const { lab, step, title } of steps.values()) {
    lines.push('', bold(`${lab}, step ${step}: ${title}`))
    const seen = evidence.find(one => one.lab === lab)?.steps.find(one => one.number === step)?.seen ?? []
    for (const { on, commands, expectations } of seen) {
      if (seen.length > 1) lines.push(dim(`  on ${on.join(', ')}`))
      lines.push(...commands.map(command => `  ${command.replaceAll('\n', '\n    ')}`))
      for (const { text, saw } of expectations)
        lines.push(`  ✓ ${text}`, dim(`      saw ${saw.replaceAll('\n', '\n          ')}`))
    }
    lines.push(dim(`  see it: npm run lab ${lab} -- --until ${step} --keep`))
  }
  return `${lines.join('\n')}\n`
}
