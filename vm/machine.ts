import type { Shell } from 'zx'
import type { Backend } from './backend.ts'
import type { Suite } from './suite.ts'
import type { GuestShell, TerminalRequest } from './transport/terminal.ts'

export type ProviderName = 'qemu' | 'sandbox' | 'vagrant' | 'ssh'

/** What a lab asks of the machine that it will run in. */
export interface MachineRequest {
  /** What people call the machine: the lab's name. */
  label: string
  suite: Suite
  /** What iptables is there, before the engine starts. Default `nft`. */
  backend?: Backend | undefined
  /** Its host name, by which a lab of several machines calls it. Default `guest`. */
  hostname?: string | undefined
  /** true: a Docker engine that answers, its images loaded. false: a machine on which no engine has ever run. */
  engine: boolean
  /** true: the machine outlives this process; whoever asked for it says how to enter and how to remove it. */
  keep: boolean
  /** true: boots, where the machine would else be cloned from one that is up already. */
  cold?: boolean
  /** Told in one line, for people, what takes time: an image being built, a kernel booting. */
  report(line: string): void
  /** Aborts the start; the machine, if any, goes. */
  signal: AbortSignal
}

/** Says how a kept machine is entered and removed: each a command to paste into the host's shell. */
export interface Entry {
  /** What it is called among the machines of this host; undefined for one that is none of ours. */
  name: string | undefined
  enter: string
  remove: string
}

/** What a finished command left: bytes as UTF-8 text, exit code null when a signal ended it. */
export interface Finished {
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
}

/**
 * A running, disposable, privileged machine. It exists only booted; disposing it ends it and everything in it
 * (a kept machine, and somebody's own host reached by ssh, are only let go of).
 */
export interface Machine extends AsyncDisposable {
  /** For people: `sandbox:trixie`, `qemu:trixie/alpha` for one of several, `ssh:root@192.0.2.7`. */
  readonly name: string
  readonly provider: ProviderName
  /** How fast the guest runs: `kvm` and `host` natively, `tcg` emulated. */
  readonly accelerator: 'kvm' | 'tcg' | 'host'
  /** The suite of the image that runs here; undefined on a host that is not ours. */
  readonly suite: Suite | undefined
  /** What a time limit is multiplied by: 1 where the guest runs natively, more under emulation. */
  readonly slowness: number
  /** zx's `$`, bound to the guest: root, bash, cwd `/`, an environment that holds nothing of the host's. */
  readonly $: Shell
  /** Runs one POSIX sh script in the guest in one round trip; resolves whatever its exit code. */
  exec(script: string, options?: { signal?: AbortSignal; input?: string }): Promise<Finished>
  /** Opens a login shell for people, on a terminal of the guest's if one is asked for. */
  openShell(terminal: TerminalRequest | undefined): Promise<GuestShell>
  /** Path of a unix socket on this host that reaches the guest's `/run/docker.sock`. */
  readonly dockerSocket: string
  /** Aborts when the machine is lost (killed, frozen, connection gone) before it was disposed; `reason` is a MachineError. */
  readonly lost: AbortSignal
  /** How to enter and remove the machine, for a machine that was asked to be kept. */
  readonly entry: Entry
}

/** A machine's name for people, where it is made from a suite's image. */
export function machineName(provider: ProviderName, { suite, hostname }: MachineRequest): string {
  return `${provider}:${suite}${hostname === undefined ? '' : `/${hostname}`}`
}

/** A machine that stays when the lab is over, as it is somebody's own: what a lab did there is undone whatever ends the run. */
export interface LentMachine extends Machine {
  /** Notes there, for whoever comes after a run that is cut off, how it differs from what it was; as long as it does, it refuses further labs. */
  note(state: LentState): void
}

export interface LentState {
  /** What is still to be undone: bash commands, in the order in which they are to be run. */
  undo: string[]
  /** What differs from before the lab, as lines of the residue check. */
  left: string[]
}

export function isLent(machine: Machine): machine is LentMachine {
  return 'note' in machine
}

/** One finding about this host: something that a provider needs, whether it is there, and the remedy if it is not. */
export interface Finding {
  need: string
  ok: boolean
  /** true for what makes a provider faster or handier and isn't needed to run. */
  optional?: boolean
  /** What was seen, e.g. a version, a path, an error. */
  saw: string
  /** A command or sentence that mends it; empty when ok. */
  mend: string
}

/** A way to get a machine. `check` looks at the host and changes nothing. */
export interface Provider {
  readonly name: ProviderName
  check(): Promise<Finding[]>
  start(request: MachineRequest): Promise<Machine>
}
