/** The ways in which a lab is broken on purpose. */
export const operators = {
  'leave-out': 'a command is left out',
  address: 'an address is another',
  mask: 'a mask is another',
  port: 'a port is another',
  interface: 'an interface is another',
  order: 'a rule goes to the other end of its chain',
  sysctl: 'a sysctl is set to the opposite',
  'drop-rule': 'a rule that the engine made is taken away',
  'move-rule': 'a rule that the engine made goes to the other end of its chain',
  'flip-sysctl': 'a sysctl that the engine set is set back',
  'pull-port': 'a link that the engine attached to a bridge is taken out of it',
} as const

export type Operator = keyof typeof operators

/** One change that breaks a lab on purpose, as data: what is typed instead, or what is done to the machine. */
export interface Mutation {
  /** Unique within the lab: `5.2 mask`, the second command of step 5; `5.2 address 2` where there are several. */
  id: string
  operator: Operator
  /** The command that it is about; undefined: the machine as it comes up. */
  at: Spot | undefined
  /** What is done, in words: `without brctl addif br01 br-veth02`. */
  change: string
  act: Act
}

/** A command of a lab, however often the lab is run. */
export interface Spot {
  /** Number of the step, and of the command among those of the step, both from 1. */
  step: number
  command: number
  /** The machine's name where the lab has several. */
  machine: string | null
  /** The command with what differs from run to run put out of sight. */
  text: string
  /** Which of the step's commands with this text it is, from 1. */
  occurrence: number
  /** The lab's line: `labs/bridge-nat.ts:32`. */
  where: string
}

/** How a change is made. */
export type Act =
  /** The command is not run. */
  | { kind: 'leave-out' }
  /** A piece of the command is replaced, the nth that reads so, from 1. */
  | { kind: 'replace'; from: string; to: string; nth: number }
  /** A bash script is run once the command has ended, in its shell; `before` is run before the command. */
  | { kind: 'afterwards'; before: string; script: string }
  /** A POSIX sh script is run as root, on a machine by its name where the lab has several, before the first step. */
  | { kind: 'at-start'; machine: string | null; script: string }
