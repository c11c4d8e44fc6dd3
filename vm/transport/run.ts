import type { Finished } from '../machine.ts'
import { type LoginShell, scriptLine } from './command-line.ts'
import { type Host, RemoteChild } from './remote-child.ts'

/**
 * Runs one POSIX sh script in one round trip and collects what it printed. Rejects with a MachineError when the
 * machine is lost in mid-command, and with the signal's reason after it has killed what it started.
 */
export async function runScript(
  host: Host,
  loginShell: LoginShell,
  script: string,
  { signal, input }: { signal?: AbortSignal; input?: string } = {},
): Promise<Finished> {
  signal?.throwIfAborted()
  const line = scriptLine(script, loginShell)
  const child = new RemoteChild(host, { line, signal, keepStdin: () => false })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  let failure: unknown
  child.on('error', error => {
    failure = error
  })
  child.stdin.end(input)
  await new Promise(resolve => child.once('close', resolve))
  if (signal?.aborted) throw signal.reason
  if (failure) throw failure
  return {
    exitCode: child.exitCode,
    signal: child.signalCode,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  }
}
