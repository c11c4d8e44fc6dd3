import { parseArgs } from 'node:util'
import { requireQemu } from '../vm/providers/qemu/check.ts'
import { probeBoot } from '../vm/providers/qemu/probe.ts'
import { defaultSuite } from '../vm/suite.ts'
import { median, seconds } from './parts/measure.ts'
import { accelerator, image, start } from './parts/virtual-machine.ts'

/*
 * `node bench/boot.ts [--rounds 3]`: a virtual machine that boots (`--cold`), from nothing to its first command, against
 * the floor below which it cannot come: QEMU booting the same kernel, on the same CPU, to its first process. In turns, so
 * that a noisy host disturbs both alike; medians in seconds. No goal: most machines are clones.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const signal = new AbortController().signal

async function bare(): Promise<number> {
  const { kernel, initrd } = image
  const probe = { program: requireQemu(), accelerator, kernel, initrd, limitMs: 120_000, signal }
  const { up, ms, saw } = await probeBoot(probe)
  if (!up) throw new Error(saw)
  return ms / 1000
}

async function machine(): Promise<void> {
  await using booted = await start({ engine: false, cold: true })
  await booted.$`true`
}

const floor: number[] = []
const whole: number[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  floor.push(await bare())
  whole.push(await seconds(machine))
}
const [ours, theirs] = [median(whole), median(floor)]
console.log(`machine to first command  ${ours.toFixed(2)} s (${defaultSuite}, ${accelerator})`)
console.log(`bare kernel               ${theirs.toFixed(2)} s`)
console.log(`ratio                     ${(ours / theirs).toFixed(2)}`)
