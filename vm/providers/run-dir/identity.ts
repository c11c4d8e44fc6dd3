import { readFileSync, readlinkSync } from 'node:fs'
import { HostError } from '../../errors.ts'

/** A process, told from every other that has had or will have its number: by when it started, in ticks since the boot. */
export interface Identity {
  pid: number
  start: number
}

/** Where a process number means something: one boot of one host, one PID namespace. */
export interface Realm {
  boot: string
  pidNamespace: string
}

/** Whether a process lives; `unknown` when its number is of a PID namespace into which this process can't look. */
export type Life = 'alive' | 'gone' | 'unknown'

/** The identity of a live process; undefined when there is none, or only a zombie. */
export function identify(pid: number | 'self'): Identity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command's name in parentheses, which may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X'
      ? undefined
      : { pid: Number.parseInt(stat, 10), start: Number(fields[19]) }
  } catch {
    return undefined
  }
}

/** This process, and where its number counts. @throws HostError where /proc does not show it */
export function identifySelf(): Identity & Realm {
  const self = identify('self')
  // In a new PID namespace with the old one's /proc, numbers there mean other processes.
  if (!self || self.pid !== process.pid) {
    throw new HostError('/proc shows the processes of another PID namespace', {
      mend: 'mount it anew: mount -t proc proc /proc (unshare --mount-proc does)',
    })
  }
  return { ...self, ...thisRealm() }
}

/** Whether the process lives that had this identity there. */
export function lifeOf({ pid, start, boot, pidNamespace }: Identity & Realm): Life {
  const here = thisRealm()
  // A boot ends all processes; a clock that is set does not touch these numbers.
  if (boot !== here.boot) return 'gone'
  if (pidNamespace !== here.pidNamespace) return 'unknown'
  return identify(pid)?.start === start ? 'alive' : 'gone'
}

/** How long a process has been there, in seconds. */
export function ageOf({ start }: Identity): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) - start / ticksPerSecond
}

/** What Linux tells programs, whatever it uses itself. */
const ticksPerSecond = 100

let realm: Realm | undefined

function thisRealm(): Realm {
  realm ??= {
    // Both short, as they go into the path of a unix socket, which has at most 107 bytes.
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replaceAll('-', '').slice(0, 8),
    pidNamespace: Number(readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')).toString(36),
  }
  return realm
}
