import { expect } from 'chai'
import { age, size, table } from '../../../harness/cli/table.ts'

describe('a table', () => {
  it('has aligned columns, numbers to the right', () => {
    const rows = [
      ['NAME', 'PID'],
      ['bridge-nat', '7'],
      ['a', '4711'],
    ]
    expect(table(rows, { right: ['PID'] })).to.equal('NAME         PID\nbridge-nat     7\na           4711\n')
    expect(
      table([
        ['NAME', 'STATE'],
        ['a', ''],
      ]),
    ).to.equal('NAME  STATE\na\n')
  })

  it('says sizes and ages in units that people take in', () => {
    expect([812, 12_345, 340e6, 999.6e6, 1.23e9].map(size)).to.deep.equal([
      '812 B',
      '12 kB',
      '340 MB',
      '1.0 GB',
      '1.2 GB',
    ])
    expect([12.9, 200, 7500, 270_000].map(age)).to.deep.equal(['12 s', '3 min', '2 h 05 min', '3 d 3 h'])
  })
})
