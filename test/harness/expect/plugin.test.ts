import { expect } from 'chai'
import { ExpectationError } from '../../../harness/expect/error.ts'
import { bindExpect } from '../../../harness/expect/expect.ts'
import type { Verdict } from '../../../harness/expect/judge.ts'
import { parseRuleset } from '../../../harness/iptables/parse.ts'

const verdicts: Verdict[] = []
const judged = bindExpect(() => ({ patienceMs: 300, onVerdict: verdict => verdicts.push(verdict) }))

// A look that shows each value in turn, the last one for ever.
function looking<T>(...values: T[]) {
  let index = 0
  return { title: 'link br01', take: async () => values[Math.min(index++, values.length - 1)] as T }
}

async function failure(promise: Promise<unknown>): Promise<ExpectationError> {
  const error = await promise.then(
    () => undefined,
    thrown => thrown,
  )
  expect(error, 'it held').to.be.instanceOf(ExpectationError)
  return error
}

const down = { name: 'br01', kind: 'bridge', up: false, state: 'DOWN', addresses: [], master: undefined }
const up = { ...down, up: true, state: 'UP', addresses: ['192.168.88.1/24'] }

describe('an expectation', () => {
  beforeEach(() => verdicts.splice(0))

  it('looks again until it holds', async () => {
    await judged(looking(down, down, up))
      .patiently(15)
      .to.be.up()
    expect(verdicts).to.have.lengthOf(1)
    expect(verdicts[0]).to.include({ status: 'passed', looks: 3, text: 'link br01 should be up' })
  })

  it('gives up when patience ends and says what was asked, where and what was seen', async () => {
    const error = await failure(judged(looking(down)).to.be.up())
    expect(error.message).to.match(/^link br01 should be up\n {2}where test\/harness\/expect\/plugin\.test\.ts:\d+\n/)
    expect(error.saw).to.match(/^\{ up: false, state: 'DOWN' \} \(last of \d+ looks in \d+\.\d s\)$/)
    expect(verdicts[0]).to.include({ status: 'failed' })
  })

  it('looks longer where it is told to', async () => {
    // Of 0.3 s, the pauses between two looks leave room for four.
    const late = () => looking(down, down, down, down, down, up)
    await failure(judged(late()).to.be.up())
    await judged(late()).patiently(15).to.be.up()
    expect(verdicts.map(({ status }) => status)).to.deep.equal(['failed', 'passed'])
  })

  it('negated, looks until it ceases to hold', async () => {
    await judged(looking(up, down)).patiently(15).not.to.be.up()
    const error = await failure(judged(looking(up)).not.to.be.up())
    expect(error.text).to.equal('link br01 should not be up')
  })

  it('fails for a link that is not there, whatever is asked of it', async () => {
    for (const claim of ['bridge', 'up'] as const) await failure(judged(looking(undefined)).to.be[claim]())
    await failure(judged(looking(undefined)).to.be.portOf('br01'))
    await failure(judged(looking(undefined)).to.have.address('192.168.88.1'))
    await failure(judged(looking(undefined)).to.show({ up: true }))
  })

  it('knows bridges, ports and addresses', async () => {
    await judged(looking(up)).to.be.bridge()
    await failure(judged(looking({ ...up, kind: 'veth' })).to.be.bridge())
    await judged(looking({ ...up, master: 'br01' })).to.be.portOf('br01')
    await failure(judged(looking({ ...up, master: 'br02' })).to.be.portOf('br01'))
    await judged(looking(up)).to.have.address('192.168.88.1/24')
    await judged(looking(up)).to.have.address('192.168.88.1')
    await failure(judged(looking(up)).to.have.address('192.168.88.1/16'))
  })

  it('knows what is there and what is not', async () => {
    await judged(looking(up)).to.be.present()
    await judged(looking(undefined)).to.be.absent()
    await failure(judged(looking(up)).to.be.absent())
    await failure(judged(looking(undefined)).to.be.present())
    await failure(judged(looking([])).to.be.present())
  })

  it('finds what a command printed, and tells the line', async () => {
    await judged('Chain POSTROUTING\n1  MASQUERADE  all\n').to.print(/^1 +MASQUERADE/m)
    expect(verdicts[0]).to.include({ text: 'the command should print /^1 +MASQUERADE/m', saw: '1  MASQUERADE  all' })
    await judged('a\nlink/ether 02:42\n').to.print('ether 02:42')
    await judged('a\n').not.to.print('b')
    expect((await failure(judged('a\nb\n').to.print(/c/))).saw).to.equal('a\nb')
    expect((await failure(judged('').to.print(/c/))).saw).to.equal('no output')
  })

  it("tells chai's own verdicts too", () => {
    judged('abc').to.match(/b/)
    expect(() => judged('abc').to.match(/x/)).to.throw("expected 'abc' to match /x/")
    expect(verdicts.map(verdict => verdict.status)).to.deep.equal(['passed', 'failed'])
  })
})

describe('a negative', () => {
  it('about what is not there says nothing, and fails', async () => {
    await failure(judged(looking(undefined)).not.to.be.up())
    await failure(judged(looking(undefined)).not.to.be.bridge())
    await failure(judged(looking(undefined)).not.to.be.portOf('br01'))
    await failure(judged(looking(undefined)).not.to.show({ up: true }))
    await failure(judged(looking(undefined)).not.to.be.pairedWith(looking(undefined)))
    const none = looking(parseRuleset('*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n'))
    const rule = '-t nat -A POSTROUTING -j MASQUERADE'
    await failure(judged(none).not.to.use(rule, { while: async () => {} }))
    await failure(judged(none).not.to.have.ruleBefore(rule, rule))
    await judged(none).not.to.have.rule(rule)
    await judged(looking([])).not.to.show({ name: 'ns01' })
  })

  const nobody = { sent: 1, received: 0, replies: [], errors: [], exitCode: 1, stderr: '' }
  const request = { at: 'br01', time: 0, length: 98, text: 'echo request', icmp: { type: 'echo-request', code: 0 } }

  it('needs a witness', () => {
    expect(() => judged(looking(nobody)).not.to.answer()).to.throw(/needs a witness/)
    expect(() => judged([request]).not.to.have.frame({ at: 'eth0' })).to.throw(/needs a witness/)
  })

  it('holds when nobody answered and the witness saw the question', async () => {
    const capture = async (act: () => Promise<unknown>) => {
      await act()
      return [request]
    }
    await judged(looking(nobody)).not.to.answer({ capture, frame: { icmp: { type: 'echo-request' } } })
    const error = await failure(judged(looking(nobody)).not.to.answer({ capture, frame: { at: 'eth0' } }))
    expect(error.saw).to.match(/NO WITNESS/)
  })

  it('fails when somebody answered', async () => {
    const answered = { ...nobody, received: 1, replies: [{ from: '192.0.2.1', ttl: 64, ms: 1, sequence: 1 }] }
    const capture = async (act: () => Promise<unknown>) => {
      await act()
      return [request]
    }
    await judged(looking(answered)).to.answer()
    await failure(judged(looking(answered)).not.to.answer({ capture, frame: { at: 'br01' } }))
  })

  it('about frames fails without the frame that must have been captured', async () => {
    await judged([request]).not.to.have.frame({ at: 'eth0' }, { witness: { at: 'br01' } })
    await failure(judged([request]).not.to.have.frame({ at: 'eth0' }, { witness: { at: 'eth1' } }))
    await failure(judged([request]).not.to.have.frame({ at: 'br01' }, { witness: { at: 'br01' } }))
  })
})

describe('captured frames', () => {
  const echo = (at: string, type: string, source: string, sequence = 1) => ({
    at,
    time: 0,
    length: 98,
    text: `${source} ${type}`,
    ip: { version: 4, source, destination: '114.114.114.114', ttl: 64, protocol: 'icmp' },
    icmp: { type, code: 0, id: 7, sequence },
  })

  it('are found in an order, others between', async () => {
    const frames = [echo('a', 'echo-request', 'x'), echo('b', 'noise', 'y'), echo('a', 'echo-reply', 'z')]
    const types = [{ icmp: { type: 'echo-request' } }, { icmp: { type: 'echo-reply' } }]
    await judged(frames).to.have.frames(types)
    const error = await failure(judged(frames).to.have.frames([...types].reverse()))
    expect(error.saw).to.match(/missing from/)
  })

  it('are counted', async () => {
    const frames = [echo('a', 'echo-request', 'x'), echo('b', 'echo-request', 'x')]
    await judged(frames).to.have.frame({ icmp: { type: 'echo-request' } }, { times: 2 })
    await failure(judged(frames).to.have.frame({ icmp: { type: 'echo-request' } }, { times: 1 }))
  })

  it('show a rewritten address only when it is the same packet at both points', async () => {
    const rewrite = { from: { at: 'br01', ip: { source: 'private' } }, to: { at: 'eth0', ip: { source: 'public' } } }
    const before = echo('br01', 'echo-request', 'private')
    await judged([before, echo('eth0', 'echo-request', 'public')]).to.have.rewrite(rewrite)
    await failure(judged([before, echo('eth0', 'echo-request', 'public', 2)]).to.have.rewrite(rewrite))
    await failure(judged([before, echo('eth0', 'echo-request', 'private')]).to.have.rewrite(rewrite))
    await failure(judged([before]).to.have.rewrite(rewrite))
  })
})

describe('a ruleset', () => {
  const saved = (packets: number) => `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
[${packets}:84] -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE
[0:0] -A POSTROUTING -s 10.0.0.0/8 -j ACCEPT
COMMIT
`
  const masquerade = '-t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE'
  const accept = '-t nat -A POSTROUTING -s 10.0.0.0/8 -j ACCEPT'

  it('has rules by meaning, position and order', async () => {
    const rules = looking(parseRuleset(saved(0)))
    await judged(rules).to.have.rule('iptables -t nat -A POSTROUTING --source 192.168.88.7/24 --jump MASQUERADE')
    await judged(rules).to.have.rule(masquerade, { position: 1 })
    await failure(judged(rules).to.have.rule(masquerade, { position: 2 }))
    await judged(rules).to.have.ruleBefore(masquerade, accept)
    await failure(judged(rules).to.have.ruleBefore(accept, masquerade))
    const error = await failure(
      judged(rules).to.have.rule('-t nat -A POSTROUTING -s 192.168.88.0/24 -o eth0 -j MASQUERADE'),
    )
    expect(error.saw).to.match(/nearest: rule 1: .*-o/)
    await judged(rules).not.to.have.rule('-t nat -A POSTROUTING -s 192.168.89.0/24 -j MASQUERADE')
    await judged(rules).to.have.policy('nat', 'POSTROUTING', 'ACCEPT')
    await failure(judged(rules).to.have.policy('nat', 'POSTROUTING', 'DROP'))
  })

  it('is used as often as its counter rises', async () => {
    const rising = () => looking(parseRuleset(saved(1)), parseRuleset(saved(3)))
    const act = { while: async () => {} }
    await judged(rising()).to.use(masquerade, { times: 2, ...act })
    await judged(rising()).to.use(masquerade, act)
    await failure(judged(rising()).to.use(masquerade, { times: 1, ...act }))
    await judged(rising()).not.to.use(accept, act)
    await failure(judged(rising()).to.use(accept, act))
  })
})
