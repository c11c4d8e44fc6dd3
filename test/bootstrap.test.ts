import { chownSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'

/*
 * The bootstrap in projects of its own, with the real npm: small ones, so that installing takes no time. That all of this
 * project's packages install in a fresh clone is what CI shows, as it starts from one.
 */

const bootstrap = fileURLToPath(new URL('../bootstrap.cjs', import.meta.url))

interface Project {
  path: string
  run(args?: string[], options?: { node?: string[] }): ReturnType<typeof start>
}

// As outside npm: what is above this test is not above the bootstrap.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))

function start(cwd: string, args: string[], node: string[]) {
  const options = { cwd, env, extendEnv: false, reject: false, stdin: 'ignore' } as const
  return execa(process.execPath, [...node, 'bootstrap.cjs', 'lab', ...args], options)
}

describe('bootstrap', () => {
  const folders: string[] = []
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true })
  })

  /** A project whose `lab` is this script and that depends on one package, which lies in its folder `here`. */
  async function project(script: string, name = 'here'): Promise<Project> {
    const path = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
    folders.push(path)
    await mkdir(join(path, 'harness/cli'), { recursive: true })
    await mkdir(join(path, 'here'))
    await writeFile(join(path, 'here/package.json'), JSON.stringify({ name, version: '1.0.0' }))
    const packageJson = {
      name: 'small',
      version: '1.0.0',
      type: 'module',
      dependencies: { [name]: 'file:here' },
    }
    const entries = {
      '': packageJson,
      [`node_modules/${name}`]: { resolved: 'here', link: true },
      here: { name, version: '1.0.0' },
    }
    const lock = { name: 'small', version: '1.0.0', lockfileVersion: 3, requires: true, packages: entries }
    await writeFile(join(path, 'package.json'), JSON.stringify(packageJson))
    await writeFile(join(path, 'package-lock.json'), JSON.stringify(lock))
    await writeFile(join(path, 'harness/cli/main.ts'), script)
    await copyFile(bootstrap, join(path, 'bootstrap.cjs'))
    return { path, run: (args = [], { node = [] } = {}) => start(path, args, node) }
  }

  /** The same with its packages installed, as far as the bootstrap can tell. */
  async function installedProject(script: string): Promise<Project> {
    const made = await project(script)
    await mkdir(join(made.path, 'node_modules/.bin'), { recursive: true })
    await writeFile(join(made.path, marker), '')
    return made
  }

  const marker = `node_modules/.installed-${process.platform}-${process.arch}`
  const nodePackage = `node-${process.platform}-${process.arch}`
  const hello = `console.log('hello ' + process.argv.slice(2).join(' '))`

  it('installs what is missing, then starts the program; the second time it does nothing but start it', async () => {
    const { path, run } = await project(hello)
    const lockBefore = await readFile(join(path, 'package-lock.json'), 'utf8')
    const first = await run(['a', '--keep'])
    expect(first).to.include({ exitCode: 0, stdout: 'hello a --keep' })
    expect(first.stderr).to.include('installing the npm packages')
    expect(existsSync(join(path, 'node_modules/here/package.json'))).to.equal(true)
    expect(await readFile(join(path, 'package-lock.json'), 'utf8')).to.equal(lockBefore)
    expect(await run(['b'])).to.include({ exitCode: 0, stdout: 'hello b', stderr: '' })
  })

  it('installs again when the lockfile is younger, or the installation was cut off', async () => {
    const { path, run } = await installedProject(hello)
    expect((await run()).stderr).to.equal('')
    const soon = (await stat(join(path, marker))).mtimeMs / 1000 + 5
    utimesSync(join(path, 'package-lock.json'), soon, soon)
    expect((await run()).stderr).to.include('installing')
    rmSync(join(path, marker))
    expect((await run()).stderr).to.include('installing')
  })

  it('starts anew where an installation was cut off, as npm itself can go on from no such ruins', async () => {
    const { path, run } = await project(hello)
    // What npm 9 leaves when it is killed twice: it can't move a package aside, and gives up.
    await mkdir(join(path, 'node_modules/here/rest'), { recursive: true })
    await writeFile(join(path, 'node_modules/.unfinished'), '')
    expect(await run()).to.include({ exitCode: 0, stdout: 'hello ' })
    expect(existsSync(join(path, 'node_modules/here/rest'))).to.equal(false)
    expect(readdirSync(join(path, 'node_modules')).sort()).to.deep.equal(
      ['.package-lock.json', basename(marker), 'here'].sort(),
    )
  })

  it('installs once where the clock is behind', async () => {
    const { path, run } = await project(hello)
    const tomorrow = Date.now() / 1000 + 86_400
    utimesSync(join(path, 'package-lock.json'), tomorrow, tomorrow)
    expect((await run()).stderr).to.include('installing')
    expect(await run()).to.include({ exitCode: 0, stdout: 'hello ', stderr: '' })
  })

  it('says so where it cannot write', async () => {
    const { path, run } = await project(hello)
    await writeFile(join(path, 'node_modules'), '')
    const { exitCode, stderr } = await run()
    expect(exitCode).to.equal(2)
    expect(stderr).to.match(
      /^HostError: the npm packages can't be installed: .*node_modules'\n {2}mend {2}make \/.* a folder/,
    )
  })

  it('says what failed and starts nothing when npm cannot install, and tries again the next time', async () => {
    const { path, run } = await project(hello)
    const packageJson = await readFile(join(path, 'package.json'), 'utf8')
    await writeFile(join(path, 'package.json'), '{ broken')
    const { exitCode, stdout, stderr } = await run()
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 2, stdout: '' })
    expect(stderr).to.match(/HostError: npm install failed with exit code \d+\n {2}mend {2}read what npm said above/)
    await writeFile(join(path, 'package.json'), packageJson)
    expect(await run()).to.include({ exitCode: 0, stdout: 'hello ' })
  })

  it('of several at once one installs, the others wait, and all start', async () => {
    const { path, run } = await project(hello)
    const runs = await Promise.all([run(['1']), run(['2']), run(['3'])])
    expect(runs.map(({ stdout }) => stdout)).to.deep.equal(['hello 1', 'hello 2', 'hello 3'])
    expect(runs.filter(({ stderr }) => stderr.includes('installing the npm packages (once)'))).to.have.length(1)
    expect(readdirSync(join(path, 'node_modules')).filter(name => name.startsWith('.installing'))).to.deep.equal([])
  })

  it('takes the lock from an owner that died', async () => {
    const { path, run } = await project(hello)
    const dead = execa('true')
    await dead
    await mkdir(join(path, 'node_modules'))
    symlinkSync(`${dead.pid} 1`, join(path, 'node_modules/.installing'))
    expect(await run()).to.include({ exitCode: 0, stdout: 'hello ' })
  })

  it('takes the lock from an owner that ended, and whose parent does not ask how', async () => {
    const { path, run } = await project(hello)
    // Its parent becomes, before it ends, a program that never waits for a child.
    const parent = execa('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60'], { reject: false })
    const pid = await new Promise(resolve => parent.stdout.once('data', data => resolve(String(data).trim())))
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    await mkdir(join(path, 'node_modules'))
    symlinkSync(`${pid} ${stat.split(' ')[21]}`, join(path, 'node_modules/.installing'))
    expect(await run()).to.include({ exitCode: 0, stdout: 'hello ' })
    parent.kill()
  })

  it('takes the lock from a dead owner whose number is in use again', async () => {
    const { path, run } = await project(hello)
    await mkdir(join(path, 'node_modules'))
    symlinkSync(`${process.pid} 1`, join(path, 'node_modules/.installing'))
    expect(await run()).to.include({ exitCode: 0, stdout: 'hello ' })
  })

  it("leaves nothing of root's in somebody's clone", async function () {
    if (process.getuid?.() !== 0) this.skip()
    const { path, run } = await project(hello)
    chownSync(path, 1000, 1000)
    expect((await run()).exitCode).to.equal(0)
    const { stdout } = await execa('find', [join(path, 'node_modules'), '-uid', '0'])
    expect(stdout).to.equal('')
  })

  it('waits for nobody where nothing is missing', async () => {
    const { path, run } = await installedProject(hello)
    symlinkSync(String(process.pid), join(path, 'node_modules/.installing'))
    expect(await run()).to.include({ exitCode: 0, stdout: 'hello ', stderr: '' })
  })

  it('hands on the exit code', async () => {
    const { run } = await installedProject('process.exitCode = 3')
    expect((await run()).exitCode).to.equal(3)
  })

  it('answers an unknown program with those that it knows', async () => {
    const { exitCode, stderr } = await execa(process.execPath, [bootstrap, 'lob'], { reject: false })
    expect({ exitCode, stderr }).to.deep.equal({
      exitCode: 2,
      stderr: 'usage: node bootstrap.cjs lab|test|check|bench|test:faults|test:vagrant|ci:rehearse [arguments]',
    })
  })

  describe('on a Node that is too old', () => {
    /**
     * A project whose package holds this Node, started as by Node 12. As npm 9 does with the real one, npm gives it no
     * link in .bin.
     */
    async function old(script: string) {
      const made = await project(script, nodePackage)
      const fake = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '12.22.12' } })`
      await writeFile(join(made.path, 'old.cjs'), fake)
      await mkdir(join(made.path, 'here/bin'))
      // A script, as some npms copy the package and leave out symbolic links.
      await writeFile(join(made.path, 'here/bin/node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 })
      return { ...made, run: (args: string[] = []) => made.run(args, { node: ['--require', './old.cjs'] }) }
    }

    it('hands over to the one that npm installed, with arguments and exit code', async () => {
      const { run } = await old(`console.log(process.versions.node, process.argv[2]); process.exitCode = 130`)
      expect(await run(['x'])).to.include({ exitCode: 130, stdout: `${process.versions.node} x` })
    })

    it('has that one first on the PATH of what it starts, and in .bin', async () => {
      const { path, run } = await old(`console.log(process.env.PATH.split(':')[0])`)
      expect((await run()).stdout).to.equal(join(path, 'node_modules', nodePackage, 'bin'))
      expect(readlinkSync(join(path, 'node_modules/.bin/node'))).to.equal(`../${nodePackage}/bin/node`)
    })

    it('says so when there is none', async () => {
      const { path, run } = await old(hello)
      rmSync(join(path, 'here/bin/node'))
      const { exitCode, stderr } = await run()
      expect(exitCode).to.equal(2)
      expect(stderr).to.match(/HostError: no Node 24 runs here: .*\n {2}mend {2}install Node 24 or later/)
    })

    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      it(`passes ${signal} on, and its end`, async () => {
        const { run } = await old(`setTimeout(() => {}, 600_000); console.log('up')`)
        const child = run()
        child.stdout.once('data', () => child.kill(signal))
        expect((await child).exitCode).to.equal(code)
      })
    }
  })
})
