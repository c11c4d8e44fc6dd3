import { expect } from 'chai'
import { disturbed, toEach } from './disturbed.ts'
import { type Ended, faultyLab, type LabProcess, type PrivateHost, privateHost } from './private-host.ts'
import { descendants } from './processes.ts'

describe('a virtual machine that fails, emulated', function () {
  this.timeout(300_000)
  let host: PrivateHost
  const qemu = async (lab: LabProcess) =>
    (await descendants(lab.pid)).filter(({ name }) => name.startsWith('qemu-system')).map(({ number }) => number)
  const outcomes = new Map<string, Promise<Ended>>()

  // Both at once: most of it is waiting for a kernel to boot.
  before(async function () {
    this.timeout(0) // An image may have to be built.
    host = await privateHost()
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
  after('nothing is left', async () => {
    const left = await host?.leftovers()
    await host?.[Symbol.asyncDispose]()
    expect(left ?? []).to.deep.equal([])
  })

  // Silence is told after three intervals of a second: nothing else takes time.
  for (const [signal, says] of [
    ['SIGKILL', /MachineError: qemu:trixie ended by itself: QEMU was killed by SIGKILL\n/],
    ['SIGSTOP', /MachineError: qemu:trixie was lost: no sign of life for 3 s, 3 questions unanswered\n/],
  ] as const) {
    it(`gets ${signal} in mid-command: noticed, exit code 3`, async () => {
      const { exitCode, stdout, report } = (await outcomes.get(signal)) as Ended
      expect(stdout).to.match(says)
      expect(exitCode).to.equal(3)
      expect(report?.failures.map(({ kind }) => kind)).to.deep.equal(['machine'])
    })
  }
})
