import { expect } from 'chai'
import { execa } from 'execa'
import { quotePosix, readAnnouncement, scriptLine, shellLine } from '../../../vm/transport/command-line.ts'

const dash = { posix: true, cleanBash: false }
const cleanBash = { posix: true, cleanBash: true }
const fish = { posix: false, cleanBash: false }
const inRoot = { cwd: '/', env: {} }
/** As sshd runs a line. */
const run = (shell: string, line: string) =>
  execa(shell, ['-c', line], { reject: false, env: { SSH_CLIENT: '192.0.2.1 1 22', MAIL: '/var/mail/root' } })

describe('the line that a login shell gets', () => {
  it('carries any word through sh as it is', async () => {
    for (const word of [
      '',
      "it's",
      '$HOME `id` "x" \\n',
      'two\nlines',
      "'",
      "a'b'c''",
      'ünï·☃',
      '-n',
      '*',
      '~',
      '!!',
    ]) {
      const { stdout } = await execa('sh', ['-c', `printf '%s|' ${quotePosix(word)}`])
      expect(stdout).to.equal(`${word}|`)
    }
  })

  for (const [name, shell, login] of [
    ['sh', 'dash', dash],
    ['a clean bash', 'bash', cleanBash],
    ['another shell', 'bash', fish],
  ] as const) {
    it(`announces the pid, then runs the command in bash, under ${name}`, async () => {
      const { stdout, stderr, exitCode } = await run(
        shell,
        shellLine('echo $$ $(basename $BASH); exit 3', '/bin/bash', inRoot, login),
      )
      const [pid, bash] = stdout.split(' ')
      expect(bash).to.equal('bash')
      expect(stderr).to.equal(`\x01${pid}`)
      expect(exitCode).to.equal(3)
    })

    it(`sets the folder and the variables, and lets none of sshd's through, under ${name}`, async () => {
      const surroundings = { cwd: '/usr', env: { COLOUR: "it's\nred", NOT_SET: undefined } }
      const { stdout } = await run(shell, shellLine('pwd; env -0 | tr "\\0" ";"', '/bin/bash', surroundings, login))
      expect(stdout).to.match(/^\/usr\n/)
      expect(stdout).to.contain("COLOUR=it's\nred;").and.contain('LANG=C.UTF-8;')
      expect(stdout).to.contain('PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin;')
      expect(stdout).not.to.match(/SSH_|MAIL|NOT_SET|OLDPWD/)
    })

    it(`stops where the folder does not exist, under ${name}`, async () => {
      const line = shellLine('echo here', '/bin/bash', { cwd: '/nowhere', env: {} }, login)
      const { stdout, stderr, exitCode } = await run(shell, line)
      expect(stdout).to.equal('')
      expect(stderr).to.contain('/nowhere')
      expect(exitCode).not.to.equal(0)
    })

    it(`runs a script of several lines, under ${name}`, async () => {
      const { stdout } = await run(shell, scriptLine("for x in a b\ndo echo $x\ndone\ncat <<'EOF'\nit's\nEOF", login))
      expect(stdout).to.equal("a\nb\nit's")
    })
  }

  it("refuses what can't be a variable's name", () => {
    expect(() => shellLine('true', '/bin/bash', { cwd: '/', env: { 'A;reboot': '1' } }, dash)).to.throw(/A;reboot/)
  })

  it('asks for no other shell where the login shell will do', () => {
    expect(shellLine('true', '/bin/bash', inRoot, cleanBash)).not.to.contain('exec')
    expect(shellLine('true', '/bin/bash', inRoot, dash)).to.contain('exec /bin/bash --norc -c')
    expect(shellLine('true', '/bin/sh', inRoot, cleanBash)).to.contain('exec /bin/sh -c')
  })
})

describe("the announcement in a command's stderr", () => {
  it("is found behind the login shell's noise, and what follows is left", () => {
    const found = readAnnouncement(Buffer.from('motd\n\x0142\nerror: \xff', 'latin1'))
    expect(found?.pid).to.equal(42)
    expect(found?.rest).to.deep.equal(Buffer.from('error: \xff', 'latin1'))
  })

  it('is not read before it is whole', () => {
    expect(readAnnouncement(Buffer.from('\x014'))).to.equal(undefined)
  })
})
