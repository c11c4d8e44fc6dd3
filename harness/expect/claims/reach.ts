import type { Frame } from '../../capture/frame.ts'
import type { HttpAnswer, Ping, TcpConnect } from '../../looks/reach.ts'
import type { Claim } from '../judge.ts'
import { inWords, type Pattern, shows } from '../shows.ts'
import { inLine } from './frames.ts'

/** What may be answered. */
export type Attempt = Ping | TcpConnect | HttpAnswer

/** Somebody answered: an echo reply, an accepted connection, an HTTP status. */
export function answer(): Claim<Attempt> {
  return {
    text: 'answer',
    check: seen => ({
      holds: 'connected' in seen ? seen.connected : 'headers' in seen ? seen.status !== undefined : seen.received > 0,
      saw: brief(seen),
    }),
  }
}

/** What a negative needs: a look taken while frames are captured, and the frame that proves that something was sent. */
export interface Witness {
  /** Runs `act` while it captures, and returns the frames: `act => look.capture(['br01'], { while: act })`. */
  capture(act: () => Promise<unknown>): Promise<Frame[]>
  /** What one of the frames must show: the packet that was to die was really sent. */
  frame: Pattern
}

/** One attempt that was watched. */
export interface Watched {
  attempt: Attempt
  frames: Frame[]
}

/** Nobody answered although the witness saw that it was asked. */
export function noAnswer(frame: Pattern): Claim<Watched> {
  return {
    text: `not answer, with ${inWords(frame)} as the witness that it was asked`,
    check({ attempt, frames }) {
      const answered = answer().check(attempt)
      if (answered.holds) return { ...answered, holds: false }
      const witness = frames.find(one => shows(one, frame))
      const witnessed = witness !== undefined
      const seen = (witnessed ? [witness] : frames).map(inLine).join(' | ') || 'no frames'
      return { holds: witnessed, saw: `${answered.saw}; ${witnessed ? 'the witness saw it' : 'NO WITNESS'}: ${seen}` }
    },
  }
}

function brief(seen: Attempt): string {
  if ('connected' in seen) return seen.connected ? 'connected' : (seen.error ?? 'not connected')
  if ('headers' in seen) {
    const { status, seenFrom, error } = seen
    return [status && `HTTP ${status}`, seenFrom && `seen from ${seenFrom.address}`, error].filter(Boolean).join(', ')
  }
  const { sent, received, replies, errors, stderr } = seen
  const first = replies[0]
  const said = first ? `from ${first.from}, ttl ${first.ttl}` : (errors[0]?.text ?? stderr)
  return `${received} of ${sent} answered${said ? `: ${said}` : ''}`
}
