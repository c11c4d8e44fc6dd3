import type { Segment, SegmentFrame } from '../../vm/segment.ts'
import { decode, ethernetLinkType } from './decode.ts'
import type { Frame } from './frame.ts'
import { type WatchOptions, watch } from './watch.ts'

/**
 * Captures on a segment while something happens; resolves to what the machines sent, by time, each frame with the machine that it
 * is `from` and `at` the segment's name.
 */
export async function captureSegment(
  segment: Segment,
  options: WatchOptions,
  { at, slowness, lost }: { at: string; slowness: number; lost: AbortSignal[] },
): Promise<Frame[]> {
  const caught: { time: bigint; frame: Frame }[] = []
  const soFar = () =>
    caught.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).map(({ frame }) => frame)
  const watching = watch(options, { soFar, slowness, lost })
  const stop = await segment.listen(seen => {
    caught.push({ time: seen.time, frame: readFrame(seen, at) })
    watching.news()
  })
  try {
    await watching.done()
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
  await stop()
  return soFar()
}

function readFrame({ from, ...packet }: SegmentFrame, at: string): Frame {
  const { at: place, ...frame } = decode(packet, ethernetLinkType, at)
  return { at: place, from, ...frame }
}
