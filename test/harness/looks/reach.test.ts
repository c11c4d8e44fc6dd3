import { expect } from 'chai'
import { LookError } from '../../../harness/looks/probe.ts'
import { http, ping, tcp } from '../../../harness/looks/reach.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('reach', () => {
  for (const suite of suites) {
    describe(`by ping on ${suite}`, () => {
      const see = (name: string) => seen(suite, name, ping('192.0.2.1'))

      it('tells each reply', () => {
        const { replies, ...rest } = see('ping')
        expect(rest).to.deep.equal({ sent: 2, received: 2, errors: [], exitCode: 0, stderr: '' })
        expect(replies.map(({ from, ttl, sequence }) => ({ from, ttl, sequence }))).to.deep.equal([
          { from: '192.168.88.12', ttl: 64, sequence: 1 },
          { from: '192.168.88.12', ttl: 64, sequence: 2 },
        ])
        expect(replies[0]?.ms).to.be.greaterThan(0)
      })

      it('tells that nobody answered', () => {
        expect(see('ping-unanswered')).to.deep.equal({
          sent: 1,
          received: 0,
          replies: [],
          errors: [],
          exitCode: 1,
          stderr: '',
        })
      })

      it('tells what came instead of a reply, and from whom', () => {
        expect(see('ping-ttl-exceeded').errors).to.deep.equal([{ from: '192.168.88.1', text: 'Time to live exceeded' }])
        expect(see('ping-unreachable').errors).to.deep.equal([
          { from: '192.168.88.11', text: 'Destination Host Unreachable' },
        ])
      })

      it('tells why nothing could be sent', () => {
        expect(see('ping-unsendable')).to.include({
          sent: 0,
          exitCode: 2,
          stderr: 'ping: connect: Network is unreachable',
        })
      })
    })

    describe(`by TCP on ${suite}`, () => {
      it('tells that a connection was accepted, refused, unanswered, or could not be tried', () => {
        const see = (name: string) => seen(suite, name, tcp('192.0.2.1', 80, { timeoutS: 1 }))
        expect(see('tcp')).to.deep.equal({ connected: true })
        expect(see('tcp-refused')).to.deep.equal({ connected: false, error: 'Connection refused' })
        expect(see('tcp-unanswered')).to.deep.equal({ connected: false, error: 'timed out after 1 s' })
        expect(see('tcp-unsendable')).to.deep.equal({ connected: false, error: 'Network is unreachable' })
      })
    })

    describe(`by HTTP on ${suite}`, () => {
      const see = (name: string) => seen(suite, name, http('http://192.0.2.1/'))

      it('tells status, body, and the source address that the server saw', () => {
        const answer = see('http')
        expect(answer).to.include({ status: 200, body: 'hello\n' }).and.not.to.have.property('error')
        expect(answer.seenFrom?.address).to.equal('192.168.88.11')
        expect(answer.seenFrom?.port).to.be.greaterThan(1023)
        expect(answer.headers).to.include({ 'content-type': 'text/plain', 'content-length': '6' })
      })

      it('tells why no answer came', () => {
        expect(see('http-refused').error).to.match(/Failed to connect to 192\.168\.88\.1/)
        expect(see('http-unanswered').error).to.match(/timed out/)
        expect(see('http-refused')).not.to.have.property('status')
      })
    })
  }

  it('throws a LookError when the tool is not there, which is not the same as no answer', () => {
    const missing = { exitCode: 127, signal: null, stdout: '', stderr: 'sh: 1: exec: ping: not found\n' }
    expect(() => ping('192.0.2.1').parse(missing)).to.throw(LookError, /ping: not found/)
    expect(() => http('http://192.0.2.1').parse(missing)).to.throw(LookError)
    expect(() => tcp('192.0.2.1', 80).parse({ ...missing, stderr: 'timeout: failed to run command: bash\n' })).to.throw(
      LookError,
    )
  })

  it('asks as it is told', () => {
    expect(ping('192.0.2.1', { count: 3, timeoutS: 2, ttl: 5, from: 'eth0' }).script).to.equal(
      'LC_ALL=C exec ping -n -c 3 -W 2 -i 0.2 -t 5 -I eth0 192.0.2.1',
    )
  })
})
