import { expect } from 'chai'
import { RuleError } from '../../../harness/iptables/rule-error.ts'
import { quote, split } from '../../../harness/iptables/words.ts'

describe('the words of a rule', () => {
  it('are read from a person as a shell reads them', () => {
    expect(split(`a  "b c" 'd "e"' f\\ g "h \\"i\\" \\j" k"l"'m' ""`, 'shell')).to.deep.equal([
      'a',
      'b c',
      'd "e"',
      'f g',
      'h "i" \\j',
      'klm',
      '',
    ])
  })

  it('may go on after a line that ends with a backslash', () => {
    expect(split('-A INPUT \\\n  -j DROP', 'shell')).to.deep.equal(['-A', 'INPUT', '-j', 'DROP'])
  })

  it('are read from iptables-save with a backslash before any character', () => {
    expect(split(`--comment "it\\'s \\"x\\" \\\\ y" -j DROP`, 'save')).to.deep.equal([
      '--comment',
      `it's "x" \\ y`,
      '-j',
      'DROP',
    ])
  })

  it('are quoted so that both read the same', () => {
    for (const word of ['', 'plain', 'a b', `it's`, 'say "no"', '$x `y` \\ !', 'Grüße', '172.17.0.2:80', 'a;b|c']) {
      expect(split(quote(word), 'shell')).to.deep.equal([word])
      expect(split(quote(word), 'save')).to.deep.equal([word])
    }
  })

  it('are quoted so that a shell expands nothing', () => {
    expect(quote('$HOME `id` "x" \\')).to.equal('"\\$HOME \\`id\\` \\"x\\" \\\\"')
  })

  it('are refused when a quote stays open', () => {
    expect(() => split('--comment "a b', 'shell')).to.throw(RuleError, 'left open')
    expect(() => split("--comment 'a b", 'shell')).to.throw(RuleError, 'left open')
    expect(() => split('--comment "a b', 'save')).to.throw(RuleError, 'left open')
  })
})
