import { expect } from 'chai'
import { execa } from 'execa'
import { bindFixtures } from '../../../harness/containers/fixtures.ts'
import { webServer } from '../../../harness/containers/web-server.ts'
import { dockerOn } from '../../../harness/docker.ts'
import type { Machine } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import type { Suite } from '../../../vm/suite.ts'

const start = (suite: Suite) =>
  sandbox.start({
    label: 'test',
    suite,
    engine: true,
    keep: false,
    report: () => {},
    signal: new AbortController().signal,
  })
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it started'),
    error => error,
  )
const containers = async (machine: Machine) =>
  (await machine.exec("docker ps --all --format '{{.Names}}'")).stdout.trim().split('\n').filter(Boolean).sort()

describe('a web server that testcontainers starts in a guest', function () {
  this.timeout(120_000)
  let trixie: Machine
  let bookworm: Machine
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    trixie = await start('trixie')
    bookworm = await start('bookworm')
  })
  after(async () => {
    await trixie?.[Symbol.asyncDispose]()
    await bookworm?.[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    for (const machine of [trixie, bookworm])
      await machine?.exec('docker rm --force --volumes $(docker ps --all --quiet); docker network prune --force')
  })

  it('answers as soon as it is there, and says who asked', async () => {
    const web = await webServer(trixie, 'web')
    const { stdout } = await trixie.$`curl -si http://${web.addresses.bridge}/`
    expect(stdout)
      .to.match(/^HTTP\/1.1 200 OK/)
      .and.match(/^X-Seen-From: 172\.17\.0\.1:\d+\r$/m)
    expect(await containers(trixie)).to.deep.equal(['web'])
    await web.stop()
    expect(await containers(trixie)).to.deep.equal([])
    await web.stop()
  })

  it('is waited for where it takes its time', async () => {
    const command = JSON.stringify(['sh', '-c', 'sleep 1.5; exec nginx -g "daemon off;"'])
    await trixie.$`docker create --name seed vethlab/web && docker commit --change ${`CMD ${command}`} seed slow`
    const web = await webServer(trixie, 'web', { image: 'slow' })
    expect((await trixie.$`curl -s http://${web.addresses.bridge}/whoami`).stdout).to.match(/^172\.17\.0\.1:/)
  })

  it('is attached to the network that is asked for alone, under its aliases', async () => {
    await trixie.$`docker network create --subnet 10.20.0.0/24 my-net`
    const web = await webServer(trixie, 'web', { network: 'my-net', aliases: ['site', 'shop'] })
    expect(web.addresses).to.deep.equal({ 'my-net': '10.20.0.2' })
    const client = await webServer(trixie, 'client', { network: 'my-net' })
    for (const name of ['web', 'site', 'shop'])
      expect((await trixie.$`docker exec ${client.name} curl -s http://${name}/whoami`).stdout).to.match(
        /^10\.20\.0\.3:/,
      )
  })

  it('starts on several machines of different engines, one after another and at once', async () => {
    for (const machine of [trixie, bookworm, trixie]) {
      const web = await webServer(machine, 'turn')
      expect((await machine.exec(`curl -s http://${web.addresses.bridge}/whoami`)).exitCode).to.equal(0)
      await web.stop()
    }
    await Promise.all([
      webServer(trixie, 'one'),
      webServer(bookworm, 'two'),
      webServer(trixie, 'three'),
      webServer(bookworm, 'four'),
    ])
    expect(await containers(trixie)).to.deep.equal(['one', 'three'])
    expect(await containers(bookworm)).to.deep.equal(['four', 'two'])
  })

  it('of an image that is not there is refused at once, with those that are: nothing is pulled', async () => {
    const error = await failure(webServer(trixie, 'web', { image: 'httpd:2.4' }))
    expect(error.message).to.match(/^no image httpd:2\.4 on sandbox:trixie.*it has .*vethlab\/web:latest/)
  })

  it('that can not start says why, and leaves nothing behind', async () => {
    const ended = await failure(webServer(trixie, 'web', { image: 'vethlab/busybox' }))
    expect(ended.message).to.equal('the web server web did not come up: it ended with exit code 0')
    expect(await containers(trixie)).to.deep.equal([])
  })

  it('does not touch a container of the same name', async () => {
    await trixie.$`docker run -d --name web busybox sleep 100`
    const error = await failure(webServer(trixie, 'web'))
    expect(error.message).to.contain('already in use')
    expect(await containers(trixie)).to.deep.equal(['web'])
  })

  it('is a fixture of whatever machine is up when it is asked for', async () => {
    let machine: Machine | undefined
    const fixture = bindFixtures(() => machine ?? expect.fail('no machine is up'))
    machine = bookworm
    expect((await fixture.webServer('web')).name).to.equal('web')
    expect(await containers(bookworm)).to.deep.equal(['web'])
  })

  it('leaves this process as it was, but for the library', async () => {
    expect(process.env.DOCKER_HOST).to.equal(undefined)
    expect(process.env.TESTCONTAINERS_HOST_OVERRIDE).to.equal(undefined)
  })

  it('starts also where the library was to be loaded for a machine that is gone', async () => {
    // In a process of its own, as the library is loaded here.
    const script = `
      import Docker from 'dockerode'
      import { withTestcontainers } from '${new URL('../../../harness/containers/testcontainers.ts', import.meta.url)}'
      const told = await Promise.allSettled(['/nowhere.sock', process.argv[1]].map(socketPath =>
        withTestcontainers(new Docker({ socketPath }), socketPath, async () => 'done')))
      console.log(told.map(({ status }) => status).join())
      process.exit()`
    const args = ['--input-type=module', '--eval', script, trixie.dockerSocket]
    const { stdout } = await execa(process.execPath, args, { cwd: new URL('../../..', import.meta.url) })
    expect(stdout).to.equal('rejected,fulfilled')
  })

  it("needs an API version of the engine's: 1.41 in 20.10", async () => {
    expect((await dockerOn(bookworm)).modem).to.include({ version: 'v1.41' })
    expect((await dockerOn(trixie)).modem).to.include({ version: 'v1.45' })
    expect(await dockerOn(trixie)).to.equal(await dockerOn(trixie))
  })
})
