import type { Frame } from '../capture/frame.ts'
import type { Ruleset } from '../iptables/model.ts'
import type { LinkEnd } from '../looks/peer.ts'
import { frame, framesInOrder, type Rewrite, rewrite } from './claims/frames.ts'
import { address, bridge, portOf, up } from './claims/link.ts'
import { print } from './claims/output.ts'
import { pairedWith } from './claims/pair.ts'
import { type Attempt, answer, noAnswer, type Witness } from './claims/reach.ts'
import { policy, rule, ruleBefore, use } from './claims/rules.ts'
import { absent, present, show } from './claims/state.ts'
import { type Claim, type Judgement, judge, type Subject } from './judge.ts'
import type { Pattern } from './shows.ts'
import { callerLine } from './where.ts'

declare global {
  namespace Chai {
    interface Assertion {
      /** What follows may take so many seconds, where five are too few: for what others decide by clocks of their own, as those who gossip. */
      patiently(seconds: number): Assertion
      /** Every field asked for is there and shows what was asked (a value, a RegExp, a predicate, or an object of these). */
      show(pattern: unknown): Promise<void>
      /** What was looked for is there. */
      present(): Promise<void>
      /** What was looked for isn't there. */
      absent(): Promise<void>
      /** What a command printed (its stdout or stderr) has a line that matches, or a text. */
      print(pattern: RegExp | string): Promise<void>
      /** A link is a bridge. */
      bridge(): Promise<void>
      /** A link is switched on. */
      up(): Promise<void>
      /** A link is attached to this bridge. */
      portOf(bridge: string): Promise<void>
      /** A link has this address, e.g. `192.168.88.1/24`. */
      address(address: string): Promise<void>
      /** Two looks at `peer` see the two ends of one wire. */
      pairedWith(other: { title: string; take(): Promise<LinkEnd | undefined> }): Promise<void>
      /** Somebody answered. `not` needs a witness that it was asked. */
      answer(witness?: Witness): Promise<void>
      /** A captured frame shows this. `not` needs a witness: a frame that was captured in the same run. */
      frame(pattern: Pattern, options?: { times?: number; witness?: Pattern }): Promise<void>
      /** Captured frames show these in this order. */
      frames(patterns: Pattern[]): Promise<void>
      /** A ruleset has a rule that means this, written as one types it: `-t nat -A POSTROUTING -s … -j MASQUERADE`. */
      rule(rule: string, options?: { position?: number }): Promise<void>
      /** A ruleset has both rules, the first before the second. */
      ruleBefore(first: string, second: string): Promise<void>
      /** A builtin chain has this policy. */
      policy(table: string, chain: string, policy: string): Promise<void>
      /** A rule counted packets while something happened: exactly `times`, or at least one. `not`: none. */
      use(rule: string, options: { times?: number; while: () => Promise<unknown> }): Promise<void>
      /** One packet was captured at two points, and was rewritten between them. */
      rewrite(rewrite: Rewrite): Promise<void>
    }
  }
}

/** What an assertion carries from `expect` to its verdict. */
export interface Settings extends Pick<Judgement, 'patienceMs' | 'where' | 'onVerdict'> {
  /** Told when judging begins, with what it comes to: so that one who isn't waited for is found. */
  onJudging?(verdict: Promise<void>): void
}

const defaultPatienceMs = 5000

/**
 * A chai plugin whose assertions know the network: `chai.use(networkAssertions)`. They take a look (`{ title, take() }`)
 * and look again until it shows what is claimed, or a value that was seen once. All return promises: await them.
 */
export const networkAssertions: Chai.ChaiPlugin = (chai, { addMethod, flag }) => {
  const prototype = chai.Assertion.prototype

  // Registers an assertion.
  function method<Args extends unknown[]>(name: string, run: (this: object, ...args: Args) => Promise<void>): void {
    addMethod(prototype, name, function (this: object, ...args: Args) {
      const verdict = run.apply(this, args)
      settingsOf(this).onJudging?.(verdict)
      // A promise of the caller's own: Node tells of one that fails and that nobody awaits.
      return verdict.then(() => {})
    })
  }

  // Registers one that judges a single subject: `claim` makes what is claimed of it, out of the arguments.
  function add<T, Args extends unknown[]>(name: string, claim: (...args: Args) => Claim<T>): void {
    method(name, function (this: object, ...args: Args) {
      return decide(this, subjectOf<T>(flag(this, 'object')), claim(...args))
    })
  }

  function settingsOf(assertion: object): Settings {
    const set: Settings | undefined = flag(assertion, 'judgement')
    return set ?? { patienceMs: defaultPatienceMs, where: callerLine(), onVerdict: () => {} }
  }

  function decide<T>(
    assertion: object,
    subject: Subject<T>,
    claim: Claim<T>,
    how: Partial<Settings & { negate: boolean }> = {},
  ) {
    const judgement = { negate: Boolean(flag(assertion, 'negate')), ...settingsOf(assertion), ...how }
    const text = `${subject.title} should ${judgement.negate ? 'not ' : ''}${claim.text}`
    return judge(subject, { ...claim, text }, judgement)
  }

  addMethod(prototype, 'patiently', function (this: object, seconds: number) {
    const settings = settingsOf(this)
    flag(this, 'judgement', { ...settings, patienceMs: (settings.patienceMs * seconds * 1000) / defaultPatienceMs })
  })

  add('show', show)
  add('present', present)
  add('absent', absent)
  add('bridge', bridge)
  add('up', up)
  add('portOf', portOf)
  add('address', address)
  add('frames', framesInOrder)
  add('rewrite', rewrite)
  add('rule', rule)
  add('ruleBefore', ruleBefore)
  add('policy', policy)

  method(
    'use',
    async function (this: object, text: string, options: { times?: number; while: () => Promise<unknown> }) {
      const settings = settingsOf(this)
      const subject = subjectOf<Ruleset>(flag(this, 'object'))
      const before = await takeFrom(subject)
      await options.while()
      const watched = { title: subject.title, take: async () => ({ before, after: await takeFrom(subject) }) }
      return decide(this, watched, use(text, options.times), settings)
    },
  )

  method('print', function (this: object, pattern: RegExp | string) {
    return decide(this, { title: 'the command', value: String(flag(this, 'object')) }, print(pattern))
  })

  method('pairedWith', function (this: object, other: { title: string; take(): Promise<LinkEnd | undefined> }) {
    const one = subjectOf<LinkEnd | undefined>(flag(this, 'object'))
    const both = { title: one.title, take: () => Promise.all([takeFrom(one), other.take()]) }
    return decide(this, both, pairedWith(other.title))
  })

  method('answer', function (this: object, witness?: Witness) {
    const subject = subjectOf<Attempt>(flag(this, 'object'))
    if (!flag(this, 'negate')) return decide(this, subject, answer())
    if (!witness)
      throw new TypeError(`${subject.title}: "not.to.answer" needs a witness that it was asked: { capture, frame }`)
    const watched = {
      title: subject.title,
      async take() {
        const attempts: Attempt[] = []
        const frames = await witness.capture(async () => attempts.push(await takeFrom(subject)))
        const [attempt] = attempts
        if (!attempt)
          throw new TypeError(`${subject.title}: the witness's capture() must run the function that it is given`)
        return { attempt, frames }
      },
    }
    return decide(this, watched, noAnswer(witness.frame), { negate: false })
  })

  method('frame', function (this: object, pattern: Pattern, options: { times?: number; witness?: Pattern } = {}) {
    const subject = subjectOf<Frame[]>(flag(this, 'object'))
    if (!flag(this, 'negate')) return decide(this, subject, frame(pattern, options))
    const { witness } = options
    if (witness === undefined) {
      throw new TypeError(
        `${subject.title}: "not.to.have.frame" needs a witness, a frame that was captured: { witness: { … } }`,
      )
    }
    const settings = settingsOf(this)
    return decide(this, subject, frame(witness), { ...settings, negate: false }).then(() =>
      decide(this, subject, frame(pattern, { witness }), settings),
    )
  })
}

function subjectOf<T>(object: unknown): Subject<T> {
  if (typeof object === 'object' && object !== null && 'take' in object && typeof object.take === 'function') {
    return object as Subject<T>
  }
  return { title: Array.isArray(object) ? 'the capture' : 'what was seen', value: object as T }
}

async function takeFrom<T>(subject: Subject<T>): Promise<T> {
  return 'take' in subject ? subject.take() : subject.value
}
