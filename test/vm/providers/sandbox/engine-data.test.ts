import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { ensureImage, type Image } from '../../../../vm/image/image.ts'
import { ensureEngineData } from '../../../../vm/providers/sandbox/engine-data.ts'
import { startSandbox } from '../../../../vm/providers/sandbox/start.ts'
import { defaultSuite } from '../../../../vm/suite.ts'

const never = new AbortController().signal

describe('prepared data of an engine', function () {
  this.timeout(180_000)
  let image: Image
  let cache = ''
  const said: string[] = []

  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    image = await ensureImage(defaultSuite, { report: console.log, signal: never })
    cache = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
  })
  beforeEach(() => void said.splice(0))
  after(async () => {
    if (cache) await rm(cache, { recursive: true })
  })

  const start = (engineData?: string, engine = true) =>
    startSandbox({
      ...{ label: 'test', suite: defaultSuite, rootfs: image.rootfs, engineData, engine, keep: false },
      ...{ report: () => {}, signal: never },
    })
  const ensure = () =>
    ensureEngineData({ image, cache, startLoading: () => start(), report: line => said.push(line), signal: never })

  it('is made once, by one of those who ask at the same time', async () => {
    const [one, other] = await Promise.all([ensure(), ensure()])
    expect(other).to.equal(one)
    expect(await ensure()).to.equal(one)
    expect(said.filter(line => line === `preparing the engine's data of ${defaultSuite}, once`)).to.have.length(1)
  })

  it('has all images that a machine would load, and is each machine’s own engine', async () => {
    const path = await ensure()
    const before = await readFile(path)
    await using one = await start(path)
    await using other = await start(path)
    await using loading = await start()
    const run = async (machine: typeof one, script: string) => (await machine.exec(script)).stdout.trim()
    const images = 'docker images --no-trunc | sort'
    expect(await run(one, images)).to.equal(await run(loading, images))
    const id = 'docker info --format {{.ID}}'
    expect(await run(one, id))
      .to.match(/^[\w:-]{30,}$/)
      .and.to.not.equal(await run(other, id))

    // What is done to an image in one is done there alone.
    expect(await run(one, 'docker run --rm nginx:alpine ls /usr/share/nginx/html')).to.equal('index.html')
    expect(
      await run(
        one,
        'docker run --name one busybox touch /x; docker commit one changed; docker run --rm changed ls /x',
      ),
    ).to.match(/^sha256:\w+\n\/x$/)
    expect((await one.exec('docker save busybox | tar -t >/dev/null')).exitCode).to.equal(0)
    await run(one, 'docker rm -f one; docker rmi -f $(docker images -q)')
    expect(await run(one, 'docker images -q')).to.equal('')
    expect((await one.exec('for i in /usr/share/vethlab/images/*; do docker load -qi $i; done')).exitCode).to.equal(0)
    expect(await run(one, images)).to.equal(await run(loading, images))
    expect(await run(other, 'docker run --rm nginx:alpine ls /usr/share/nginx/html')).to.equal('index.html')
    expect(Buffer.compare(await readFile(path), before)).to.equal(0)
  })

  it('does not make an engine of a machine that has never run one', async () => {
    await using machine = await start(undefined, false)
    const { stdout } = await machine.exec('ls -A /var/lib/docker /usr/share/vethlab')
    expect(stdout)
      .to.match(/^\/usr\/share\/vethlab:\nimages\n/)
      .and.to.match(/\/var\/lib\/docker:\n$/)
  })

  it('that is damaged is not used but made anew, which is said in one line', async () => {
    const path = await ensure()
    {
      await using file = await open(path, 'r+')
      await file.write(Buffer.alloc(64, 7), 0, 64, 5000)
    }
    expect(await ensure()).to.equal(path)
    expect(said).to.have.length(2)
    expect(said[0]).to.match(
      /^engine data damaged \(checksum\): .*engine\.sqfs, expected [0-9a-f]{64}, seen [0-9a-f]{64}; making it anew$/,
    )
    await using machine = await start(path)
    expect((await machine.exec('docker run --rm busybox true')).exitCode).to.equal(0)
  })

  it('that is called off leaves nothing half made', async () => {
    const abort = new AbortController()
    const startLoading = async () => {
      const machine = await start()
      abort.abort(new Error('called off'))
      return machine
    }
    const other = join(cache, 'other')
    const failed = ensureEngineData({ image, cache: other, startLoading, report() {}, signal: abort.signal })
    expect((await failed.catch((error: Error) => error.message)) as string).to.equal('called off')
    const { stdout } = await execa('find', [other, '-name', '*building*'])
    expect(stdout).to.equal('')
  })
})
