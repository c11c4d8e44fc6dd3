import { qemu } from '../../../vm/providers/qemu.ts'
import { describeSegment } from './segment/wire.ts'

describeSegment(qemu)
