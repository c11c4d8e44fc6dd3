import { HostError } from '../../errors.ts'
import type { Finding } from '../../machine.ts'
import { type Address, formatAddress } from './address.ts'
import { dial } from './dial.ts'
import { findIdentities } from './identities.ts'
import { knownHostKeys } from './known-hosts.ts'
import { logIn } from './login.ts'
import { readSurvey, refusal, surveyScript } from './survey.ts'

const checkMs = 30_000

/** Looks how far one gets with a named machine: each finding builds on those before it, so the first lack is the last finding. */
export async function checkSsh(address: Address, { disposable }: { disposable: boolean }): Promise<Finding[]> {
  const signal = AbortSignal.timeout(checkMs)
  const name = formatAddress(address)
  const steps: [need: string, look: () => Promise<string>][] = [
    ['a key to log in with', async () => (await findIdentities()).from.join(', ')],
    [`the host key of ${name}`, async () => `${(await knownHostKeys(address)).split('\n').length} known`],
    [
      `a way to ${name}`,
      async () => {
        const socket = await dial(address, signal)
        socket.destroy()
        return `port ${address.port} is open`
      },
    ],
    [
      `a login at ${name}, a machine that labs may change`,
      async () => {
        await using connection = await logIn(address, signal)
        const survey = readSurvey((await connection.exec(surveyScript, { signal })).stdout)
        const refused = refusal({ ...survey, disposable: survey.disposable || disposable }, address, {
          engine: survey.engine !== '',
        })
        if (refused) throw refused
        return survey.engine === '' ? 'no engine' : `Docker ${survey.engine}`
      },
    ],
  ]
  const findings: Finding[] = []
  for (const [need, look] of steps) {
    const finding = await look().then(
      saw => ({ need, ok: true, saw, mend: '' }),
      error => {
        if (error instanceof HostError) return { need, ok: false, saw: error.message, mend: error.mend }
        throw error
      },
    )
    findings.push(finding)
    if (!finding.ok) break
  }
  return findings
}
