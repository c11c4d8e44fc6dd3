import { expect } from 'chai'
import { folder, readSnapshots, type Snapshot } from '../../../harness/mutate/snapshot.ts'
import { mutationsAfter, mutationsAtStart } from '../../../harness/mutate/state.ts'
import type { Machine } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../../vm/suite.ts'

function withRules(rules: string, rules6 = ''): Snapshot {
  const table = (saved: string) =>
    `*filter\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:STAGE - [0:0]\n${saved}\nCOMMIT\n`
  const both = `${table(rules)}@@ ip6tables\n${table(rules6)}`
  const snapshot = readSnapshots(`@@@ 0.after\n${both}@@ ports\n@@ sysctls\n@@ forwarded\n`).get('0.after')
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

  it('keep the rules of ip6tables apart from those of iptables', () => {
    const [rule, none] = ['-A FORWARD -i lo -j DROP', withRules('')]
    const found = (after: Snapshot) =>
      mutationsAfter('docker start web', none, after, { snapshots: [none, after], claimed: [] }).map(
        ({ change, idle }) => [change, idle],
      )
    const six = [`without the rule ip6tables ${rule}`, undefined]
    expect(found(withRules('', `[5:300] ${rule}`))).to.deep.equal([six])
    expect(found(withRules(`[0:0] ${rule}`, `[5:300] ${rule}`))).to.deep.equal([
      [`without the rule ${rule}`, 'no packet of the lab met the rule'],
      six,
    ])
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

describe('what a command made, taken away', () => {
  let machine: Machine
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    const signal = new AbortController().signal
    const asked = { label: 'test', suite: defaultSuite, engine: false, keep: false, report: () => {}, signal }
    machine = await sandbox.start(asked)
  })
  after(async () => await machine?.[Symbol.asyncDispose]())

  /** What is left where a command makes this while it has ended already, as an engine may. */
  const leftOf = async (makes: string, made: Snapshot, shows: string) => {
    const use = { snapshots: [made], claimed: [] }
    const [mutation] = mutationsAfter('docker start web', withRules(''), made, use)
    if (mutation?.act.kind !== 'afterwards') throw new Error('it is not done afterwards')
    const { before, script } = mutation.act
    const late = `(${makes}) >/dev/null 2>&1 &`
    return (await machine.exec(`mkdir -p ${folder}\n${before}\n${late}\n${script}\nwait\n${shows}`)).stdout
  }
  const rule = '-A OUTPUT -o lo -j DROP'

  it('a rule of iptables, and not the one that only came before it', async () => {
    const other = '-A OUTPUT -o lo -p udp -j ACCEPT'
    // At first the later one of both is alone.
    const makes = `iptables ${rule}; sleep 0.5; iptables ${other.replace('-A', '-I')}`
    const made = withRules(`[0:0] ${other}\n[0:0] ${rule}`)
    expect(await leftOf(makes, made, 'iptables -S OUTPUT')).to.equal(`-P OUTPUT ACCEPT\n${rule}\n`)
  })

  it('a rule of ip6tables', async () => {
    const made = withRules('', `[0:0] ${rule}`)
    expect(await leftOf(`sleep 0.5; ip6tables ${rule}`, made, 'ip6tables -S OUTPUT')).to.equal('-P OUTPUT ACCEPT\n')
  })

  it('a port of a bridge', async () => {
    const makes = 'ip link add br0 type bridge; ip link add p0 type veth peer p1; sleep 0.5; ip link set p0 master br0'
    const made = { ...withRules(''), ports: ['p0'] }
    expect(await leftOf(makes, made, 'ip -br link show p0; ip -br link show master br0')).to.match(/^p0@p1 .*\n$/)
  })
})
