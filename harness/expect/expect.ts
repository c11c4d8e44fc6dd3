import * as chai from 'chai'
import type { Verdict } from './judge.ts'
import { networkAssertions, type Settings } from './plugin.ts'
import { inWords } from './shows.ts'
import { callerLine } from './where.ts'

chai.use(networkAssertions)
chai.use(tellingVerdicts)

/** chai's `expect`, told about each verdict. */
export type Expect = (subject: unknown) => Chai.Assertion

/** Says of the expectation at a line how long it may look, and who is told. */
export type Judging = (where: string) => Omit<Settings, 'where'>

/** An `expect` whose assertions, chai's own ones among them, look as long as they are let and tell every verdict. */
export function bindExpect(judging: Judging): Expect {
  return subject => {
    const assertion = chai.expect(subject)
    const where = callerLine()
    const judgement: Settings = { ...judging(where), where }
    chai.util.flag(assertion, 'judgement', judgement)
    return assertion
  }
}

// All of chai's own assertions come through `assert`: so `expect(stdout).to.match(…)` is told as well.
function tellingVerdicts({ Assertion }: Chai.ChaiStatic, { flag, getMessage }: Chai.ChaiUtils): void {
  const decide = Assertion.prototype.assert
  Assertion.prototype.assert = function (...args: Parameters<typeof decide>) {
    const settings: Settings | undefined = flag(this, 'judgement')
    if (!settings) return decide.apply(this, args)
    const tell = (status: Verdict['status']) =>
      settings.onVerdict({
        text: getMessage(this, args as unknown as Chai.AssertionArgs),
        status,
        saw: status === 'passed' ? firstLine(inWords(flag(this, 'object'))) : inWords(flag(this, 'object')),
        looks: 1,
        ms: 0,
        where: settings.where,
      })
    try {
      decide.apply(this, args)
    } catch (error) {
      tell('failed')
      throw error
    }
    tell('passed')
  }
}

// What a command printed is told with the command; who reads that a text matches needs no second copy of it.
function firstLine(text: string): string {
  const [first = '', ...more] = text.trim().split('\n')
  return more.length > 0 ? `${first} … (${more.length + 1} lines)` : first
}
