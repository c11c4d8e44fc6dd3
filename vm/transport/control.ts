import type { ClientChannel } from 'ssh2'
import { type LoginShell, quotePosix } from './command-line.ts'
import { LoginFailure } from './login-failure.ts'
import type { OpenSession } from './sessions.ts'

/** A shell that stays open in the guest, to send signals from: a session of its own for each could be refused. */
export interface Control {
  /** What the login shell is. Rejects with a LoginFailure when it runs no commands. */
  loginShell(): Promise<LoginShell>
  /** Sends a signal (`TERM`) to a process group and to what its leader started outside it. */
  signal(name: string, pid: number): void
}

/** Makes the control shell of a connection; its session is opened when it is first of use. */
export function controlShell(open: OpenSession): Control {
  let session: Promise<Session> | undefined
  const opened = () => (session ??= openControl(open))
  return {
    loginShell: async () => (await opened()).loginShell,
    signal: (name, pid) => {
      opened().then(
        ({ channel }) => channel.writable && channel.write(`${name} ${pid}\n`),
        () => {}, // The connection is lost, and every command with it.
      )
    },
  }
}

interface Session {
  channel: ClientChannel
  loginShell: LoginShell
}

/**
 * Opens the session. On a host that is asked for its login shell it is the connection's first, at which sshd sets
 * TCP_NODELAY, and the proof that commands run at all. Rejects with a LoginFailure.
 */
async function openControl(open: OpenSession): Promise<Session> {
  const channel = await new Promise<ClientChannel>((opened, failed) => {
    open(`exec /bin/sh -c ${quotePosix(script)}`, { opened, failed })
  })
  channel.on('error', () => {})
  const [shell = '', level = '', startUp = ''] = (await readGreeting(channel)).split(' ')
  channel.resume()
  channel.stderr.resume()
  return {
    channel,
    loginShell: {
      posix: /\/(sh|dash|ash|bash)$/.test(shell),
      // A login's bash reads ~/.bashrc, if there is one, unless the server's settings say `SHLVL=1`.
      cleanBash: shell.endsWith('/bash') && (Number(level) > 0 || startUp === 'none'),
    },
  }
}

/**
 * A group's leader may have children in groups of their own (`timeout` makes one), which would live on and hold the
 * output open: they are looked up before the first signal makes orphans of them. At a server that makes no group for a
 * command, as dropbear, all that it has started is found in this way.
 */
const script = `
strays() {
  for child in $(cat /proc/$1/task/*/children); do
    (read -r stat < /proc/$child/stat; set -- \${stat##*) }; [ "$3" = "$pid" ] || echo $child)
    strays $child
  done
}
[ -e ~/.bashrc ] && start_up=~/.bashrc || start_up=none
echo "\x01$SHELL \${SHLVL:-0} $start_up"
exec 2>/dev/null
while read -r signal pid; do
  found=$(strays $pid)
  kill -s $signal -- -$pid || kill -s $signal $pid
  for stray in $found; do kill -s $signal $stray; done
done`

/** Reads the line about the login shell. Whatever else is printed would be in each command's output too. */
async function readGreeting(channel: ClientChannel): Promise<string> {
  let greeting = ''
  let complaint = ''
  channel.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const read = (chunk: Buffer) => {
    greeting += chunk.toString()
    const found = /^(.*?)\x01(.*)\n/s.exec(greeting)
    if (!found) return
    if (found[1])
      reject(new LoginFailure('handshake', `has a login shell that prints ${JSON.stringify(found[1])} by itself`))
    else resolve(found[2] ?? '')
  }
  const ended = () => {
    const saw = `${complaint}${greeting}`.trim() || 'nothing'
    reject(new LoginFailure('handshake', `runs no commands: its login shell ended after it had printed: ${saw}`))
  }
  channel.on('data', read).on('close', ended)
  try {
    return await promise
  } finally {
    channel.off('data', read).off('close', ended)
  }
}
