import { expect } from 'chai'
import type { CommandEnded, RunEvent } from '../../../harness/events.ts'
import { reporter } from '../../../harness/reporters/line.ts'
import { story } from '../../../harness/reporters/story.ts'
import { memoryOutput } from './memory-output.ts'
import { failedRun, lab, lostRun, refusedRun } from './sample-run.ts'

const plain = { color: false, shorten: false }

function told(events: RunEvent[], options = plain): string {
  const tell = story(options)
  return events.map(tell).join('')
}

describe('line reporter', () => {
  it('names no suite where the machine is somebody’s own', () => {
    const started: RunEvent = {
      type: 'run-started',
      at: '2026-01-01T00:00:00.000Z',
      labs: [lab],
      provider: 'ssh',
      why: 'ssh: you named ssh://root@192.0.2.7',
      cells: [{ suite: 'trixie', backend: 'nft' }],
      jobs: { number: 1, machines: 1, why: 'one by one' },
      repeat: 1,
      runs: [{ lab: lab.name }],
    }
    expect(told([started])).to.equal('on ssh: you named ssh://root@192.0.2.7\n')
  })

  it('tells a run from its title to its totals', () => {
    const text = told(failedRun)
    const inOrder = [
      'on sandbox: /dev/kvm: not there, and you are root; suite trixie\n',
      `\n${lab.title}\n`,
      'document 001_b001d9c9a1a19151',
      '    eth0 203.0.113.2\n       |\n    br01 192.168.88.1/24\n',
      'sandbox:trixie, kernel 6.18.5, engine 26.1.5, iptables 1.8.11 (nft); up in 612 ms\n',
      '\n1. br01 is a bridge that is up  S001-06  S001-07\n   $ brctl addbr br01\n',
      '     br01\t\t8000.000000000000\tno\t\t\n',
      "   ✓ link br01 should show { kind: 'bridge', operstate: 'UP' }\n     saw { kind: 'bridge', operstate: 'UP' } (2 looks, 104 ms)\n",
      '   passed in 230 ms\n',
      '     (exit code 1, 1.0 s)\n',
      '   ✗ from netns ns01, 114.114.114.114 should answer\n     saw 0 of 1 answers (46 looks, 5.0 s)\n   failed in 5.1 s\n',
      '   ExpectationError: from netns ns01, 114.114.114.114 should answer\n     where labs/bridge-nat.ts:97',
      '     mend  npm run lab bridge-nat -- --keep --until 3, and look around\n',
      '\nStep 4, "the document\'s clean-up leaves nothing", skipped\n',
      '\nClean-up\n   $ ip link delete br01\n',
      '✗ the machine is not as it was before the lab (88 ms)\n     + link veth01@if7\n',
      '✗ bridge-nat failed in 7.1 s\n',
      'steps 2 passed, 1 failed, 1 skipped; commands 6; expectations 2 held, 1 failed; 7.2 s\n',
      'A claim or a command failed.\n',
    ]
    let at = 0
    for (const part of inOrder) {
      expect(text.slice(at), 'what is told next').to.include(part)
      at = text.indexOf(part, at) + part.length
    }
  })

  it('tells a failure once, though its step and its lab both have it', () => {
    expect(told(failedRun).split('ExpectationError').length - 1).to.equal(1)
    expect(told(lostRun).split('MachineError').length - 1).to.equal(1)
  })

  it('tells steps that were not run in one line', () => {
    const skip = (number: number): RunEvent => {
      return {
        type: 'step-ended',
        lab: lab.name,
        step: { number, title: `t${number}`, covers: [], changed: [], needs: {} },
        status: 'skipped',
        ms: 0,
      }
    }
    const end: RunEvent = { type: 'lab-ended', lab, status: 'passed', ms: 1 }
    expect(told([skip(2), skip(3), skip(4), end])).to.match(
      /^\nSteps 2 to 4, from "t2" on, skipped\n\n✓ bridge-nat passed/,
    )
  })

  it('says why nothing could be run', () => {
    expect(told(refusedRun)).to.equal(
      '\nHostError: qemu-system-x86_64 is not installed\n  mend  sudo apt-get install qemu-system-x86\nNothing was tested.\n',
    )
  })

  it('has no escape sequence in a log, whatever the guest printed', () => {
    expect(told(failedRun)).not.to.match(/[\x00-\x08\x0b-\x1f\x7f]/)
    expect(told(failedRun)).to.include('a red word, a bell \\x07, <tags> & "quotes"\n')
  })

  it('colours on a terminal, and says the same', () => {
    const colored = told(failedRun, { color: true, shorten: false })
    expect(colored).to.match(/\x1b\[31m✗/)
    expect(colored.replace(/\x1b\[\d+m/g, '')).to.equal(told(failedRun))
  })

  it('shortens long output on a terminal, and never in a log', () => {
    const stdout = Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join('')
    const long: CommandEnded = {
      ...{ type: 'command', lab: 'x', step: 1, phase: 'act', command: 'seq 100', exitCode: 0, signal: null },
      ...{ stdout, stderr: '', ms: 1 },
    }
    expect(told([long]).split('\n')).to.have.length(102)
    const short = told([long], { color: false, shorten: true })
    expect(short.split('\n')).to.have.length(21)
    expect(short).to.include('line 8\n     … 82 more lines; ').and.to.include('line 91\n')
  })

  it('rewrites a line of progress in place on a terminal, and prints each in a log', () => {
    const events: RunEvent[] = [
      { type: 'progress', line: 'building: 1 of 2' },
      { type: 'progress', line: 'building: 2 of 2' },
      { type: 'lab-started', at: '', lab },
    ]
    const log = memoryOutput()
    const terminal = memoryOutput({ terminal: true, columns: 12 })
    for (const output of [log, terminal]) {
      const { on } = reporter(output)
      for (const event of events) on(event)
    }
    expect(log.text()).to.match(/^ {2}… building: 1 of 2\n {2}… building: 2 of 2\n\n/)
    expect(terminal.text()).to.match(/^\r\x1b\[K {2}… buildin\r\x1b\[K {2}… buildin\r\x1b\[K\n/)
  })
})
