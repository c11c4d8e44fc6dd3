import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { expect } from 'chai'
import { execa } from 'execa'
import { type LogEntry, $ as local, ProcessOutput, type Shell } from 'zx/core'
import { connectToSshd } from './sshd.ts'

const caught = (promise: PromiseLike<unknown>): Promise<ProcessOutput> =>
  Promise.resolve(promise).then(
    () => expect.fail('it did not reject'),
    error => error,
  )

for (const [kind, config] of [
  ['a login shell as good as our own bash', []],
  ['a login shell that reads ~/.bashrc', ['SetEnv SHLVL=0']],
] as const) {
  describe(`a machine's $, over ${kind}`, () => {
    let it_: Awaited<ReturnType<typeof connectToSshd>>
    let $: Shell
    let folder: string
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'vethlab-shell-'))
      // Its own UTS namespace shows which machine a command ran on.
      it_ = await connectToSshd({
        config: [...config],
        before: `mount -t tmpfs tmpfs ${process.env.HOME} && echo 'false() { echo polluted; }' > ${process.env.HOME}/.bashrc && mount -t tmpfs tmpfs /mnt && echo guest > /mnt/machine`,
      })
      $ = it_.connection.$
    })
    after(async () => {
      await it_[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    })

    it('runs in bash, as root, in /, with an environment of its own', async () => {
      const shell = await $`echo $BASH_VERSION; id -u; pwd; echo $HOME $LANG; umask`
      const [version, ...rest] = shell.stdout.trim().split('\n')
      expect(version).to.match(/^5\./)
      expect(rest).to.deep.equal(['0', '/', `${process.env.HOME} C.UTF-8`, '0022'])
    })

    it("holds nothing of this host's environment, nor of the login's", async () => {
      process.env.VETHLAB_TEST_SECRET = 'hunter2'
      const { stdout } = await $`env -0`
      const names = stdout.split('\0').map(line => line.split('=')[0])
      expect(stdout).not.to.contain('hunter2')
      expect(names.filter(name => name !== '')).to.have.members([
        'HOME',
        'LANG',
        'LOGNAME',
        'PATH',
        'PWD',
        'SHELL',
        'SHLVL',
        'USER',
        '_',
      ])
      delete process.env.VETHLAB_TEST_SECRET
    })

    it("reads none of bash's start-up files", async () => {
      expect((await $`type -t false`).stdout).to.equal('builtin\n')
    })

    it('is strict: an unset variable, a failed command, a failure within a pipeline', async () => {
      for (const output of [
        await caught($`echo $NOT_SET; echo on`),
        await caught($`false; echo on`),
        await caught($`false | cat; echo on`),
      ]) {
        expect(output).to.be.instanceOf(ProcessOutput)
        expect(output.stdout).not.to.contain('on')
        expect(output.exitCode).to.equal(1)
      }
    })

    it("quotes what is put in, in bash's way", async () => {
      const words = ['', 'a b', "it's", '"', '$HOME', '`id`', '\\', 'two\nlines\ttab', '*', '~', '-n', 'ünï☃', '$(id)']
      const { stdout } = await $`printf '%s\\0' ${words}`
      expect(stdout.split('\0').slice(0, -1)).to.deep.equal(words)
    })

    it('waits for promises that are put in, and takes outputs', async () => {
      expect((await $`echo ${Promise.resolve('later')} ${await $`echo inner`}`).stdout).to.equal('later inner\n')
    })

    it('tells exit code, stdout and stderr apart', async () => {
      const output = await caught($`echo out; echo err >&2; exit 42`)
      expect([output.exitCode, output.signal, output.stdout, output.stderr]).to.deep.equal([42, null, 'out\n', 'err\n'])
    })

    it('names the file and line in which the command stands', async () => {
      const output = await caught($`exit 1`)
      expect(output.message).to.match(/shell\.test\.ts:\d+/)
    })

    it('tells the signal that ended a command', async () => {
      const output = await caught($`kill -KILL $$`)
      expect([output.exitCode, output.signal]).to.deep.equal([null, 'SIGKILL'])
    })

    it('takes options: nothrow, cwd, env, quiet, and keeps them', async () => {
      const tolerant = $({ nothrow: true, cwd: '/usr' })
      expect((await tolerant`pwd; exit 3`).exitCode).to.equal(3)
      expect((await tolerant({ env: { COLOUR: 'red' } })`echo $COLOUR; pwd`).stdout).to.equal('red\n/usr\n')
      expect((await $`exit 4`.nothrow()).exitCode).to.equal(4)
      expect((await caught($`exit 5`)).exitCode).to.equal(5)
    })

    it('runs another shell, quoted for it', async () => {
      const sh = $({ shell: '/bin/sh', prefix: '' })
      expect((await sh`echo \${BASH_VERSION:-none} ${"it's\nquoted"}`).stdout).to.equal("none it's\nquoted\n")
    })

    it('says where it was when the folder does not exist', async () => {
      const output = await caught($({ cwd: '/nowhere' })`pwd`)
      expect(output.exitCode).not.to.equal(0)
      expect(output.stderr).to.contain('/nowhere')
    })

    it('reads text, lines and JSON', async () => {
      expect(await $`printf '  a\nb\n'`.text()).to.equal('  a\nb\n')
      expect(await $`printf 'a\nb\n'`.lines()).to.deep.equal(['a', 'b'])
      expect(await $`echo '{"a":[1]}'`.json()).to.deep.equal({ a: [1] })
      expect(await $`printf 'a\\0b\\0'`.lines('\0')).to.deep.equal(['a', 'b'])
    })

    it('can be read line by line while it runs', async () => {
      const lines: string[] = []
      for await (const line of $`for i in 1 2 3; do echo $i; sleep 0.05; done`) lines.push(line)
      expect(lines).to.deep.equal(['1', '2', '3'])
    })

    it('ends a command whose reader has gone, as a broken pipe would', async () => {
      const yes = $`exec yes`.nothrow()
      for await (const line of yes) {
        expect(line).to.equal('y')
        break
      }
      expect((await yes).signal).to.equal('SIGPIPE')
    })

    describe('stdin', () => {
      it('is closed unless it is used: a bare cat ends', async () => {
        expect((await $`cat; echo done`).stdout).to.equal('done\n')
      })

      it('takes input: text, bytes, a stream, an output', async () => {
        expect((await $({ input: 'text' })`cat`).stdout).to.equal('text')
        expect((await $({ input: Buffer.from('bytes') })`cat`).stdout).to.equal('bytes')
        expect((await $({ input: Readable.from(['str', 'eam']) })`cat`).stdout).to.equal('stream')
        expect((await $({ input: await $`echo output` })`cat`).stdout).to.equal('output\n')
      })

      it('can be written to in the turn of the command, and ended later', async () => {
        const cat = $`cat`
        cat.stdin.write('now ')
        await new Promise(resolve => setTimeout(resolve, 50))
        cat.stdin.end('and later')
        expect((await cat).stdout).to.equal('now and later')
      })

      it('stays open for a conversation with stdio pipe', async () => {
        const talk = $({ stdio: 'pipe' })`read -r name; echo "hello $name"`
        await new Promise(resolve => setTimeout(resolve, 50))
        talk.stdin.write('guest\n')
        expect((await talk).stdout).to.equal('hello guest\n')
      })

      it('that comes too late is not lost in silence', async () => {
        const late = $`until [ -e /mnt/written ]; do sleep 0.01; done`
        await new Promise(resolve => setTimeout(resolve, 50))
        late.stdin.write('too late')
        const [error] = await Promise.all([caught(late), $`touch /mnt/written`])
        expect(error.message).to.contain("stdio: 'pipe'")
      })

      it('larger than all buffers, of a command that does not read it, does no harm', async () => {
        const input = Buffer.alloc(8 << 20, 'x')
        expect((await $({ input })`head -c 3`).stdout).to.equal('xxx')
        expect((await $({ input })`true`).exitCode).to.equal(0)
      })
    })

    describe('.pipe', () => {
      it('stays in the guest, link after link', async () => {
        const piped = await $`seq 30`.pipe`grep 2`.pipe`tee /mnt/piped`.pipe`wc -l; cat /mnt/machine`
        expect(piped.stdout.trim().split(/\s+/)).to.deep.equal(['12', 'guest'])
        expect((await $`cat /mnt/piped | wc -l`).stdout.trim()).to.equal('12')
      })

      it('pipes stderr, or both, on request', async () => {
        expect((await $`echo out; echo err >&2`.pipe.stderr`cat; cat /mnt/machine`).stdout).to.equal('err\nguest\n')
        expect((await $`echo out; echo err >&2`.pipe.stdall`sort`).stdout).to.equal('err\nout\n')
      })

      it('writes a file by its name in the guest, and a stream here', async () => {
        await $`echo there`.pipe('/mnt/file')
        expect((await $`cat /mnt/file /mnt/machine`).stdout).to.equal('there\nguest\n')
        await $`cat /mnt/machine`.pipe(createWriteStream(`${folder}/file`))
        expect(await readFile(`${folder}/file`, 'utf8')).to.equal('guest\n')
      })

      it('joins commands of the guest with those of this host', async () => {
        expect((await $`cat /mnt/machine`.pipe(local`cat; test ! -e /mnt/machine`)).stdout).to.equal('guest\n')
        expect((await local`echo from here`.pipe($`cat - /mnt/machine`)).stdout).to.equal('from here\nguest\n')
        expect((await $`echo a`.pipe($`cat`)).stdout).to.equal('a\n')
      })

      it('fails with the first link that fails', async () => {
        expect((await caught($`exit 7`.pipe`cat`)).exitCode).to.equal(7)
        expect((await caught($`echo x`.pipe`exit 8`)).exitCode).to.equal(8)
      })

      it("hands on the shell's options, but not its input", async () => {
        const seen: string[] = []
        const recording = $({ input: 'in', log: entry => entry.kind === 'cmd' && seen.push(entry.cmd) })
        expect((await recording`cat; echo side`.pipe`tr a-z A-Z`).stdout).to.equal('INSIDE\n')
        expect(seen).to.deep.equal(['cat; echo side', 'tr a-z A-Z'])
      })
    })

    describe('ending a command', () => {
      /** Starts a command that can be found by a mark in its arguments. */
      const marked = (command: string) => {
        const mark = `vethlab-mark-${Math.random().toString(36).slice(2)}`
        return { mark, running: $({ nothrow: true })`exec -a ${mark} bash -c ${`${command} #${mark}`}` }
      }
      const alive = async (mark: string) => (await execa('pgrep', ['-f', mark], { reject: false })).exitCode === 0
      const started = async (mark: string) => {
        while (!(await alive(mark))) await new Promise(resolve => setTimeout(resolve, 10))
      }

      it('.kill() sends SIGTERM, or the signal asked for', async () => {
        const { mark, running } = marked('sleep 1000; :')
        await started(mark)
        await running.kill()
        expect((await running).signal).to.equal('SIGTERM')
        const again = $`trap 'exit 9' USR1; echo ready; while :; do sleep 0.01; done`.nothrow()
        await new Promise(resolve => again.stdout.once('data', resolve))
        await again.kill('SIGUSR1')
        expect((await again).exitCode).to.equal(9)
      })

      it('.kill() right after the start is not lost', async () => {
        const running = $`sleep 1000`.nothrow()
        await running.kill()
        expect((await running).signal).to.equal('SIGTERM')
      })

      it('.kill() reaches what the command started, in groups of their own too', async () => {
        // Durations that nobody else sleeps.
        const [one, two] = [`1001.${Date.now()}`, `1002.${Date.now()}`]
        const { mark, running } = marked(`sleep ${one} & timeout 1000 sleep ${two}; :`)
        const sleeps = async () =>
          (await execa('pgrep', ['-fx', `sleep (${one}|${two})`], { reject: false })).stdout.split('\n').filter(Boolean)
        await started(mark)
        while ((await sleeps()).length < 2) await new Promise(resolve => setTimeout(resolve, 10))
        await running.kill('SIGKILL')
        await running
        expect(await sleeps()).to.deep.equal([])
      })

      it('.timeout() ends it in time', async () => {
        const start = Date.now()
        const output = await $`sleep 1000`.timeout('200ms').nothrow()
        expect(output.signal).to.equal('SIGTERM')
        expect(Date.now() - start).to.be.at.least(190)
        expect((await $({ timeout: '100ms', timeoutSignal: 'SIGKILL', nothrow: true })`sleep 1000`).signal).to.equal(
          'SIGKILL',
        )
      })

      it('an AbortSignal ends it, before its start and after', async () => {
        const stop = new AbortController()
        const running = $({ signal: stop.signal })`sleep 1000`
        setTimeout(() => stop.abort(), 100)
        expect((await caught(running)).message).to.contain('aborted')
        expect((await caught($({ signal: stop.signal })`sleep 1000`)).message).to.contain('aborted')
        const own = $`sleep 1000`
        setTimeout(() => own.abort(), 100)
        expect((await caught(own)).message).to.contain('aborted')
      })

      it('its pid is nobody here', async () => {
        const running = $`sleep 0.1`
        expect(running.pid).to.be.greaterThan(4194304)
        expect(() => process.kill(running.pid ?? 0, 0)).to.throw(/ESRCH/)
        await running
      })

      it("zx's own $ on this host is unharmed", async () => {
        const killed = local`sleep 1000`.nothrow()
        setTimeout(() => killed.kill(), 50)
        expect((await killed).signal).to.equal('SIGTERM')
        expect((await local`sleep 1000`.timeout('100ms').nothrow()).signal).to.equal('SIGTERM')
        expect((await local`hostname; pwd`).stdout).to.equal(`${hostname()}\n${process.cwd()}\n`)
        const [here, there] = await Promise.all([local`test -e /mnt/machine`.nothrow(), $`cat /mnt/machine`])
        expect([here.exitCode, there.stdout]).to.deep.equal([1, 'guest\n'])
      })
    })

    describe('output', () => {
      it('of 100 MB comes whole, in binary', async () => {
        const hash = createHash('sha256')
        const running = $`head -c 104857600 /dev/urandom | tee >(sha256sum >&2)`
        await running.pipe(new Writable({ write: (chunk, _, done) => done(void hash.update(chunk)) }))
        expect(hash.digest('hex')).to.equal((await running).stderr.split(' ')[0])
      }).timeout(300_000)

      it('that is read slowly holds the command back', async () => {
        const running = $`head -c 50000000 /dev/zero; date +%s%N > /mnt/done`
        running.stdout.pause()
        await new Promise(resolve => setTimeout(resolve, 1500))
        expect((await $`test -e /mnt/done`.nothrow()).exitCode).to.equal(1)
        running.stdout.resume()
        expect((await running).stdout.length).to.equal(50_000_000)
      }).timeout(180_000)

      it('that nobody wants any more, while it is held back, does not hold up the end', async () => {
        const running = $`head -c 50000000 /dev/zero`.nothrow()
        running.stdout.pause()
        await new Promise(resolve => setTimeout(resolve, 300))
        running.stdout.destroy()
        expect((await running).ok).to.equal(false)
      })

      it('of 200 commands at once is not mixed up', async () => {
        const outputs = await Promise.all(
          Array.from({ length: 200 }, (_, i) => $({ nothrow: true })`echo out ${i}; echo err ${i} >&2; exit ${i % 7}`),
        )
        for (const [i, { stdout, stderr, exitCode }] of outputs.entries())
          expect([stdout, stderr, exitCode]).to.deep.equal([`out ${i}\n`, `err ${i}\n`, i % 7])
      })
    })

    describe('the log', () => {
      it('tells a recorder each command, what it printed and how it ended', async () => {
        const entries: LogEntry[] = []
        const recording = $({ log: entry => entries.push(entry), nothrow: true })
        await recording`echo out; exit 3`
        const commands = entries.filter(entry => entry.kind === 'cmd')
        const ends = entries.filter(entry => entry.kind === 'end')
        expect(commands.map(({ cmd, cwd }) => [cmd, cwd])).to.deep.equal([['echo out; exit 3', '/']])
        expect(ends).to.have.length(1)
        expect(ends[0]).to.include({ exitCode: 3, signal: null, id: commands[0]?.id })
        expect(ends[0]?.duration).to.be.at.least(0)
        const data = entries.flatMap(entry => (entry.kind === 'stdout' ? [entry.data.toString()] : []))
        expect(data.join('')).to.equal('out\n')
      })

      it('prints nothing by default, and the command and its output with verbose', async () => {
        const script = `
          import { connectToSshd } from ${JSON.stringify(new URL('./sshd.ts', import.meta.url).href)}
          await using it = await connectToSshd()
          const { $ } = it.connection
          await $\`echo silent; echo silent >&2\`
          await $({ verbose: true })\`echo loud\`
          await $\`echo louder\`.verbose()`
        const { stdout, stderr } = await execa(process.execPath, ['--input-type=module', '-e', script], {
          env: { ZX_VERBOSE: 'true', ZX_PREFIX: 'exit 7;', FORCE_COLOR: '0' },
        })
        expect(stdout).to.equal('')
        expect(stderr).not.to.contain('silent')
        expect(stderr).to.match(/loud\nlouder$/)
      })
    })

    describe('what would act on this host', () => {
      it('is refused: $.sync and the options that replace the spawning', async () => {
        expect(() => $.sync`true`).to.throw(/await/)
        expect(() => $({ sync: true })).to.throw(/sync/)
        for (const name of ['spawn', 'spawnSync', 'kill'] as const)
          expect(() => $({ [name]: () => {} })).to.throw(new RegExp(name))
        expect(() => $({ preferLocal: true })).to.throw(/preferLocal/)
      })
    })
  })
}
