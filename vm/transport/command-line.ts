import { posix } from 'node:path'

/** What a command runs in: the guest's folder, and variables beside those that every command gets. */
export interface Surroundings {
  cwd: string
  env: Record<string, string | undefined>
}

/** The line with which the guest's login shell becomes `shell` and runs the command. */
export function shellLine(command: string, shell: string, surroundings: Surroundings): string {
  // bash whose stdin is a socket takes itself for a remote login's and reads ~/.bashrc, even with -c.
  const options = posix.basename(shell) === 'bash' ? ' --norc' : ''
  return `${prelude(surroundings)} && exec ${quotePosix(shell)}${options} -c ${quotePosix(command)}`
}

/** The line that runs a POSIX sh script: in the login shell itself, as another would cost a process, if that one is able to. */
export function scriptLine(script: string, loginShellIsPosix: boolean): string {
  const lines = `${prelude({ cwd: '/', env: {} })}\n${script}`
  return loginShellIsPosix ? lines : `exec /bin/sh -c ${quotePosix(lines)}`
}

/** A line of POSIX sh for whatever shell the user has. */
export function forLoginShell(line: string, loginShellIsPosix: boolean): string {
  return loginShellIsPosix ? line : `exec /bin/sh -c ${quotePosix(line)}`
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
    `echo "\x01$$" >&2; cd ${quotePosix(posix.resolve('/', cwd))}`,
    'unset OLDPWD SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK MAIL BASH_ENV ENV',
    `export ${assignments.join(' ')}`,
  ].join(' && ')
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
