import { expect } from 'chai'
import { bindFixtures } from '../../../harness/containers/fixtures.ts'
import { nameServer } from '../../../harness/outside/name-server.ts'
import type { Machine } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import type { Suite } from '../../../vm/suite.ts'

const records = [
  'host.example.com A 192.0.2.7',
  'host.example.com A 192.0.2.8',
  'host.example.com AAAA 2001:db8::7',
  '7.2.0.192.in-addr.arpa PTR host.example.com',
  '_http._tcp.example.com SRV 1 2 8080 host.example.com',
  'www.example.com CNAME host.example.com',
]

/** What holds of a name server, as the suite's machine has it. */
export function describeNameServer(suite: Suite): void {
  describe(`a name server outside, as ${suite} has it`, function () {
    this.timeout(120_000)
    let machine: Machine
    before(async function () {
      this.timeout(0) // An image may have to be built.
      if (process.getuid?.() !== 0) this.skip()
      const signal = new AbortController().signal
      machine = await sandbox.start({ label: 'test', suite, engine: false, keep: false, report: () => {}, signal })
    })
    after(async () => await machine?.[Symbol.asyncDispose]())
    const dig = async (question: string) => (await machine.exec(`dig +time=2 +tries=1 ${question}`)).stdout

    it('answers with the records that it is given, and tells what it was asked', async () => {
      const names = await bindFixtures(() => machine).nameServer(records)
      const answers: string[] = []
      const asked = await names.queries({
        while: async () => {
          for (const question of [
            'HOST.example.com A',
            'host.example.com AAAA',
            '-x 192.0.2.7',
            'www.example.com CNAME',
          ])
            answers.push((await dig(`+short ${question}`)).trim())
          answers.push((await dig('+short _http._tcp.example.com SRV @203.0.113.1')).trim())
        },
      })
      expect(answers).to.deep.equal([
        '192.0.2.7\n192.0.2.8',
        '2001:db8::7',
        'host.example.com.',
        'host.example.com.',
        '1 2 8080 host.example.com.',
      ])
      const from = '203.0.113.2'
      expect(asked).to.deep.equal([
        { from, name: 'HOST.example.com', type: 'A' },
        { from, name: 'host.example.com', type: 'AAAA' },
        { from, name: '7.2.0.192.in-addr.arpa', type: 'PTR' },
        { from, name: 'www.example.com', type: 'CNAME' },
        { from, name: '_http._tcp.example.com', type: 'SRV' },
      ])
      await machine.exec(`kill ${names.pid}`)
    })

    it('tells a name that there is none from one without such a record, and only what is asked meanwhile', async () => {
      const names = await nameServer(machine, records, { address: '114.114.114.114' })
      expect(await dig('nowhere.example.com @114.114.114.114')).to.contain('status: NXDOMAIN')
      const asked = await names.queries({
        while: async () => {
          const answer = await dig('www.example.com TYPE65 @114.114.114.114')
          expect(answer).to.contain('status: NOERROR').and.contain('ANSWER: 0')
        },
      })
      expect(asked).to.deep.equal([{ from: '203.0.113.2', name: 'www.example.com', type: '65' }])
      await machine.exec(`kill ${names.pid}`)
    })

    it('leaves nothing behind when it is ended, and says so when it is asked for more', async () => {
      const names = await nameServer(machine, [])
      await machine.exec(`kill ${names.pid}; tail --pid=${names.pid} -f /dev/null`)
      const error = await names.queries({ while: () => {} }).catch(error => error)
      expect(error.message).to.equal('the name server at 203.0.113.1 is gone')
      const again = await nameServer(machine, [])
      await machine.exec(`kill ${again.pid}`)
    })

    it('says why it can not be: an address that is not there, a record that is none', async () => {
      const failure = (...args: [string[], { address?: string }?]) =>
        nameServer(machine, ...args).then(
          () => expect.fail('it started'),
          error => error.message,
        )
      expect(await failure([], { address: '192.0.2.1' })).to.equal(
        'no name server at 192.0.2.1: UDP port 53 of 192.0.2.1: Cannot assign requested address',
      )
      expect(await failure(['host.example.com MX 192.0.2.1'])).to.match(/no record of a type .*: host\.example\.com MX/)
      expect(await failure(['host.example.com A 192.0.2'])).to.match(/no record: host\.example\.com A 192\.0\.2$/)
    })
  })
}
