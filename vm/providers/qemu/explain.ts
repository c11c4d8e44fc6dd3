import { MachineError } from '../../errors.ts'
import { readLastWords } from './last-words.ts'
import type { QemuEnd } from './process.ts'

/** QEMU has ended, unasked. */
export class EndedByItself extends MachineError {
  readonly end: QemuEnd

  constructor(name: string, end: QemuEnd) {
    const { exitCode, signal, lastWords } = end
    const how = signal ? `QEMU was killed by ${signal}` : `QEMU ended with exit code ${exitCode}`
    super(`${name} ended by itself: ${how}${lastWords && `\n${lastWords}`}`, {
      mend: signal === 'SIGKILL' ? 'look into `dmesg` for what killed it, e.g. a lack of memory' : 'run it again',
    })
    this.end = end
  }
}

/** Why a machine that has not ended did not come up, with what it said last. `late` has aborted when its time was over. */
export async function explainFailure(
  error: unknown,
  { name, late, logs }: { name: string; late: AbortSignal; logs: string[] },
): Promise<unknown> {
  const whole = late.aborted ? tooLate(name) : error
  if (!(whole instanceof MachineError)) return error
  const said = await readLastWords(...logs)
  return new MachineError(`${whole.message}\nits last words: ${said || 'none'}`, {
    mend: whole.mend,
    cause: error,
  })
}

function tooLate(name: string): MachineError {
  return new MachineError(`${name} was not ready in time`, { mend: 'run it again when this host is less busy' })
}
