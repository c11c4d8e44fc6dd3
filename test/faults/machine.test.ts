import { expect } from 'chai'
import { disturbed, toEach } from './disturbed.ts'
import { faultyLab, type LabProcess, type PrivateHost, privateHost } from './private-host.ts'
import { guestProcesses } from './processes.ts'

describe('a machine that fails', () => {
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

  describe('in a sandbox', () => {
    before(function () {
      if (process.getuid?.() !== 0) this.skip()
    })
    const start = (env: Record<string, string> = {}) =>
      host.lab([faultyLab('waits'), faultyLab('throws'), '--jobs', '1', '--on', 'sandbox'], {
        env: { ACT_S: '600', ...env },
      })
    const init = async (lab: LabProcess) =>
      (await guestProcesses(lab.pid)).sort((one, other) => one - other).slice(0, 1)

    it('is killed in mid-command: told by its end, exit code 3, the next lab gets a machine of its own', async () => {
      const lab = start()
      const { exitCode, stdout, report } = await disturbed(
        lab,
        'a command runs',
        toEach('SIGKILL', () => init(lab)),
      )
      expect(exitCode).to.equal(3)
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
      const { exitCode, stdout } = await disturbed(
        lab,
        'a command runs',
        toEach('SIGSTOP', () => guestProcesses(lab.pid)),
      )
      expect(exitCode).to.equal(3)
      // Three silent intervals of half a second: nothing else takes time.
      expect(stdout).to.include(
        'MachineError: sandbox:trixie was lost: no sign of life for 1.5 s, 3 questions unanswered\n',
      )
    })

    it('is killed in the clean-up: nothing can be said, though every step passed', async () => {
      const lab = start({ ACT_S: '0', UNDO_S: '600' })
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
})
