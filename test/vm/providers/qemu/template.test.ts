import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { execa } from 'execa'
import { HostError } from '../../../../vm/errors.ts'
import { type makeTemplate, templateFiles } from '../../../../vm/providers/qemu/template/make.ts'
import { ensureTemplate, isCurrent, type TemplateRequest } from '../../../../vm/providers/qemu/template.ts'
import { smallTemplate } from './small-template.ts'

describe('a template', () => {
  let cache: string
  let lines: string[]
  const ensure = (options: Partial<TemplateRequest> = {}) => {
    lines = []
    return ensureTemplate({ ...smallTemplate(cache), report: line => lines.push(line), ...options })
  }

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
  })
  afterEach(() => rm(cache, { recursive: true }))

  it('is made once, and found again without a word', async () => {
    const made = await ensure()
    expect(lines).to.have.length(2)
    expect(lines[0]).to.equal('making the template of trixie, once (emulated: up to a minute)')
    expect(lines[1]).to.match(/^the template of trixie: ready \(\d+ s\)$/)
    expect(await ensure()).to.deep.equal(made)
    expect(lines).to.deep.equal([])
    expect(await isCurrent(made)).to.equal(true)
  })

  it('is one for each shape', async () => {
    const [bare, engine, forky] = [await ensure(), await ensure({ engine: true }), await ensure({ suite: 'forky' })]
    expect(new Set([bare.dir, engine.dir, forky.dir]).size).to.equal(3)
    expect(lines[0]).to.match(/^making the template of forky, once/)
  })

  for (const file of ['memory', 'state', 'said', 'kernel'] as const) {
    it(`with one bit of its ${file} flipped is made anew, and says so`, async () => {
      const made = await ensure()
      const bytes = await readFile(made[file])
      bytes[3] = (bytes[3] ?? 0) ^ 1
      await writeFile(made[file], bytes)
      const another = await ensure()
      expect(another.id).to.not.equal(made.id)
      expect(lines[0]).to.match(
        new RegExp(`^template damaged .*${made[file]}, expected [0-9a-f]{64}, seen .*making it anew$`),
      )
      expect(await readFile(another[file], 'utf8')).to.equal(`the bytes of ${file}`)
      expect(await isCurrent(made)).to.equal(false)
    })
  }

  it('that was cut off is made anew, and so is one without its manifest', async () => {
    const made = await ensure()
    await truncate(made.state, 5)
    expect((await ensure()).id).to.not.equal(made.id)
    expect(lines[0]).to.match(/damaged/)
    await truncate(join(made.dir, 'manifest.json'), 100)
    await ensure()
    expect(lines[0]).to.match(/manifest\.json, expected JSON/)
    await rm(made.memory)
    await ensure()
    expect(lines[0]).to.match(/memory, expected \d+ bytes, seen no file/)
    await rm(join(made.dir, 'manifest.json'))
    await ensure()
    expect(lines[0]).to.match(/^making/)
  })

  it('of another image is outdated, and stays for whoever uses it', async () => {
    const made = await ensure()
    const { image } = smallTemplate(cache)
    const file = { size: 0, sha256: 'another' }
    const manifest = { ...image.manifest, files: { ...image.manifest.files, vmlinuz: file } }
    const another = await ensure({ image: { ...image, manifest } })
    expect(another.dir).to.not.equal(made.dir)
    expect(lines[0]).to.equal('the template of trixie is outdated; making another (emulated: up to a minute)')
    expect(await isCurrent(made)).to.equal(true)
  })

  it('that has proved no good is replaced once, whoever asks', async () => {
    const bad = await ensure()
    const good = await ensure({ besides: bad })
    expect(good.id).to.not.equal(bad.id)
    expect((await ensure({ besides: bad })).id).to.equal(good.id)
    expect((await ensure()).id).to.equal(good.id)
    expect(await readdir(join(cache, 'templates'))).to.have.length(2) // it and its lock
  })

  it('that is replaced stays as it is for whoever has it open', async () => {
    const made = await ensure()
    await using file = await open(made.memory)
    const make: typeof makeTemplate = async (_recipe, { files }) => {
      for (const name of Object.values(templateFiles)) await writeFile(join(files, name), 'other bytes')
    }
    await ensure({ besides: made, make })
    expect(await readFile(made.memory, 'utf8')).to.equal('other bytes')
    expect(await file.readFile('utf8')).to.equal('the bytes of memory')
  })

  it('that could not be made leaves nothing', async () => {
    const make = () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
    const failure = await ensure({ make }).catch(error => error)
    expect(failure).to.be.instanceOf(HostError)
    expect(failure.message).to.match(/^the disk is too full for a template in .*: ENOSPC/)
    expect(failure.mend).to.match(/^free 900 MB there/)
    expect((await readdir(join(cache, 'templates'))).filter(name => !name.endsWith('.lock'))).to.deep.equal([])
  })

  it('is made by one of two processes; the other waits and says so', async () => {
    const [one, other] = [start(), start()]
    const maker = await Promise.race([one.said('half-made').then(() => one), other.said('half-made').then(() => other)])
    const waiter = maker === one ? other : one
    await waiter.said('another process is making the template of trixie; waiting for it')
    maker.go()
    const [made, waited] = [await maker.last(), await waiter.last()]
    expect(waited).to.equal(made)
    expect(waiter.lines).to.not.include('half-made')
  })

  it('that was half made by a process that was killed is no template, and goes with the next making', async () => {
    const killed = start()
    await killed.said('half-made')
    killed.child.kill('SIGKILL')
    await killed.child
    const left = await readdir(join(cache, 'templates'))
    expect(left.some(name => name.startsWith('.building-'))).to.equal(true)
    await ensure()
    expect(lines[0]).to.match(/^making/)
    expect((await readdir(join(cache, 'templates'))).filter(name => name.startsWith('.'))).to.deep.equal([])
  })

  function start() {
    const program = join(import.meta.dirname, 'small-template.ts')
    const child = execa(process.execPath, [program, cache], { reject: false, stderr: 'inherit', buffer: false })
    const heard: string[] = []
    const listeners = new Set<() => void>()
    createInterface({ input: child.stdout }).on('line', line => {
      heard.push(line)
      for (const listener of listeners) listener()
    })
    const said = (line: string) =>
      new Promise<void>(resolve => {
        const look = () => void (heard.includes(line) && resolve())
        listeners.add(look)
        look()
      })
    const last = async () => {
      await child
      return heard.at(-1)
    }
    return { child, lines: heard, said, last, go: () => child.stdin.write('go\n') }
  }
})
