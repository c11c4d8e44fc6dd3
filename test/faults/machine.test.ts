import { expect } from 'chai'
import { type Ended, faultyLab, type LabProcess, type PrivateHost, privateHost } from './private-host.ts'
import { descendants, guestProcesses } from './processes.ts'

/** Noticed within 5 s, as the machine's silence is; the rest of what is said to the end of the process is ours. */
const noticedMs = 5000

describe('a machine that fails', function () {
  this.timeout(30_000)
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    host = await privateHost()
  })
  after('nothing is left', async () => {
    const left = await host?.leftovers()
    await host?.[Symbol.asyncDispose]()
    expect(left ?? []).to.deep.equal([])
  })

  /** Does `disturb` when `text` has been printed; resolves to the end, and how long it took from there. */
  async function disturbed(
    lab: LabProcess,
    text: string | RegExp,
    disturb: () => Promise<void>,
  ): Promise<Ended & { afterMs: number }> {
    await lab.printed(text)
    await disturb()
    const since = performance.now()
    await lab.printed('MachineError: ')
    const afterMs = performance.now() - since
    return { ...(await lab.ended), afterMs }
  }

  const toEach = (signal: NodeJS.Signals, find: () => Promise<number[]>) => async () => {
    const numbers = await find()
    expect(numbers).not.to.deep.equal([])
    for (const number of numbers) process.kill(number, signal)
  }

  describe('in a sandbox', () => {
    before(function () {
      if (process.getuid?.() !== 0) this.skip()
    })
    const start = (env: Record<string, string> = {}) =>
      host.lab([faultyLab('waits'), faultyLab('throws'), '--jobs', '1', '--on', 'sandbox'], { env })
    const init = async (lab: LabProcess) =>
      (await guestProcesses(lab.pid)).sort((one, other) => one - other).slice(0, 1)

    it('is killed in mid-command: noticed at once, exit code 3, the next lab gets a machine of its own', async () => {
      const lab = start()
      const { exitCode, stdout, report, afterMs } = await disturbed(
        lab,
        'a command runs',
        toEach('SIGKILL', () => init(lab)),
      )
      expect(exitCode).to.equal(3)
      expect(afterMs).to.be.below(noticedMs / 2)
      expect(stdout).to.match(
        /MachineError: sandbox:trixie ended by itself: killed by SIGKILL\n {5}where step "a command runs", sandbox:trixie\n {5}mend {2}start again/,
      )
      expect(stdout).to.include('A machine died: nothing can be said.')
      const [waits, throws] = report?.labs ?? []
      expect(report?.exitCode).to.equal(3)
      expect(waits?.failure?.kind).to.equal('machine')
      expect(waits?.steps.map(({ status }) => status)).to.deep.equal(['failed', 'skipped'])
      expect(waits?.residue).to.equal(null)
      expect(throws?.steps[0]?.status).to.equal('passed')
    })

    it('freezes in mid-command: noticed within 5 s, exit code 3', async () => {
      const lab = start()
      const { exitCode, afterMs, stdout } = await disturbed(
        lab,
        'a command runs',
        toEach('SIGSTOP', () => guestProcesses(lab.pid)),
      )
      expect(exitCode).to.equal(3)
      expect(afterMs).to.be.below(noticedMs)
      expect(stdout).to.match(
        /MachineError: sandbox:trixie was lost: no sign of life for [\d.]+ s, 3 questions unanswered\n/,
      )
    })

    it('is killed in the clean-up: nothing can be said, though every step passed', async () => {
      const lab = start({ ACT_S: '0', UNDO_S: '30' })
      // The steps are over, and nothing tells when the command that undoes begins.
      const { exitCode, report } = await disturbed(
        lab,
        /2\. nothing comes after it\n +passed/,
        toEach('SIGKILL', () => init(lab)),
      )
      expect(exitCode).to.equal(3)
      expect(report?.labs[0]).to.deep.include({ status: 'failed', residue: null })
      expect(report?.labs[0]?.steps.map(({ status }) => status)).to.deep.equal(['passed', 'passed'])
      expect(report?.labs[0]?.failure?.kind).to.equal('machine')
    })
  })

  describe('in QEMU, emulated', () => {
    const qemu = async (lab: LabProcess) =>
      (await descendants(lab.pid)).filter(({ name }) => name.startsWith('qemu-system')).map(({ number }) => number)
    const outcomes = new Map<string, Promise<Ended & { afterMs: number }>>()

    // Both at once: most of it is waiting for a kernel to boot.
    before(() => {
      for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
        const lab = host.lab([faultyLab('waits'), '--on', 'qemu'], { env: { ACT_S: '600' } })
        outcomes.set(
          signal,
          disturbed(
            lab,
            'a command runs',
            toEach(signal, () => qemu(lab)),
          ),
        )
      }
      for (const outcome of outcomes.values()) outcome.catch(() => {})
    })

    for (const [signal, says] of [
      ['SIGKILL', /MachineError: qemu:trixie ended by itself: QEMU was killed by SIGKILL\n/],
      ['SIGSTOP', /MachineError: qemu:trixie was lost: no sign of life for 3 s, 3 questions unanswered\n/],
    ] as const) {
      it(`gets ${signal} in mid-command: noticed within 5 s, exit code 3`, async function () {
        this.timeout(180_000)
        const { exitCode, stdout, report, afterMs } = (await outcomes.get(signal)) as Ended & { afterMs: number }
        expect(stdout).to.match(says)
        expect(exitCode).to.equal(3)
        expect(afterMs).to.be.below(noticedMs)
        expect(report?.failures.map(({ kind }) => kind)).to.deep.equal(['machine'])
      })
    }
  })
})
