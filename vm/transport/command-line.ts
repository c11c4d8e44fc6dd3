import { posix } from 'node:path'

/** What a command runs in: the guest's folder, and variables beside those that every command gets. */
export interface Surroundings {
  cwd: string
  env: Record<string, string | undefined>
}

/** What sshd hands each line to. */
export interface LoginShell {
  /** It reads POSIX sh, so that a line needs no other shell around it. */
  posix: boolean
  /** It is bash and has read no ~/.bashrc: as good as a bash of our own, and one process less. */
  cleanBash: boolean
}

/** The line that runs a command in `shell`, as `shell -c command` would. */
export function shellLine(command: string, shell: string, surroundings: Surroundings, login: LoginShell): string {
  const isBash = posix.basename(shell) === 'bash'
  if (isBash && login.cleanBash) return `${prelude(surroundings)}\n${command}`
  // bash whose stdin is a socket takes itself for a remote login's and reads ~/.bashrc, even with -c.
  const options = isBash ? ' --norc' : ''
  return forLoginShell(`${prelude(surroundings)}; exec ${quotePosix(shell)}${options} -c ${quotePosix(command)}`, login)
}

/** The line that runs a POSIX sh script: in the login shell itself, if that one is able to. */
export function scriptLine(script: string, login: LoginShell): string {
  return forLoginShell(`${prelude({ cwd: '/', env: {} })}\n${script}`, login)
}

function forLoginShell(line: string, login: LoginShell): string {
  return login.posix ? line : `exec /bin/sh -c ${quotePosix(line)}`
}

/** Quotes one word for POSIX sh: zx's own quoting, `$'…'`, is bash's. */
export function quotePosix(word: string): string {
  return /^[\w/.\-@:=+,%]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Announces the pid (which is the group's too: sshd calls setsid), so that a signal can be sent from another session. */
const announcement = /\x01(\d+)\n/

/** Takes the announcement out of the beginning of stderr; undefined while it hasn't come whole. What stood before it is the login shell's noise. */
export function readAnnouncement(head: Buffer): { pid: number; rest: Buffer } | undefined {
  const text = head.toString('latin1')
  const found = announcement.exec(text)
  if (!found) return undefined
  return { pid: Number(found[1]), rest: head.subarray(found.index + found[0].length) }
}

/**
 * Every command starts alike, whatever machine it is on: nothing of sshd's variables or of bash's start-up files,
 * a root's PATH, UTF-8, in `/`. Only builtins: each process here would be paid by every command.
 */
function prelude({ cwd, env }: Surroundings): string {
  const variables = { PATH: path, LANG: 'C.UTF-8', ...env }
  const assignments = Object.entries(variables).flatMap(([name, value]) => {
    if (value === undefined) return []
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new TypeError(`not a variable's name: ${JSON.stringify(name)}`)
    return [`${name}=${quotePosix(value)}`]
  })
  return [
    `echo "\x01$$" >&2`,
    `cd ${quotePosix(posix.resolve('/', cwd))} || exit`,
    'unset OLDPWD SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK SSH_PUBKEYINFO MAIL BASH_ENV ENV',
    `export ${assignments.join(' ')}`,
  ].join('; ')
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
