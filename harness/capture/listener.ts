import type { Machine } from '../../vm/machine.ts'
import { type Packet, pcapReader } from '../../vm/pcap.ts'
import { enter, type ResolvedPlace } from '../looks/place.ts'
import { LookError } from '../looks/probe.ts'
import { quote } from '../looks/quote.ts'
import { decode } from './decode.ts'
import type { Frame } from './frame.ts'

/** One interface to listen at, by the name that its frames shall carry. */
export interface ListeningPoint {
  at: string
  on: string
  place: ResolvedPlace
  filter: string
}

/** A tcpdump that listens. */
export interface Listener {
  at: string
  /** In the guest. */
  pid: number
  /** What came so far, in order; `time` is in ns. */
  readonly caught: ReadonlyArray<{ time: bigint; frame: Frame }>
  /** Resolves when tcpdump has ended and all that it wrote is in `caught`; rejects when it ended for another reason than SIGINT or lost frames. */
  ended: Promise<void>
}

/** Starts tcpdump at a point and resolves once it listens: whatever passes from then on is caught. `onFrames` is told of news. */
export async function listen(machine: Machine, point: ListeningPoint, onFrames: () => void): Promise<Listener> {
  const { at, on, place, filter } = point
  const caught: Array<{ time: bigint; frame: Frame }> = []
  const reader = pcapReader()
  const tcpdump = machine.$({ quiet: true, nothrow: true, verbose: false })`sh -c ${tcpdumpScript(on, place, filter)}`
  tcpdump.stdin.end()
  let unreadable: unknown
  tcpdump.stdout.on('data', (piece: Buffer) => {
    try {
      const packets = reader.push(piece)
      for (const packet of packets) caught.push({ time: packet.time, frame: toFrame(packet, reader.linkType, at) })
      if (packets.length > 0) onFrames()
    } catch (error) {
      unreadable ??= error
    }
  })

  let said = ''
  const end = async () => {
    await tcpdump
    if (unreadable) throw new LookError(`capture at ${at}: ${unreadable}`, { cause: unreadable })
    // tcpdump's last words are its counts; without them something else ended it.
    const dropped = /^(\d+) packets? dropped by kernel$/m.exec(said)?.[1]
    if (dropped === undefined) throw new LookError(`capture at ${at}: ${complaint(said)}`)
    if (dropped !== '0')
      throw new LookError(
        `capture at ${at}: the kernel dropped ${dropped} frames, so what was not seen may have passed`,
      )
  }
  const ended = end()
  // Whoever stops the capture awaits `ended`; until then a rejection is nobody's fault.
  ended.catch(() => {})

  const pid = await new Promise<number>((resolve, reject) => {
    tcpdump.stderr.on('data', (piece: Buffer) => {
      said += piece
      if (/^(?:tcpdump: )?listening on /m.test(said)) resolve(Number(/^vethlab-pid (\d+)$/m.exec(said)?.[1]))
    })
    ended.then(() => reject(new LookError(`capture at ${at}: ${complaint(said)}`)), reject)
  })
  return { at, pid, caught, ended }
}

/**
 * Ends listeners, having made sure that they read all that has passed. tcpdump forgets what it has not read when it is
 * told to end, so each is waited for until it sleeps in poll(2), which it does only when nothing is left to read
 * (and not in write(2), which it does when the way to us is full).
 */
export async function stop(machine: Machine, listeners: Listener[]): Promise<void> {
  const { stdout } = await machine.exec(stopScript(listeners.map(({ pid }) => pid)))
  const outcomes = await Promise.allSettled(listeners.map(({ ended }) => ended))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  const behind = listeners.find(({ pid }) => stdout.split('\n').includes(`behind ${pid}`))
  if (behind)
    throw new LookError(`capture at ${behind.at}: tcpdump was still behind after ${catchUpS} s, so frames are missing`)
}

const catchUpS = 10

/** Builtins only, at first: mostly nothing is left to read, and a process costs more than the look. */
function stopScript(pids: number[]): string {
  return `for p in ${pids.join(' ')}; do
  read -r start _ </proc/uptime
  spins=0
  while read -r _ _ state _ <"/proc/$p/stat"; do
    if [ "$state" = S ]; then
      # "0" where the kernel does not tell.
      read -r where <"/proc/$p/wchan"
      case $where in *poll* | 0) break ;; esac
    fi
    read -r now _ </proc/uptime
    [ $((\${now%.*} - \${start%.*})) -lt ${catchUpS} ] || { echo "behind $p"; break; }
    spins=$((spins + 1))
    [ $spins -lt 50 ] || sleep 0.02
  done
  kill -INT "$p"
done 2>/dev/null`
}

function tcpdumpScript(on: string, place: ResolvedPlace, filter: string): string {
  // -U and --immediate-mode: each frame at once, by itself. Nanoseconds, since they order what several points saw. -s: every
  // header fits, and the kernel's ring has slots for hundreds of frames instead of dozens. -Z root: the unprivileged user
  // that tcpdump would become need not exist here.
  const tcpdump = `tcpdump -i ${quote(on)} -n -U --immediate-mode --time-stamp-precision=nano -s 2048 -Z root -w - -- ${quote(filter)}`
  return `echo vethlab-pid $$ >&2
${enter(place)} ${tcpdump}`
}

function toFrame(packet: Packet, linkType: number | undefined, at: string): Frame {
  return decode(packet, linkType ?? 0, at)
}

/** What tcpdump said, without its greeting. */
function complaint(said: string): string {
  const lines = said.split('\n').map(line => line.replace(/^(?:tcpdump|vethlab-place): /, ''))
  return (
    lines.filter(line => line !== '' && !/^(?:vethlab-pid|listening on|data link type) ?/.test(line)).join('; ') ||
    'tcpdump ended and said nothing'
  )
}
