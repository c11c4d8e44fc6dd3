import { expect } from 'chai'
import { execa } from 'execa'
import { bindFixtures } from '../../../harness/containers/fixtures.ts'
import { webServer } from '../../../harness/containers/web-server.ts'
import type { Machine } from '../../../vm/machine.ts'
import { defaultSuite } from '../../../vm/suite.ts'
import { containers, startWithEngine } from './engines.ts'

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail('it started'),
    error => error,
  )

describe('a web server that testcontainers starts in a guest', function () {
  this.timeout(120_000)
  let machine: Machine
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    machine = await startWithEngine(defaultSuite)
  })
  after(async () => {
    await machine?.[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    await machine?.exec('docker rm --force --volumes $(docker ps --all --quiet); docker network prune --force')
  })

  it('answers as soon as it is there, and says who asked', async () => {
    const web = await webServer(machine, 'web')
    const { stdout } = await machine.$`curl -si http://${web.addresses.bridge}/`
    expect(stdout)
      .to.match(/^HTTP\/1.1 200 OK/)
      .and.match(/^X-Seen-From: 172\.17\.0\.1:\d+\r$/m)
    expect(await containers(machine)).to.deep.equal(['web'])
    await web.stop()
    expect(await containers(machine)).to.deep.equal([])
    await web.stop()
  })

  it('is waited for where it takes its time', async () => {
    const command = JSON.stringify(['sh', '-c', 'sleep 1.5; exec nginx -g "daemon off;"'])
    await machine.$`docker create --name seed vethlab/web && docker commit --change ${`CMD ${command}`} seed slow`
    const web = await webServer(machine, 'web', { image: 'slow' })
    expect((await machine.$`curl -s http://${web.addresses.bridge}/whoami`).stdout).to.match(/^172\.17\.0\.1:/)
  })

  it('is attached to the network that is asked for alone, under its aliases', async () => {
    await machine.$`docker network create --subnet 10.20.0.0/24 my-net`
    const web = await webServer(machine, 'web', { network: 'my-net', aliases: ['site', 'shop'] })
    expect(web.addresses).to.deep.equal({ 'my-net': '10.20.0.2' })
    const client = await webServer(machine, 'client', { network: 'my-net' })
    for (const name of ['web', 'site', 'shop'])
      expect((await machine.$`docker exec ${client.name} curl -s http://${name}/whoami`).stdout).to.match(
        /^10\.20\.0\.3:/,
      )
  })

  it('of an image that is not there is refused at once, with those that are: nothing is pulled', async () => {
    const error = await failure(webServer(machine, 'web', { image: 'httpd:2.4' }))
    expect(error.message).to.match(/^no image httpd:2\.4 on sandbox:trixie.*it has .*vethlab\/web:latest/)
  })

  it('that can not start says why, and leaves nothing behind', async () => {
    const ended = await failure(webServer(machine, 'web', { image: 'vethlab/busybox' }))
    expect(ended.message).to.equal('the web server web did not come up: it ended with exit code 0')
    expect(await containers(machine)).to.deep.equal([])
  })

  it('does not touch a container of the same name', async () => {
    await machine.$`docker run -d --name web busybox sleep 100`
    const error = await failure(webServer(machine, 'web'))
    expect(error.message).to.contain('already in use')
    expect(await containers(machine)).to.deep.equal(['web'])
  })

  it('is a fixture of whatever machine is up when it is asked for', async () => {
    let up: Machine | undefined
    const fixture = bindFixtures(() => up ?? expect.fail('no machine is up'))
    up = machine
    expect((await fixture.webServer('web')).name).to.equal('web')
    expect(await containers(machine)).to.deep.equal(['web'])
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
    const args = ['--input-type=module', '--eval', script, machine.dockerSocket]
    const { stdout } = await execa(process.execPath, args, { cwd: new URL('../../..', import.meta.url) })
    expect(stdout).to.equal('rejected,fulfilled')
  })
})
