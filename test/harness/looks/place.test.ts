import { expect } from 'chai'
import { links } from '../../../harness/looks/link.ts'
import { inPlace, inWords } from '../../../harness/looks/place.ts'
import { LookError } from '../../../harness/looks/probe.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('place', () => {
  for (const suite of suites) {
    it(`that is not there is a LookError that lists the netns there are, on ${suite}`, () => {
      expect(() => seen(suite, 'links-of-nowhere', links())).to.throw(
        LookError,
        'links in netns nowhere: no such netns, these are: ns01 ns02 outside',
      )
    })
  }

  it('stands in the title', () => {
    expect(inPlace(links(), { netns: 'ns01' }).title).to.equal('links in netns ns01')
    expect(inPlace(links(), { container: 'web', pid: 7 }).title).to.equal('links in container web')
    expect(inWords('guest')).to.equal('')
  })

  it("of a container is its process's netns", () => {
    expect(inPlace(links(), { container: 'web', pid: 7 }).script).to.equal(
      "exec nsenter --net=/proc/7/ns/net sh -c 'ip -d -j addr'",
    )
  })

  it('that nsenter cannot enter is a LookError, whatever the probe makes of exit codes', () => {
    const refused = {
      exitCode: 1,
      signal: null,
      stdout: '',
      stderr: 'nsenter: cannot open /proc/7/ns/net: No such file or directory\n',
    }
    const probe = { title: 'x', script: 'x', parse: () => 'whatever' }
    expect(() => inPlace(probe, { container: 'web', pid: 7 }).parse(refused)).to.throw(LookError, /cannot open/)
  })
})
