import { expect } from 'chai'
import type { Words } from '../../../harness/index.ts'
import { mutate, UnfitLabError } from '../../../harness/mutate/mutate.ts'
import { idleExplanations, type LabMutations, scoreOf, type Tried } from '../../../harness/mutate/report.ts'
import { defaultBackend } from '../../../vm/backend.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../../vm/suite.ts'
import { labOf } from '../run/outcome.ts'

const inSandbox = {
  cell: { suite: defaultSuite, backend: defaultBackend, provider: sandbox },
  jobs: 4,
  wanted: () => true,
  resumed: [],
  report: () => {},
  onDiscovered: () => {},
  onTried: () => {},
  onSkipped: () => {},
  signal: new AbortController().signal,
}

const outcomes = (mutations: readonly Tried[]) =>
  Object.fromEntries(
    mutations.map(({ id, outcome }) => [
      id,
      outcome.result === 'killed' ? `killed in ${outcome.by.step}` : outcome.result,
    ]),
  )

/** A wire with an address, and what looks at it too little. */
const wire = ({ $, look, expect, step, defer }: Words) => {
  step('a wire', async () => {
    await $`ip link add left type veth peer name right`
    defer(async () => void (await $`ip link delete left`))
    await $`ip addr add 192.0.2.1/24 dev left`
    await $`ip link set left up`
    await $`ip link set right mtu 1400`
    await expect(look.link('left')).to.be.up()
  })
  step('has an address', async () => {
    await expect(look.routes()).to.show({ destination: '192.0.2.0/24', link: 'left' })
    await $`ip addr show left`
  })
}

describe('a lab that is broken on purpose', function () {
  this.timeout(180_000)
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })

  it('says of each change where it turns red, and which nothing sees', async () => {
    const [made] = await mutate({ ...inSandbox, labs: [labOf('wire', wire)] })
    expect(outcomes(made?.mutations ?? [])).to.deep.equal({
      '1.1 leave-out': 'killed in 1',
      '1.2 leave-out': 'killed in 2',
      '1.2 address': 'survived',
      '1.2 mask': 'killed in 2',
      '1.2 interface': 'killed in 2',
      '1.3 leave-out': 'killed in 1',
      '1.4 leave-out': 'survived',
    })
    expect(made).to.deep.include({ commands: 5, looking: 1 })
    const { score, unexplained, medianMs } = scoreOf(made?.mutations ?? [])
    expect(score).to.be.closeTo(5 / 7, 0.01)
    expect(unexplained).to.equal(2)
    expect(medianMs).to.be.above(0)
  })

  it('may explain what nothing can see; an explanation of what is seen is told', async () => {
    const because = 'nobody asks for the size'
    const unseen = [
      { mutation: /without ip link set right mtu/, because },
      { mutation: /192\.0\.2\.1 → /, because: 'any address will do' },
      { mutation: /without ip link set left up/, because: 'it is up anyway' },
      { mutation: /without ip link add/, because: 'this host has one', seenElsewhere: true as const },
    ]
    const [made] = await mutate({ ...inSandbox, labs: [labOf('wire', wire, { unseen })] })
    expect(made?.mutations.flatMap(({ id, unseen }) => (unseen === null ? [] : [id]))).to.deep.equal([
      '1.2 address',
      '1.4 leave-out',
    ])
    expect(made && idleExplanations(made)).to.deep.equal(['without ip link set left up'])
  })

  it('that is interrupted says what was tried, and goes on from there', async () => {
    const labs = [labOf('wire', wire)]
    const interrupt = new AbortController()
    const first = await mutate({
      ...{ ...inSandbox, labs, jobs: 1, signal: interrupt.signal },
      onTried: () => interrupt.abort(new Error('enough')),
    })
    expect(first[0]).to.deep.include({ found: 7 })
    expect(first[0]?.mutations.map(({ id }) => id)).to.deep.equal(['1.1 leave-out'])

    // Whatever an earlier run decided of this text is believed; an id that means another change by now is not, nor is another text.
    const [killed] = first[0]?.mutations ?? []
    if (!first[0] || !killed) throw new Error('nothing was tried')
    const survived = { ...killed, outcome: { result: 'survived' as const } }
    const stale = { ...survived, id: '1.2 leave-out' }
    const wanted = (_: string, { id }: { id: string }) => /^1\.[12] leave-out/.test(id)
    const goOn = async (earlier: LabMutations) =>
      outcomes((await mutate({ ...inSandbox, labs, wanted, resumed: [earlier] }))[0]?.mutations ?? [])
    expect(await goOn({ ...first[0], mutations: [survived, stale] })).to.deep.equal({
      '1.1 leave-out': 'survived',
      '1.2 leave-out': 'killed in 2',
    })
    // Where step 2 is another by now, what step 1 noticed is noticed still, and what nothing did may be.
    const change = 'without ip addr add 192.0.2.1/24 dev left'
    const by = { step: 1, kind: 'claim' as const, message: 'it was noticed at once', ms: 1 }
    const early = { ...killed, id: '1.2 leave-out', change, outcome: { result: 'killed' as const, by } }
    const steps = [first[0].steps[0] ?? '', 'another']
    expect(await goOn({ ...first[0], steps, mutations: [survived, early] })).to.deep.equal({
      '1.1 leave-out': 'killed in 1',
      '1.2 leave-out': 'killed in 1',
    })
    expect(await goOn({ ...first[0], steps: steps.toReversed(), mutations: [early] })).to.deep.equal({
      '1.1 leave-out': 'killed in 1',
      '1.2 leave-out': 'killed in 2',
    })
  })

  it('is cut short where a step does without those before it, and whole where a later one may notice', async () => {
    const ran: number[] = []
    const long = labOf('long', ({ $, look, expect, step }) => {
      step('a folder', async () => {
        ran.push(1)
        await $`mkdir /tmp/one; sleep 2`
        await expect((await $`ls /tmp`).stdout).to.print(/one/)
      })
      step('a link and its address', async () => {
        ran.push(2)
        await $`ip link add left type veth peer name right`
        await $`ip link set left up`
        await $`ip addr add 192.0.2.1/24 dev left`
        await expect(look.link('left')).to.be.up()
      })
      step('the address is there', async () => {
        ran.push(3)
        await expect(look.link('left')).to.have.address('192.0.2.1/24')
        await $`ip link delete left`
      })
    })
    const wanted = (_: string, { id }: { id: string }) => /^2\.\d leave-out/.test(id)
    const [made] = await mutate({ ...inSandbox, labs: [long], jobs: 1, wanted })
    expect(outcomes(made?.mutations ?? [])).to.deep.equal({
      '2.1 leave-out': 'killed in 2',
      '2.2 leave-out': 'killed in 2',
      '2.3 leave-out': 'killed in 3',
    })
    // Undisturbed, impatient, what step 2 needs, the three; the last once more with all.
    expect(ran).to.deep.equal([1, 2, 3, 1, 2, 3, 2, 2, 2, 2, 1, 2, 3])
  })

  it('has set back what a command sets without naming it, and its rule put at the other end of the chain where there are others', async () => {
    const settings = labOf('settings', ({ $, look, expect, step }) => {
      step('one', async () => {
        await $`cd /proc/sys && echo 1 >net/ipv4/conf/eth0/proxy_arp`
        await expect(look.sysctl('net.ipv4.conf.eth0.proxy_arp')).to.show('1')
        await $`iptables -A OUTPUT -o lo -j ACCEPT`
        await $`ping -c 1 127.0.0.1`
        await $`iptables -A OUTPUT -p icmp -j DROP`
        await $`ping -c 1 127.0.0.1`
        await $`iptables -F OUTPUT`
        await $`echo 0 >/proc/sys/net/ipv4/conf/eth0/proxy_arp`
      })
    })
    const wanted = (_: string, { operator }: { operator: string }) => ['flip-sysctl', 'order'].includes(operator)
    const [made] = await mutate({ ...inSandbox, labs: [settings], wanted })
    expect(outcomes(made?.mutations ?? [])).to.deep.equal({
      '1.1 flip-sysctl': 'killed in 1',
      '1.2 order': 'not applicable',
      '1.4 order': 'killed in 1',
    })
  })

  it('must pass when nobody disturbs it', async () => {
    const failing = labOf('failing', ({ $, step }) => step('one', async () => void (await $`false`)))
    const error = await mutate({ ...inSandbox, labs: [failing] }).catch((error: unknown) => error)
    expect(error).to.be.instanceOf(UnfitLabError)
    expect(error)
      .to.have.property('message')
      .that.matches(/^failing fails undisturbed: command failed/)
  })

  it('is left out where its machines lack what it needs', async () => {
    const asking = labOf('asking', ({ $, step }) => step('one', async () => void (await $`true`)), {
      needs: { engine: '<1' },
    })
    const skipped: string[] = []
    const made = await mutate({ ...inSandbox, labs: [asking], onSkipped: (...told) => skipped.push(...told) })
    expect(made).to.deep.equal([])
    expect(skipped).to.have.length(2)
    expect(skipped[1]).to.match(/engine/)
  })

  it('has the engine’s rules dropped, its ports pulled, and what nothing met told as not applicable', async () => {
    const engine = labOf(
      'web',
      ({ $, look, expect, step, defer }) => {
        step('a published port', async () => {
          await $`docker run -d --name web -p 8088:80 nginx:alpine`
          defer`docker rm -f web`
          // Without the rule the userland proxy answers.
          await expect(look.in({ netns: 'outside' }).http('http://203.0.113.2:8088')).to.answer()
          await expect(look.in({ container: 'web' }).ping('203.0.113.1')).to.answer()
        })
      },
      { engine: true },
    )
    const [made] = await mutate({ ...inSandbox, labs: [engine] })
    const mutations = made?.mutations ?? []
    const resultOf = (change: RegExp) =>
      mutations.filter(one => change.test(one.change)).map(({ outcome }) => outcome.result)
    expect(resultOf(/without the rule -t nat -A DOCKER .*DNAT/)).to.deep.equal(['survived'])
    expect(resultOf(/^without the rule .* -j MASQUERADE/)).to.deep.equal(['killed'])
    expect(resultOf(/port that came is taken out of its bridge/)).to.deep.equal(['killed'])
    expect(resultOf(/ip_forward is set to 0/)).to.deep.equal(['killed'])
    expect(resultOf(/without the rule .*OUTPUT .*-j DOCKER/)).to.deep.equal(['not applicable'])
    expect(mutations.filter(({ outcome }) => outcome.result === 'untried')).to.deep.equal([])
  })
})
