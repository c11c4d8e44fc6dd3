import { subjects } from '../claims/engine-change.ts'
import { count } from '../reporters/words.ts'
import type { LedgerClaim } from './ledger.ts'
import { patch, type Upgrade } from './upgrades.ts'

/** What upgrades of the engine changed, as labs saw it, for people, in Markdown: by subject, the latest first. */
export function fromEngineToEngine(claims: readonly LedgerClaim[], upgrades: readonly Upgrade[]): string[] {
  if (upgrades.length === 0) return ['Nothing that labs have seen depends on the engine.']
  const sections = subjects.flatMap(subject => {
    const its = upgrades.filter(({ of }) => of === subject).toSorted((one, other) => other.since - one.since)
    const title = `### ${subject.charAt(0).toUpperCase()}${subject.slice(1)}`
    const alike = Map.groupBy(its, ({ since, says }) => `${since} ${says}`)
    return its.length > 0 ? [title, ...[...alike.values()].flatMap(same => section(claims, same))] : []
  })
  const numbers = [...Map.groupBy(upgrades, ({ after }) => after.engine)]
    .toSorted(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .map(([engine, its]) => `${count(new Set(its.map(({ says }) => says)).size, 'thing')} with ${engine}`)
  return [
    `What upgrades of the engine changed, as labs saw it: ${numbers.join(', ')}. Below each is what shows it: \`-\` was true on the last engine before,` +
      ' `+` is since.',
    ...sections,
  ]
}

/** What several labs show of one change; with the evidence of one: that has rules, if any has, and the least besides. */
function section(claims: readonly LedgerClaim[], its: readonly Upgrade[]): string[] {
  const rules = (one: Upgrade) => [one.before, one.after].filter(({ shows }) => shows.join().includes(' rule -')).length
  const length = (one: Upgrade) => patch(one).join().length
  const [plainest] = its.toSorted((one, other) => rules(other) - rules(one) || length(one) - length(other))
  if (!plainest) return []
  const where = its.flatMap(({ lab, step, before, after }) => {
    const judged = claims.flatMap(({ id, cells }) => {
      const [was, is] = [before, after].map(({ engine }) => {
        const proofs = cells.find(cell => cell.engine === engine)?.proofs
        return proofs?.find(proof => proof.lab === lab && proof.step === step)?.verdict
      })
      return was && is ? [was === is ? id : `${id}: ${was}, then ${is}`] : []
    })
    return [`[${lab}](labs/${lab}.md) ${step}${judged.length > 0 ? ` (${judged.join('; ')})` : ''}`]
  })
  return [
    `**${plainest.after.engine}** ${plainest.says}. *${where.join(', ')}*`,
    `\`\`\`diff\n${patch(plainest).join('\n')}\n\`\`\``,
  ]
}
