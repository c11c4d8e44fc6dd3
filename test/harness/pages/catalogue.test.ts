import { expect } from 'chai'
import { withCatalogue } from '../../../harness/pages/catalogue.ts'
import { cell } from '../../../harness/reporters/markdown.ts'
import { lab } from '../reporters/sample-run.ts'

const page = '# A page\n\n<!-- catalogue: made by `npm run lab docs` -->\nold\n<!-- end of the catalogue -->\n\nMore.\n'

describe('the catalogue', () => {
  it('stands where a page has room for it, with how many claims each lab judges', () => {
    const made = withCatalogue(page, [lab, { ...lab, name: 'own', steps: [], finds: 'a | b' }]) ?? ''
    expect(made.split('\n').slice(2)).to.deep.equal([
      '<!-- catalogue: made by `npm run lab docs` -->',
      '',
      '| lab | reproduces | finds | claims |',
      '|---|---|---|---|',
      '| [`bridge-nat`](docs/labs/bridge-nat.md) | A bridge, two namespaces and NAT, by hand |  | 4 |',
      '| [`own`](docs/labs/own.md) | A bridge, two namespaces and NAT, by hand | a \\| b | ours |',
      '',
      '<!-- end of the catalogue -->',
      '',
      'More.',
      '',
    ])
    expect(withCatalogue(made, [lab])).to.equal(withCatalogue(page, [lab]))
  })

  it('has no room in a page that isn’t marked', () => {
    expect(withCatalogue('# A page\n', [lab])).to.equal(undefined)
  })

  it('keeps a text from being read as a table or a tag', () => {
    expect(cell('a|b <c>\nd')).to.equal('a\\|b &lt;c> d')
  })
})
