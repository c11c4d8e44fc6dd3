import { expect } from 'chai'
import { readSnapshots, type Snapshot } from '../../../harness/mutate/snapshot.ts'
import { mutationsAfter, mutationsAtStart } from '../../../harness/mutate/state.ts'

function withRules(rules: string): Snapshot {
  const table = `*filter\n:FORWARD DROP [0:0]\n:STAGE - [0:0]\n${rules}\nCOMMIT\n`
  const snapshot = readSnapshots(`@@@ 0.after\n${table}@@ ports\n@@ sysctls\n@@ forwarded\n`).get('0.after')
  if (!snapshot) throw new Error('no snapshot')
  return snapshot
}

/** Why each mutation of these rules of the filter table is none, by what it does; undefined where it is one. */
function idleness(rules: string): Record<string, string | undefined> {
  const snapshot = withRules(rules)
  const found = mutationsAtStart(null, snapshot, { snapshots: [snapshot], claimed: [] })
  return Object.fromEntries(found.map(({ change, idle }) => [change, idle]))
}

describe('mutations of rules that are there', () => {
  it('take away a rule that returns only where it spares packets another one', () => {
    const found = idleness('[5:300] -A STAGE -i lo -j RETURN\n[0:0] -A STAGE -o lo -j DROP\n[5:300] -A STAGE -j RETURN')
    expect(found).to.have.property('without the rule -A STAGE -i lo -j RETURN', undefined)
    expect(found['without the rule -A STAGE -j RETURN']).to.match(/^the rule decides nothing/)
  })

  it('put a rule that returns at the head of its chain, where packets met those behind it', () => {
    const returns = '\n[0:0] -A STAGE -j RETURN'
    const change = 'first of its chain: the rule -A STAGE -j RETURN'
    expect(idleness(`[5:300] -A STAGE -o lo -j DROP${returns}`)).to.have.property(change, undefined)
    expect(idleness(`[0:0] -A STAGE -o lo -j DROP${returns}`)[change]).to.equal(
      'no packet of the lab met the rules that it passes',
    )
  })

  it('move a rule only past those that decide otherwise for packets that both can meet', () => {
    const accept = '[5:300] -A FORWARD -o lo -j ACCEPT'
    const change = 'last of its chain: the rule -A FORWARD -o lo -j ACCEPT'
    expect(idleness(`${accept}\n[5:300] -A FORWARD -j DROP`)).to.have.property(change, undefined)
    for (const other of ['! -o lo', '-o eth0']) {
      expect(idleness(`${accept}\n[5:300] -A FORWARD ${other} -j DROP`)).not.to.have.property(change)
    }
    const subnet = '-A FORWARD -s 192.0.2.0/24 -j ACCEPT'
    const moved = (source: string) => idleness(`[5:300] ${subnet}\n[5:300] -A FORWARD -s ${source} -j DROP`)
    expect(moved('192.0.2.7')).to.have.property(`last of its chain: the rule ${subnet}`, undefined)
    expect(moved('192.0.3.7')).not.to.have.property(`last of its chain: the rule ${subnet}`)
    const stage = `${accept}\n[5:300] -A FORWARD -j STAGE\n[5:300] -A STAGE`
    expect(idleness(`${stage} -j DROP`)).to.have.property(change, undefined)
    expect(idleness(`${stage} -j ACCEPT`)).not.to.have.property(change)
  })

  it('do not take away a rule that returns what those behind it would not have taken', () => {
    const found = idleness('[5:300] -A STAGE -i lo -j RETURN\n[0:0] -A STAGE ! -i lo -j DROP')
    expect(found['without the rule -A STAGE -i lo -j RETURN']).to.match(/^the rule decides nothing/)
  })

  it('take away a rule only where packets met it while it was there, not an equal one that came later', () => {
    const rule = '-A FORWARD -i lo -j DROP'
    const [none, fresh, met] = [withRules(''), withRules(`[0:0] ${rule}`), withRules(`[5:300] ${rule}`)]
    const why = (...later: Snapshot[]) =>
      mutationsAfter('docker start web', none, fresh, { snapshots: [none, fresh, ...later], claimed: [] })[0]?.idle
    expect(why(met)).to.equal(undefined)
    expect(why(met, none)).to.equal(undefined)
    expect(why(none, fresh, met)).to.equal('no packet of the lab met the rule')
  })
})
