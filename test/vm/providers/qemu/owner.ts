import { ensureImage } from '../../../../vm/image/image.ts'
import { qemuProgram } from '../../../../vm/providers/qemu/argv.ts'
import { startVirtualMachine } from '../../../../vm/providers/qemu/start.ts'
import { defaultSuite } from '../../../../vm/suite.ts'

// A process of its own for a test to kill: it starts a machine, emulated, and waits.
const options = { report: () => {}, signal: new AbortController().signal }
const image = await ensureImage(defaultSuite, options)
const program = qemuProgram(process.arch) ?? ''
const kind = { label: 'test', suite: defaultSuite, engine: false, keep: false, accelerator: 'tcg' as const }
await startVirtualMachine({ ...options, ...kind, name: 'qemu:owned', program, image })
