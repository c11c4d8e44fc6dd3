import type { Machine, Provider } from './machine.ts'

/** A frame that a machine has sent into a segment. */
export interface SegmentFrame {
  /** The host name of the machine that sent it. */
  from: string
  /** Nanoseconds since 1970, by the host's clock. */
  time: bigint
  /** Octets on the wire; `bytes` may be fewer. */
  length: number
  /** From the Ethernet header on. */
  bytes: Uint8Array
}

export type OnFrame = (frame: SegmentFrame) => void

/** One machine's plug in a segment. */
export interface Plug {
  machine: Machine
  /** The machine's host name; names the plug as well. */
  name: string
  /** The MAC address that the machine's link gets. */
  mac: string
  /** Counts the machine's plugs, from 1 to 15: its link is called `eth1` and so on. The name must be free there. */
  number: number
}

/** The name of a plug's link in its machine. */
export function linkName({ number }: Pick<Plug, 'number'>): string {
  return `eth${number}`
}

/**
 * A private wire that joins machines, and nothing else: what one of them sends, each of the others hears. Disposing it
 * ends it; before that, and after, the machines' own networks are as they were.
 */
export interface Segment extends AsyncDisposable {
  /** Takes a machine's link off the wire: neither side hears the other, and the machine sees that the carrier is gone. */
  cut(name: string): Promise<void>
  /** Puts a cut link back. */
  restore(name: string): Promise<void>
  /**
   * Tells each frame that a machine sends from now on, those of one machine in order; resolves once nothing will be missed. What it
   * returns ends it, and resolves when all that was sent before has been told.
   */
  listen(onFrame: OnFrame): Promise<() => Promise<void>>
  /** Aborts when the segment is lost before it was disposed; `reason` is a MachineError. */
  readonly lost: AbortSignal
  /** What becomes of it between kept machines when it is disposed, for people. */
  readonly kept: string
}

/** What is to be joined. */
export interface JoinRequest {
  /** For people. */
  name: string
  plugs: readonly Plug[]
  /** The machines outlive this process. */
  keep: boolean
}

/** A provider whose machines can be joined. */
export interface Joiner extends Provider {
  /**
   * Joins machines of this provider, once they are up, by a new segment. Each gets a link with the name and the MAC
   * address that its plug says, without any IP address, switched off.
   */
  join(request: JoinRequest): Promise<Segment>
}

/** Whether a provider's machines can be joined. */
export function canJoin(provider: Provider): provider is Joiner {
  return 'join' in provider
}
