import { parseArgs } from 'node:util'
import { ensureImage } from '../vm/image/image.ts'
import { decideKvm } from '../vm/providers/kvm.ts'
import { requireQemu } from '../vm/providers/qemu/check.ts'
import { probeBoot } from '../vm/providers/qemu/probe.ts'
import { startVirtualMachine } from '../vm/providers/qemu/start.ts'
import { defaultSuite } from '../vm/suite.ts'

/*
 * `node bench/boot.ts [--rounds 3]`: a virtual machine from nothing to its first command, against the floor below which
 * it cannot come: QEMU booting the same kernel, on the same CPU, to its first process. In turns, so that a noisy host
 * disturbs both alike; medians in seconds. No goal yet: machines are booted anew until there are templates.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const signal = new AbortController().signal
const options = { report: (line: string) => console.error(line), signal }
const program = requireQemu()
const image = await ensureImage(defaultSuite, options)
const kvm = await decideKvm(async () => image, options)
const accelerator = kvm.works ? 'kvm' : 'tcg'

async function bare(): Promise<number> {
  const { kernel, initrd } = image
  const { up, ms, saw } = await probeBoot({ program, accelerator, kernel, initrd, limitMs: 120_000, signal })
  if (!up) throw new Error(saw)
  return ms / 1000
}

async function machine(): Promise<number> {
  const started = performance.now()
  const kind = { label: 'bench', suite: defaultSuite, engine: false, keep: false, accelerator } as const
  await using booted = await startVirtualMachine({ ...options, ...kind, name: 'qemu:bench', program, image })
  await booted.$`true`
  return (performance.now() - started) / 1000
}

const floor: number[] = []
const whole: number[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  floor.push(await bare())
  whole.push(await machine())
}
const [ours, theirs] = [median(whole), median(floor)]
console.log(`machine to first command  ${ours.toFixed(2)} s (${defaultSuite}, ${accelerator})`)
console.log(`bare kernel               ${theirs.toFixed(2)} s`)
console.log(`ratio                     ${(ours / theirs).toFixed(2)}`)

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
