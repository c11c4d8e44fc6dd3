import { expect } from 'chai'
import { execa } from 'execa'
import { connectToSshd } from './sshd.ts'

describe('the raw runner', () => {
  let it_: Awaited<ReturnType<typeof connectToSshd>>
  before(async () => {
    it_ = await connectToSshd()
  })
  after(() => it_[Symbol.asyncDispose]())
  const exec: (typeof it_)['connection']['exec'] = (script, options) => it_.connection.exec(script, options)

  it('resolves whatever the exit code, with both outputs', async () => {
    expect(await exec('echo out; echo err >&2; exit 42')).to.deep.equal({
      exitCode: 42,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    })
  })

  it('hears of an exit that comes in the same packet as the start', async () => {
    for (let i = 0; i < 300; i++) expect((await exec('exit 3')).exitCode).to.equal(3)
  })

  it('tells the signal that ended the script', async () => {
    expect(await exec('kill -TERM $$')).to.include({ exitCode: null, signal: 'SIGTERM' })
  })

  it('runs a script of several lines in / with a PATH for root', async () => {
    expect((await exec('pwd\nfor x in a b; do\n  echo $x\ndone\necho $PATH')).stdout).to.equal(
      '/\na\nb\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n',
    )
  })

  it('gives input, and none where none is given', async () => {
    expect((await exec('cat', { input: 'über' })).stdout).to.equal('über')
    expect((await exec('cat; echo end')).stdout).to.equal('end\n')
  })

  it('is not strict, as $ is', async () => {
    expect((await exec('false; echo $NOT_SET on')).stdout).to.equal('on\n')
  })

  it('takes megabytes, both ways', async () => {
    const input = 'x'.repeat(5_000_000)
    expect((await exec('cat', { input })).stdout === input).to.equal(true)
  })

  it('reports what sshd itself refuses to run, a script longer than a process may be given', async () => {
    const result = await exec(`: ${'x'.repeat(200_000)}`)
    expect(result.exitCode).not.to.equal(0)
    expect(result.stderr).to.match(/too long/i)
  })

  it('kills what an abort catches, and rejects with its reason', async () => {
    const stop = new AbortController()
    const duration = `1003.${Date.now()}`
    const running = exec(`sleep ${duration}`, { signal: stop.signal })
    const sleeping = async () => (await execa('pgrep', ['-fx', `sleep ${duration}`], { reject: false })).stdout
    const ended = running.then(
      () => undefined,
      reason => reason,
    )
    while ((await sleeping()) === '');
    stop.abort(new Error('enough'))
    expect((await ended).message).to.equal('enough')
    expect(await sleeping()).to.equal('')
  })
})
