import { expect } from 'chai'
import { execaSync } from 'execa'
import { addresses } from '../../../harness/looks/address.ts'
import { ports } from '../../../harness/looks/port.ts'
import { LookError, type Probe } from '../../../harness/looks/probe.ts'
import { sysctl } from '../../../harness/looks/sysctl.ts'
import { together } from '../../../harness/looks/together.ts'
import type { Finished } from '../../../vm/machine.ts'
import { suites } from '../../../vm/suite.ts'
import { recording, seen } from './recorded.ts'

const raw = (script: string): Probe<Finished> => ({ title: script, script, parse: output => output })

/** In this host's own sh; the scripts here change nothing. */
function sh(script: string): Finished {
  const { exitCode, stdout, stderr } = execaSync('sh', ['-c', script], {
    reject: false,
    stripFinalNewline: false,
    input: 'typed',
  })
  return { exitCode: exitCode ?? null, signal: null, stdout, stderr }
}

function take<T>(probe: Probe<T>): T {
  return probe.parse(sh(probe.script))
}

describe('looks taken together', () => {
  for (const suite of suites) {
    it(`see what each sees alone, on ${suite}`, () => {
      const probes = { addresses: addresses(), none: sysctl('net.ipv4.no_such_key'), ports: ports('br01') }
      expect(seen(suite, 'together', together(probes))).to.deep.equal({
        addresses: seen(suite, 'addresses', addresses()),
        none: undefined,
        ports: seen(suite, 'ports', ports('br01')),
      })
    })
  }

  it('keep output, stderr and exit code apart, to the last newline', () => {
    const { a, b, c } = take(
      together({ a: raw('printf no-newline'), b: raw('echo out; echo err >&2; exit 3'), c: raw('echo; echo') }),
    )
    expect(a).to.include({ exitCode: 0, stdout: 'no-newline', stderr: '' })
    expect(b).to.include({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
    expect(c).to.include({ exitCode: 0, stdout: '\n\n', stderr: '' })
  })

  it('go on after one that exits, execs, reads stdin or is no shell script at all', () => {
    const { exit, exec, stdin, broken, last } = take(
      together({
        exit: raw('exit 9'),
        exec: raw('exec echo hi'),
        stdin: raw('cat'),
        broken: raw('if ( then'),
        last: raw('echo last'),
      }),
    )
    expect([exit.exitCode, exec.stdout, stdin.stdout, last.stdout]).to.deep.equal([9, 'hi\n', '', 'last\n'])
    expect(broken.exitCode).not.to.equal(0)
    expect(broken.stderr).to.match(/[Ss]yntax error/)
  })

  it('can be taken together again', () => {
    const inner = together({ a: raw('echo a'), b: raw('echo b >&2') })
    const { one, two } = take(together({ one: inner, two: raw('echo two') }))
    expect([one.a.stdout, one.b.stderr, two.stdout]).to.deep.equal(['a\n', 'b\n', 'two\n'])
  })

  it('are not fooled by a probe that prints the script', () => {
    const probes = { a: raw('cat "/proc/$$/cmdline" | tr "\\0" "\\n"'), b: raw('echo b') }
    expect(take(together(probes)).b.stdout).to.equal('b\n')
  })

  it('are cut off when the output is', () => {
    const { stdout, ...rest } = recording('trixie', 'together')
    const probe = together({ addresses: addresses(), none: sysctl('net.ipv4.no_such_key'), ports: ports('br01') })
    expect(() => probe.parse({ ...rest, stdout: stdout.slice(0, -30) })).to.throw(
      LookError,
      'cut off after 2 of 3 looks',
    )
  })

  it('name the look that could not be read', () => {
    expect(() => take(together({ fine: raw('true'), bad: { ...addresses(), script: 'echo oops' } }))).to.throw(
      LookError,
      'addresses: not JSON: oops',
    )
  })
})
