import { expect } from 'chai'
import { containerTrees } from '../../../../vm/image/containers.ts'
import { parseAddress } from '../../../../vm/providers/ssh/address.ts'
import { claimText } from '../../../../vm/providers/ssh/claim.ts'
import { readSurvey, refusal, type Survey } from '../../../../vm/providers/ssh/survey.ts'
import { defaultSuite } from '../../../../vm/suite.ts'

const good: Survey = {
  uid: '0',
  disposable: true,
  claimed: '',
  missing: [],
  outside: '127.0.0.1/8 114.114.114.114/32 203.0.113.1/24',
  uplink: '203.0.113.2/24',
  wayOut: '114.114.114.114 via 203.0.113.1 dev eth0 src 203.0.113.2 uid 0',
  forwarding: '0',
  rule: '',
  engine: '',
  images: [],
  traces: '',
}
const address = parseAddress('ssh://lab@192.0.2.7:2222')
const why = (survey: Partial<Survey>, engine = false) => refusal({ ...good, ...survey }, address, { engine })

describe('what a machine says about itself', () => {
  it('is read line by line, and what it does not say is empty', () => {
    expect(
      readSurvey('uid=0\nmissing=brctl tcpdump \nengine=26.1.5+dfsg1\ntraces=docker0 DOCKER DOCKER \n'),
    ).to.deep.equal({
      uid: '0',
      disposable: false,
      claimed: '',
      missing: ['brctl', 'tcpdump'],
      outside: '',
      uplink: '',
      wayOut: '',
      forwarding: '',
      rule: '',
      engine: '26.1.5+dfsg1',
      images: [],
      traces: 'docker0 DOCKER',
    })
  })

  it('lets a lab run there, or says why not, with a remedy', () => {
    expect(why({})).to.equal(undefined)
    const images = containerTrees(defaultSuite).flatMap(tree => tree.images.flatMap(({ tags }) => tags))
    expect(why({ engine: '26.1.5', traces: 'docker0 DOCKER', forwarding: '1', images }, true)).to.equal(undefined)
    expect(why({ uid: '1000' })?.message).to.contain('not root there (user 1000)')
    expect(why({ uid: '1000' })?.mend).to.contain('ssh://root@192.0.2.7:2222')
    expect(why({ disposable: false })?.message).to.contain('not declared disposable')
    const tools = why({ missing: ['brctl', 'ip', 'tcpdump'] })
    expect(tools?.message).to.contain('brctl, ip, tcpdump')
    expect(tools?.mend).to.contain("'apt-get install bridge-utils iproute2 tcpdump'")
    expect(why({ outside: '' })?.message).to.contain('outside lacks')
    expect(why({ outside: '' })?.mend).to.contain('ssh -p 2222 lab@192.0.2.7 sh -s <vm/guest/network')
    expect(why({ wayOut: '114.114.114.114 via 192.0.2.1 dev ens3' })?.message).to.contain('(114.114.114.114 via 192')
    expect(why({ forwarding: '1' })?.mend).to.contain('ip_forward=0')
    expect(why({ rule: '-A INPUT -j DROP' })?.message).to.contain('(saw -A INPUT -j DROP)')
    expect(why({}, true)?.message).to.contain('no engine')
    expect(why({ engine: '26.1.5' }, true)?.message).to.contain('vethlab/web:latest')
    expect(why({ engine: '26.1.5' })?.message).to.contain('Docker 26.1.5')
    expect(why({ traces: 'DOCKER' })?.message).to.contain('DOCKER')
  })

  it('says of a claim which lab holds it, what differs, and what undoes it', () => {
    const claim = {
      since: '2026-01-01T00:00:00Z',
      lab: 'bridge-nat',
      undo: ['ip link delete br01', 'sysctl -w a=0'],
      left: ['+ link br01'],
    }
    const file = claimText(claim)
    const survey = readSurvey(`uid=0\ndisposable=yes\n${file.trimEnd().replace(/^/gm, 'claimed=')}\nforwarding=0`)
    expect(survey).to.include({ uid: '0', forwarding: '0' })
    const refused = why({ claimed: survey.claimed })
    expect(refused?.message.split('\n')).to.deep.equal([
      'lab@192.0.2.7:2222 is in use since 2026-01-01T00:00:00Z: lab bridge-nat runs there, or was kept or broken off',
      'it differs from before: + link br01',
      'not undone yet: ip link delete br01; sysctl -w a=0',
    ])
    expect(refused?.mend).to.contain('ssh -p 2222 lab@192.0.2.7 bash /run/vethlab-in-use')
    const nothing = why({ claimed: claimText({ ...claim, undo: [], left: [] }) })
    expect(nothing?.message).not.to.contain('\n')
  })
})
