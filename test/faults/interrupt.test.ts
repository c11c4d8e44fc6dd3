import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { execa } from 'execa'
import { faultyLab, type LabProcess, type PrivateHost, privateHost } from './private-host.ts'
import { descendants, guestProcesses, readProc } from './processes.ts'

describe('Ctrl-C', function () {
  this.timeout(180_000)
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost()
  })
  afterEach('nothing is left', async () => expect(await host.leftovers()).to.deep.equal([]))
  after(() => host?.[Symbol.asyncDispose]())

  const start = (env: Record<string, string> = {}, ...flags: string[]) =>
    host.lab([faultyLab('waits'), faultyLab('throws'), '--jobs', '1', '--on', 'sandbox', ...flags], { env })

  /** Interrupts, and looks what every interruption must come to. */
  async function interrupted(lab: LabProcess, signal: NodeJS.Signals = 'SIGINT') {
    lab.kill(signal)
    const ended = await lab.ended
    expect(ended.exitCode).to.equal(130)
    expect(ended.stdout).to.match(/\nInterrupted\.$/)
    expect(ended.report).to.include({ exitCode: 130 })
    expect(ended.report?.failures.map(({ kind }) => kind)).to.deep.equal(['interrupted'])
    return ended
  }
  /** Whether such a command runs in the lab's sandbox. Nothing tells of a command before its end. */
  const begun = async (lab: LabProcess, wanted: RegExp) => {
    const lines = (await guestProcesses(lab.pid)).map(number => readProc(number, 'cmdline'))
    return (await Promise.all(lines)).some(line => wanted.test(line.replaceAll('\0', ' ').trim()))
  }
  const statuses = ({ report }: Awaited<LabProcess['ended']>) =>
    report?.labs.map(lab => [lab.status, ...lab.steps.map(({ status }) => status)].join(' '))

  it('while the machine starts, its engine too', async () => {
    let first = ''
    let second = ''
    // Where the machine was up before it was interrupted, once more.
    do {
      const lab = start({ ENGINE: '1' })
      await lab.printed('A lab that waits')
      while ((await guestProcesses(lab.pid)).length < 5) await pause(10)
      ;[first = '', second = ''] = statuses(await interrupted(lab)) ?? []
    } while (first === 'failed failed skipped')
    expect([first, second]).to.deep.equal(['failed skipped skipped', 'skipped skipped skipped skipped'])
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`in mid-command: ${signal}`, async () => {
      const lab = start()
      await lab.printed('$ ip link add br01')
      const ended = await interrupted(lab, signal)
      expect(statuses(ended)).to.deep.equal(['failed failed skipped', 'skipped skipped skipped skipped'])
      expect(ended.stdout).to.include(`Interrupted: interrupted by ${signal}`)
      expect(ended.report?.totals.labs).to.deep.equal({ passed: 0, failed: 1, skipped: 1 })
    })
  }

  it('during the clean-up: what is left to undo goes with the machine', async () => {
    const lab = start({ ACT_S: '0', UNDO_S: '600' })
    await lab.printed(/2\. nothing comes after it\n +passed/)
    const ended = await interrupted(lab)
    expect(statuses(ended)?.[0]).to.equal('failed passed passed')
    expect(ended.report?.labs[0]?.residue).to.equal(null)
  })

  it('twice ends it at once, the report written; the next run removes what is left', async () => {
    let left: string[] = []
    // Where it had ended in good order before the second came, once more: what it would have removed is there if not.
    while (left.length === 0) {
      const lab = start({ STUBBORN: '1' })
      while (!(await begun(lab, /^sleep 600$/))) await pause(10)
      lab.kill('SIGINT')
      await lab.printed('once more ends this at once')
      // One keypress may arrive several times: what comes within 0.7 s counts as one.
      await pause(705)
      lab.kill('SIGINT')
      const { exitCode, report } = await lab.ended
      expect(exitCode).to.equal(130)
      expect(report?.exitCode).to.equal(130)
      // The kernel ends the sandbox with its owner.
      while ((await guestProcesses(lab.pid)).length > 0) await pause(10)
      left = await host.leftovers()
      expect(left.filter(what => !/^(cgroup|run folder)/.test(what))).to.deep.equal([])
    }
    expect((await host.lab([faultyLab('throws'), '--on', 'sandbox']).ended).exitCode).to.equal(1)
  })

  it('with --keep the machine stays, and it is told how to enter and remove it', async () => {
    const lab = start({}, '--keep')
    await lab.printed('$ ip link add br01')
    const { stdout, report } = await interrupted(lab)
    const kept = report?.labs[0]?.kept
    try {
      expect(stdout).to.include('The machine sandbox:trixie stays, as asked')
      const inside = await execa('sh', ['-c', kept?.enter ?? ''], { input: 'ip -br link show br01' })
      expect(inside.stdout).to.match(/^br01/)
      await execa('sh', ['-c', kept?.remove ?? ''])
      while ((await guestProcesses(lab.pid)).length > 0) await pause(10)
    } finally {
      for (const left of await guestProcesses(lab.pid)) process.kill(left, 'SIGKILL')
    }
    expect((await host.lab([faultyLab('throws'), '--on', 'sandbox']).ended).exitCode).to.equal(1)
  })

  it('while an image is built: nothing of it stays', async () => {
    await using bare = await privateHost({ image: false })
    const lab = bare.lab([faultyLab('throws'), '--on', 'sandbox'])
    await lab.printed(/image, \d+ s: /)
    expect((await descendants(lab.pid)).map(({ name }) => name)).to.include('mmdebstrap')
    expect(statuses(await interrupted(lab))).to.deep.equal(['failed skipped skipped skipped'])
    expect(await bare.leftovers()).to.deep.equal([])
  })

  it('at a terminal, by npm: all that hear of it count it once', async () => {
    const log: string[] = []
    const run = `npm run lab ${faultyLab('waits')} -- --on sandbox`
    const terminal = execa('script', ['--quiet', '--return', '--command', run, '/dev/null'], {
      reject: false,
      stdin: 'pipe',
      env: { XDG_CACHE_HOME: host.cache, XDG_RUNTIME_DIR: `${host.folder}/run`, TMPDIR: `${host.folder}/tmp` },
    })
    terminal.stdout.on('data', chunk => log.push(String(chunk)))
    while (!log.join('').includes('ip link add br01')) await pause(10)
    terminal.stdin.write('\x03')
    const { exitCode, stdout } = await terminal
    expect(exitCode).to.equal(130)
    expect(stdout).to.include('Interrupted: interrupted by SIGINT').and.to.include('ended by SIGTERM')
  })

  it('is not needed when the terminal goes', async () => {
    const lab = 'exec node bootstrap.cjs lab "$0" --on sandbox'
    const terminal = execa('script', ['--quiet', '--command', `sh -c '${lab}' ${faultyLab('waits')}`, '/dev/null'], {
      reject: false,
      stdin: 'pipe',
      env: { XDG_CACHE_HOME: host.cache, XDG_RUNTIME_DIR: `${host.folder}/run`, TMPDIR: `${host.folder}/tmp` },
    })
    await new Promise<void>(resolve =>
      terminal.stdout.on('data', text => String(text).includes('ip link add') && resolve()),
    )
    terminal.kill('SIGKILL')
    await terminal
    while ((await host.leftovers()).length > 0) await pause(20)
  })
})
