import { expect } from 'chai'
import type { Ended, LabProcess } from './private-host.ts'

/** Does `disturb` when `text` has been printed; resolves to the end, once the machine has been told to be gone. */
export async function disturbed(lab: LabProcess, text: string | RegExp, disturb: () => Promise<void>): Promise<Ended> {
  await lab.printed(text)
  await disturb()
  await lab.printed('MachineError: ')
  return await lab.ended
}

/** Sends a signal to each of these processes, of which there must be some. */
export const toEach = (signal: NodeJS.Signals, find: () => Promise<number[]>) => async () => {
  const numbers = await find()
  expect(numbers).not.to.deep.equal([])
  for (const number of numbers) process.kill(number, signal)
}
