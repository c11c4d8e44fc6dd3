import { parseAddress } from '../../vm/providers/ssh/address.ts'
import { prepareSsh } from '../../vm/providers/ssh/prepare.ts'
import { interruptible } from './interrupt.ts'

/** Prepares a machine of the user's for labs, and says what it does there; resolves to 0. @throws HostError */
export async function prepare(url: string, { disposable }: { disposable: boolean }): Promise<number> {
  const address = parseAddress(url)
  using interrupt = interruptible(() => {}, { keep: true })
  const report = (line: string) => void process.stdout.write(`${line}\n`)
  try {
    await prepareSsh(address, { disposable, report, signal: interrupt.signal })
  } catch (error) {
    if (interrupt.signal.aborted) return 130
    throw error
  }
  report(`Labs can run there: npm run lab NAME -- --on ${url}`)
  return 0
}
