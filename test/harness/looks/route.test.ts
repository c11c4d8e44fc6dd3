import { expect } from 'chai'
import { LookError } from '../../../harness/looks/probe.ts'
import { routes } from '../../../harness/looks/route.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('routes', () => {
  for (const suite of suites) {
    describe(`on ${suite}`, () => {
      it('are those of the main table, in its order', () => {
        const all = seen(suite, 'routes', routes())
        expect(all).to.deep.equal([
          { type: 'unicast', destination: 'default', gateway: '203.0.113.1', link: 'eth0', flags: [] },
          { type: 'unicast', destination: '10.9.0.0/16', gateway: '192.168.88.11', link: 'br01', metric: 7, flags: [] },
          { type: 'blackhole', destination: '10.10.0.0/16', flags: [] },
          {
            type: 'unicast',
            destination: '192.168.88.0/24',
            link: 'br01',
            protocol: 'kernel',
            scope: 'link',
            source: '192.168.88.1',
            flags: [],
          },
          {
            type: 'unicast',
            destination: '203.0.113.0/24',
            link: 'eth0',
            protocol: 'kernel',
            scope: 'link',
            source: '203.0.113.2',
            flags: [],
          },
        ])
      })

      it('of the local table say which addresses are the own ones', () => {
        const own = seen(suite, 'routes-local', routes({ table: 'local' }))
        expect(own.filter(({ type }) => type === 'local').map(({ destination }) => destination)).to.include.members([
          '127.0.0.0/8',
          '192.168.88.1',
          '203.0.113.2',
        ])
        expect(own.filter(({ type }) => type === 'broadcast').map(({ destination }) => destination)).to.include(
          '192.168.88.255',
        )
      })

      it('can be those of a table by number, and none where no route was ever put', () => {
        expect(seen(suite, 'routes-100', routes({ table: 100 }))).to.deep.equal([
          { type: 'unicast', destination: '10.11.0.0/16', link: 'br01', scope: 'link', flags: [] },
        ])
        expect(seen(suite, 'routes-101', routes({ table: 101 }))).to.deep.equal([])
      })

      it('can be IPv6 ones', () => {
        const ipv6 = seen(suite, 'routes-inet6', routes({ family: 'inet6' }))
        expect(ipv6.map(({ destination }) => destination)).to.deep.equal(['fe80::/64'])
      })

      it('of all tables name theirs', () => {
        const all = seen(suite, 'routes-all', routes({ table: 'all' }))
        expect(all.filter(({ table }) => table === 'local')).not.to.be.empty
        expect(all.filter(({ table }) => table === undefined).map(({ destination }) => destination)).to.include(
          'default',
        )
      })
    })
  }

  it('throw a LookError when the table is not a table', () => {
    const refused = {
      exitCode: 255,
      signal: null,
      stdout: '',
      stderr: 'Error: argument "x" is wrong: table id value is invalid\n',
    }
    expect(() => routes({ table: 'x' }).parse(refused)).to.throw(LookError, /routes of table x: exit code 255.*invalid/)
  })

  it('quote the name of a table for the shell', () => {
    expect(routes({ table: 'a; reboot' }).script).to.contain("table 'a; reboot'")
  })
})
