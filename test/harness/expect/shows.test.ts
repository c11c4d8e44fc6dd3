import { expect } from 'chai'
import { asAsked, inWords, shows } from '../../../harness/expect/shows.ts'

const link = { name: 'br-veth01', master: 'br01', up: true, addresses: ['192.168.88.1/24'], ip: { ttl: 63 } }

describe('what is seen shows what was asked', () => {
  it('when every field asked for is there, whatever else is', () => {
    expect(shows(link, { master: 'br01', up: true })).to.equal(true)
    expect(shows(link, { ip: { ttl: 63 } })).to.equal(true)
  })

  it('and does not when one field differs, is missing, or what was asked of is nothing', () => {
    expect(shows(link, { master: 'br01', up: false })).to.equal(false)
    expect(shows(link, { mtu: 1500 })).to.equal(false)
    expect(shows(undefined, { master: 'br01' })).to.equal(false)
    expect(shows(link, { ip: { ttl: 64 } })).to.equal(false)
  })

  it('when a text matches a RegExp or a value satisfies a predicate', () => {
    expect(shows(link, { name: /^br-/ })).to.equal(true)
    expect(shows(link, { name: /^veth/ })).to.equal(false)
    expect(shows(link, { ip: { ttl: (ttl: number) => ttl < 64 } })).to.equal(true)
    expect(shows({ ttl: 5 }, { ttl: /5/ })).to.equal(false)
  })

  it('for a list when one element shows an object, or all elements a list of the same length', () => {
    const routes = [{ to: 'default' }, { to: '10.0.0.0/8' }]
    expect(shows(routes, { to: '10.0.0.0/8' })).to.equal(true)
    expect(shows(routes, { to: '10.0.0.0/16' })).to.equal(false)
    expect(shows(routes, [{ to: 'default' }, { to: /^10/ }])).to.equal(true)
    expect(shows(routes, [{ to: 'default' }])).to.equal(false)
    expect(shows([], { to: 'default' })).to.equal(false)
  })

  it('and a failure prints only the fields that were asked for', () => {
    expect(asAsked(link, { master: 'x', ip: { ttl: 1 } })).to.deep.equal({ master: 'br01', ip: { ttl: 63 } })
    expect(asAsked([link], { master: 'x' })).to.deep.equal([{ master: 'br01' }])
    expect(inWords(asAsked(link, { mtu: 1500 }))).to.equal('{ mtu: undefined }')
    expect(inWords(undefined)).to.equal('nothing')
  })
})
