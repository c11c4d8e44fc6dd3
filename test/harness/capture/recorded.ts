import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from '../../../harness/capture/decode.ts'
import type { Frame } from '../../../harness/capture/frame.ts'
import { readPcap } from '../../../vm/pcap.ts'
import type { Suite } from '../../../vm/suite.ts'

/** A file that a suite's tcpdump saved (test/fixtures/record-looks.ts). */
export function pcapFile(suite: Suite, name: string): Buffer {
  return readFileSync(join(import.meta.dirname, '../../fixtures', suite, 'capture', `${name}.pcap`))
}

/** The frames in such a file. */
export function framesOf(suite: Suite, name: string): Frame[] {
  const { linkType, packets } = readPcap(pcapFile(suite, name))
  return packets.map(packet => decode(packet, linkType, 'br01'))
}
