import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { HostError } from '../../errors.ts'
import { containerTrees } from '../../image/containers.ts'
import { ensureImage } from '../../image/image.ts'
import type { MachineRequest } from '../../machine.ts'
import { defaultSuite } from '../../suite.ts'
import type { Connection } from '../../transport/connect.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'
import { logIn } from './login.ts'
import { barred, imagesLacking, packagesOf, readSurvey, refusal, type Survey, surveyScript } from './survey.ts'

export interface PrepareOptions extends Pick<MachineRequest, 'report' | 'signal'> {
  /** Its owner has said that it may be changed. */
  disposable: boolean
}

/**
 * Gives a machine of the user's what labs expect and it lacks: programs, `outside` with its uplink, and where an engine answers
 * the container images. Rejects with a HostError where that can't be, or when it still lacks something.
 */
export async function prepareSsh(address: Address, { disposable, report, signal }: PrepareOptions): Promise<void> {
  await using connection = await logIn(address, signal)
  const look = async (): Promise<Survey> => {
    const survey = readSurvey((await connection.exec(surveyScript, { signal })).stdout)
    return { ...survey, disposable: survey.disposable || disposable }
  }
  const run = async (script: string, input?: string) => {
    const { exitCode, stderr } = await connection.exec(script, { signal, ...(input !== undefined && { input }) })
    if (exitCode === 0) return
    throw new HostError(
      `${formatAddress(address)} can't be prepared: ${stderr.trim().split('\n').slice(-4).join('\n')}`,
      {
        mend: `mend it there: ${sshCommand(address)}`,
      },
    )
  }

  const before = await look()
  const bar = barred(before, address)
  if (bar) throw bar
  if (before.missing.length > 0) {
    const packages = packagesOf(before.missing).join(' ')
    report(`installing ${packages}`)
    const apt = 'DEBIAN_FRONTEND=noninteractive apt-get -q -y'
    await run(`${apt} update >&2; ${apt} install --no-install-recommends ${packages}`)
  }
  if (before.outside === '') {
    report('making outside, and eth0, the uplink to it')
    await run('sh -s', await readFile(join(import.meta.dirname, '../../guest/network'), 'utf8'))
  }
  if (before.engine !== '' && imagesLacking(before).length > 0) await loadImages(connection, { report, signal })

  const after = await look()
  const refused = refusal(after, address, { engine: after.engine !== '' })
  if (refused) throw refused
}

/** As no lab asks a registry, they come out of the image that machines of ours run. */
async function loadImages(connection: Connection, options: Pick<MachineRequest, 'report' | 'signal'>): Promise<void> {
  const { rootfs } = await ensureImage(defaultSuite, options)
  for (const { name } of containerTrees(defaultSuite)) {
    options.report(`loading the container images of ${name}`)
    const archive = execa('unsquashfs', ['-cat', rootfs, `usr/share/vethlab/images/${name}.tar`], {
      encoding: 'buffer',
      buffer: false,
      cancelSignal: options.signal,
    })
    const load = connection.$({ stdio: 'pipe', signal: options.signal })`docker -H unix:///run/docker.sock load`
    archive.stdout.pipe(load.stdin)
    await Promise.all([archive, load])
  }
}
