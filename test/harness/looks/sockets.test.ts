import { expect } from 'chai'
import { LookError } from '../../../harness/looks/probe.ts'
import { sockets } from '../../../harness/looks/sockets.ts'
import { suites } from '../../../vm/suite.ts'
import { recorded } from '../iptables/recorded.ts'

const read = (stdout: string, exitCode = 0) => sockets().parse({ exitCode, signal: null, stdout, stderr: 'ss: no' })

describe('the look for listening sockets', () => {
  for (const suite of suites) {
    describe(`on ${suite}`, () => {
      const seen = read(recorded(`${suite}/sockets/listening.txt`))

      it('tells every form of address', () => {
        const shown = seen.map(({ protocol, address, port, link }) => [protocol, address, port, link])
        expect(shown).to.have.deep.members([
          ['tcp', '0.0.0.0', 80, undefined],
          ['tcp', '127.0.0.1', 81, undefined],
          ['tcp', '0.0.0.0', 82, 'near'],
          ['tcp', '*', 83, undefined],
          ['tcp', '::', 84, undefined],
          ['tcp', '::1', 85, undefined],
          ['udp', '127.0.0.1', 53, 'lo'],
          ['udp', 'fe80::1', 546, 'near'],
          ['udp', '*', 547, 'far'],
        ])
      })

      it('tells the processes that hold one, whatever their name', () => {
        for (const socket of seen) {
          expect(socket.process).to.equal('web ("main"')
          expect(socket.pids).to.have.lengthOf(2)
          expect(new Set(socket.pids).size).to.equal(2)
        }
      })

      it('tells no process where none can be seen', () => {
        const elsewhere = read(recorded(`${suite}/sockets/elsewhere.txt`))
        expect(elsewhere).to.have.lengthOf(seen.length)
        for (const socket of elsewhere) {
          expect(socket).not.to.have.property('process')
          expect(socket.pids).to.deep.equal([])
        }
      })

      it('tells none where there is none', () => expect(read(recorded(`${suite}/sockets/none.txt`))).to.deep.equal([]))
    })
  }

  it('is an error when ss fails, or prints something else', () => {
    expect(() => read('', 1)).to.throw(LookError, 'exit code 1: ss: no')
    expect(() => read('hello\n')).to.throw(LookError, 'hello')
    expect(() => read('sctp LISTEN 0 5 0.0.0.0:80 0.0.0.0:*\n')).to.throw(LookError, 'sctp')
  })
})
