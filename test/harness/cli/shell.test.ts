import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import { faultyLab, type PrivateHost, privateHost } from '../../faults/private-host.ts'
import { descendants } from '../../faults/processes.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))

describe('npm run lab shell', function () {
  this.timeout(180_000)
  const name = faultyLab('waits')
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost({ copied: true })
    await host.lab([name, '--on', 'sandbox', '--keep'], { env: { ACT_S: '0' } }).ended
  })
  after('nothing is left', async () => {
    if (!host) return
    await host.lab(['rm', '--all'], { report: false }).ended
    expect(await host.leftovers()).to.deep.equal([])
    await host[Symbol.asyncDispose]()
  })

  /** A terminal of 101 columns and 33 rows in which the command line is run, between two prints of its settings. */
  function terminal(command: string) {
    const env = { XDG_CACHE_HOME: host.cache, XDG_RUNTIME_DIR: `${host.folder}/run`, TMPDIR: `${host.folder}/tmp` }
    // Who gives the terminal back for one that was killed takes a moment.
    const given = 'for i in $(seq 50); do [ "$(stty -g)" = "$given" ] && break; sleep 0.1; done; stty -g'
    const run = `stty cols 101 rows 33; tty; given=$(stty -g); echo $given; ${command}; code=$?; ${given}; exit $code`
    const child = execa('script', ['--quiet', '--return', '--command', run, '/dev/null'], {
      ...{ cwd: top, reject: false, stdin: 'pipe', env: { ...env, TERM: 'xterm', SHELL: '/bin/sh' } },
    })
    let text = ''
    child.stdout.on('data', chunk => {
      text += chunk
    })
    return {
      child,
      type: (keys: string) => void child.stdin.write(keys),
      async shows(wanted: RegExp): Promise<RegExpExecArray> {
        for (let tries = 0; tries < 2000; tries++) {
          const found = wanted.exec(text)
          if (found) return found
          await pause(10)
        }
        throw new Error(`it did not show ${wanted}:\n${text}`)
      },
      settings: () => text.match(/^[0-9a-f]+(:[0-9a-f]+){30,}/gm),
    }
  }
  const lab = (args: string) => `${process.execPath} bootstrap.cjs lab ${args}`

  it('is a terminal of the guest’s own: its size and the changes of it, Ctrl-C, the exit code', async () => {
    const { child, type, shows, settings } = terminal(lab(`shell ${name}`))
    const [, device = ''] = await shows(/^(\/dev\/pts\/\d+)/m)
    await shows(/root@guest:~# $/)
    type('stty size; tty; echo $TERM\r')
    await shows(/33 101\s+\/dev\/pts\/0\s+xterm\s/)
    type('cat\r')
    await shows(/cat\s/)
    type('typed\n')
    await shows(/typed\s+typed\s/)
    type('\x03')
    await shows(/\^C/)
    await execa('stty', ['-F', device, 'cols', '120', 'rows', '40'])
    type('until [ "$(stty size)" = "40 120" ]; do sleep 0.1; done; echo it is" wider"\r')
    await shows(/it is wider/)
    type('exit 7\r')
    expect((await child).exitCode).to.equal(7)
    const [before, after] = settings() ?? []
    expect(after).to.equal(before)
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`gives the terminal back also when it is ended by ${signal}`, async () => {
      const { child, shows, settings, type } = terminal(lab(`shell ${name}`))
      await shows(/root@guest:~# $/)
      type('printf "\\033[?1049h"; sleep 60\r')
      await shows(/\x1b\[\?1049h/)
      const [shell] = (await descendants(child.pid ?? 0)).filter(({ cmdline }) => /^\S*node bootstrap/.test(cmdline))
      process.kill(shell?.number ?? 0, signal)
      expect((await child).exitCode).to.equal(signal === 'SIGTERM' ? 130 : 137)
      await shows(/\x1b\[\?1049l/)
      const [before, after] = settings() ?? []
      expect(after).to.equal(before)
    })
  }

  it('in a fresh machine goes with it; without a terminal it reads commands', async () => {
    const run = host.lab(['shell', '--on', 'sandbox', '--no-engine'], {
      report: false,
      input: 'tty; pidof dockerd; exit 5',
    })
    const { exitCode, stdout, stderr } = await run.ended
    expect(stdout).to.equal('not a tty')
    expect(stderr).to.match(/a shell in sandbox:trixie; leave it with exit or Ctrl-D: the machine goes with it$/)
    expect(exitCode).to.equal(5)
    expect((await host.leftovers()).filter(what => what.includes(`${run.pid}-`))).to.deep.equal([])
  })

  it('in a machine that is not there is refused, and so are flags that a kept one can’t obey', async () => {
    const refused = async (...args: string[]) => await host.lab(['shell', ...args], { report: false }).ended
    const unknown = await refused('bridge-nta')
    expect(unknown.stderr).to.include(`no kept machine "bridge-nta"\n  mend  known: ${name}`)
    expect(unknown.exitCode).to.equal(2)
    const moved = await refused(name, '--on', 'qemu')
    expect(moved.stderr).to.include(`${name} is there already, and --on is for a fresh machine`)
    expect(moved.exitCode).to.equal(2)
  })
})
