import { pathToFileURL } from 'node:url'
import { Client } from 'ssh2'
import { $ as local } from 'zx/core'
import { connectToSshd, startSshd } from '../test/vm/transport/sshd.ts'

/** What a command costs over the transport: medians in milliseconds, and the goal's ratio. */
export interface TransportFigures {
  /** zx's `$` bound to the guest. */
  shell: number
  /** The raw runner. */
  exec: number
  /** ssh2's own exec, on an equal sshd. */
  bare: number
  /** zx's `$` on this host, for comparison. */
  local: number
  ratio: number
}

/** Runs `true` in turns, so that a noisy host disturbs all of them alike. */
export async function measureTransport(rounds: number): Promise<TransportFigures> {
  await using ours = await connectToSshd()
  await using sshd = await startSshd()
  const client = await connectBare(sshd)
  const { $, exec } = ours.connection
  const samples: Record<'shell' | 'exec' | 'bare' | 'local', number[]> = { shell: [], exec: [], bare: [], local: [] }
  const time = async (into: number[], run: () => Promise<unknown>) => {
    const start = performance.now()
    await run()
    into.push(performance.now() - start)
  }
  for (let round = -10; round < rounds; round++) {
    if (round === 0) for (const list of Object.values(samples)) list.length = 0
    await time(samples.shell, () => $`true`)
    await time(samples.bare, () => execBare(client, 'true'))
    await time(samples.exec, () => exec('true'))
    await time(samples.local, () => local`true`)
  }
  client.end()
  const [shell, exec_, bare, local_] = [samples.shell, samples.exec, samples.bare, samples.local].map(median)
  if (shell === undefined || exec_ === undefined || bare === undefined || local_ === undefined)
    throw new Error('no samples')
  return { shell, exec: exec_, bare, local: local_, ratio: shell / bare }
}

/** A connection as well set up as ours: without NoDelay, and a first exec, each command would take 40 ms more. */
async function connectBare({ sock, login }: Awaited<ReturnType<typeof startSshd>>): Promise<Client> {
  const client = new Client()
  const ready = new Promise((resolve, reject) => client.on('ready', () => resolve(undefined)).on('error', reject))
  client.connect({ sock, username: login.username, privateKey: login.privateKey })
  await ready
  client.setNoDelay(true)
  await execBare(client, 'true')
  return client
}

function execBare(client: Client, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error)
      channel.on('close', () => resolve()).resume()
      channel.stderr.resume()
    })
  })
}

function median(values: number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

const goal = 1.8
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { shell, exec, bare, local, ratio } = await measureTransport(200)
  const ms = (value: number) => `${value.toFixed(2)} ms`
  process.stdout.write(
    `\`true\`, median of 200: $ ${ms(shell)}, exec ${ms(exec)}, bare ssh2 exec ${ms(bare)}, local zx ${ms(local)}\n` +
      `$ is ${ratio.toFixed(2)} times a bare ssh2 exec (goal: at most ${goal})\n`,
  )
  if (ratio > goal) process.exitCode = 1
}
